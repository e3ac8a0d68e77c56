import { type Chance, chance } from './chance.ts'

const vocabularySize = 20_000
const starts = 'b c d f g h k l m n p r s t v w z br cl dr fl gr pl st tr sp'.split(' ')
const vowels = 'a e i o u ai ea ou'.split(' ')

/** Pronounceable words, all different, the same at every run; the first ones are those that many packages share. */
export const vocabulary: readonly string[] = makeVocabulary()

function makeVocabulary(): string[] {
  const draw = chance(20_261_121)
  const words = new Set<string>()
  while (words.size < vocabularySize) words.add(makeWord(draw))
  return [...words]
}

function makeWord(draw: Chance): string {
  const syllables = 2 + draw.below(2)
  let word = ''
  for (let i = 0; i < syllables; i++) word += `${starts[draw.below(starts.length)]}${vowels[draw.below(vowels.length)]}`
  return word
}

/** A word, the frequent ones far more often than the rare. */
export function drawWord(draw: Chance): string {
  return vocabulary[draw.skewed(vocabularySize)] ?? ''
}

/** So many words, perhaps one twice. */
export function drawWords(draw: Chance, count: number): string[] {
  return Array.from({ length: count }, () => drawWord(draw))
}
