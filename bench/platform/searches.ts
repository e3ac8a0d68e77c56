import { organizationName } from './places.ts'
import type { SeededPlatform } from './seeded.ts'
import { vocabulary } from './words.ts'

/** One kind of search, in many forms: paths of requests. */
export interface SearchKind {
  readonly title: string
  readonly paths: readonly string[]
}

const formsEach = 40

/** What people search for: frequent words and rare ones, beginnings, names, several words, filters, nothing. */
export function searchKinds(platform: Pick<SeededPlatform, 'asks'>): readonly SearchKind[] {
  const kinds = textKinds(platform)
  const npm = kinds.map(({ title, texts }) => ({
    title,
    paths: texts.map((text) => `/npm/-/v1/search?${textOf(text)}`),
  }))
  const rest = kinds
    .filter(({ isPlain }) => isPlain)
    .map(({ title, texts }) => ({
      title: `${title}, REST`,
      paths: texts.map((text) => `/api/v1/packages?limit=20&${textOf(text)}`),
    }))
  return [
    ...npm,
    { title: 'all of a public repository', paths: some((i) => `/npm/${organizationName(i % 6)}/open/-/v1/search`) },
    ...rest,
    { title: 'the newest, REST', paths: ['/api/v1/packages?limit=20'] },
  ]
}

const textOf = (text: string) => `text=${encodeURIComponent(text)}`

/** `isPlain`: without what npm's search alone knows. */
export function textKinds({ asks }: Pick<SeededPlatform, 'asks'>) {
  const frequent = (i: number) => word(i % 10)
  const ordinary = (i: number) => word(200 + i * 13)
  const rare = (i: number) => word(12_000 + i * 101)
  const names = asks.map(({ packageName }) => packageName)
  return [
    { title: 'a word of very many packages', isPlain: true, texts: some(frequent) },
    { title: 'a word of some packages', isPlain: true, texts: some(ordinary) },
    { title: 'a word of few packages', isPlain: true, texts: some(rare) },
    { title: 'a word of no package', isPlain: false, texts: some((i) => `${word(i)}qx`) },
    { title: 'three letters', isPlain: false, texts: some((i) => ordinary(i).slice(0, 3)) },
    { title: 'the whole name', isPlain: true, texts: some((i) => names[(i * 17) % names.length] ?? '') },
    { title: 'two frequent words', isPlain: true, texts: some((i) => `${frequent(i)} ${word(10 + i)}`) },
    { title: 'a frequent and a rare word', isPlain: false, texts: some((i) => `${frequent(i)} ${rare(i)}`) },
    {
      title: 'a frequent word with a keyword',
      isPlain: false,
      texts: some((i) => `${frequent(i)} keywords:${word(20 + i)}`),
    },
    { title: 'packages of a scope', isPlain: false, texts: some((i) => `scope:${organizationName(i % 10)}`) },
    { title: 'an empty text', isPlain: false, texts: [''] },
  ] as const satisfies readonly { title: string; isPlain: boolean; texts: readonly string[] }[]
}

function some(make: (number: number) => string): string[] {
  return Array.from({ length: formsEach }, (_, i) => make(i))
}

function word(number: number): string {
  return vocabulary[number % vocabulary.length] ?? ''
}
