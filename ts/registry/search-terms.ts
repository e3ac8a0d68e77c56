import type { PackageDocument } from '../metadata/schema.ts'

/** Lower is better; see PostingDocument. */
export const termRanks = { exactName: 0, namePrefix: 1, nameWord: 2, keyword: 3, descriptionWord: 4 } as const

const maxTerms = 64
const longestTerm = 64

/** The words of a text: lower case, split at everything that is neither letter nor digit. */
export function wordsOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.slice(0, longestTerm))
}

/** What a search text is looked up by: the whole text as a name, and its words. */
export function queryTerms(text: string): string[] {
  return text.trim() === '' ? [] : [...new Set(text.trim().toLowerCase().split(/\s+/u))]
}

/**
 * The terms of a package with their ranks, at most 64: the empty term (listings), the exact name, prefixes of the
 * name and of its words, keywords, words of the description; what is worth most first.
 */
export function termsOf(pkg: Pick<PackageDocument, 'name' | 'facts'>): Map<string, number> {
  const terms = new Map<string, number>([['', termRanks.exactName]])
  const add = (term: string, rank: number) => {
    if (term !== '' && term.length <= longestTerm * 4 && !terms.has(term) && terms.size < maxTerms)
      terms.set(term, rank)
  }
  const name = pkg.name.toLowerCase()
  const words = wordsOf(name)
  add(name, termRanks.exactName)
  const bare = name.replace(/^@[^/]+\//, '')
  add(bare, termRanks.exactName)
  if (bare !== name) add(name.slice(0, name.indexOf('/')), termRanks.namePrefix)
  for (const word of words) add(word, termRanks.nameWord)
  for (const keyword of pkg.facts.keywords) add(keyword.toLowerCase().slice(0, longestTerm), termRanks.keyword)
  for (const author of pkg.facts.authors) add(author.toLowerCase().slice(0, longestTerm), termRanks.keyword)
  for (let length = 1; length < 24 && terms.size < maxTerms - 12; length++) {
    if (length < bare.length) add(bare.slice(0, length), termRanks.namePrefix)
    for (const word of words) if (length < word.length) add(word.slice(0, length), termRanks.nameWord)
  }
  for (const word of wordsOf(pkg.facts.description)) if (word.length > 2) add(word, termRanks.descriptionWord)
  return terms
}
