import type { PackageDocument } from '../metadata/package-schema.ts'

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
 * The terms of a package with their ranks, at most 64: the empty term (listings), the exact name, the words of the
 * name, keywords, words of the description; what is worth most first. Beginnings of words are no terms: a search
 * walks the terms that begin with its text.
 */
export function termsOf(pkg: Pick<PackageDocument, 'name' | 'facts'>): Map<string, number> {
  const terms = new Map<string, number>([['', termRanks.exactName]])
  const add = (term: string, rank: number) => {
    if (term !== '' && term.length <= longestTerm * 4 && !terms.has(term) && terms.size < maxTerms)
      terms.set(term, rank)
  }
  const { name, bare, scope } = partsOf(pkg.name)
  add(name, termRanks.exactName)
  add(bare, termRanks.exactName)
  if (scope !== '') add(scope, termRanks.namePrefix)
  for (const word of wordsOf(name)) add(word, termRanks.nameWord)
  for (const keyword of pkg.facts.keywords) add(keyword.toLowerCase().slice(0, longestTerm), termRanks.keyword)
  for (const author of pkg.facts.authors) add(author.toLowerCase().slice(0, longestTerm), termRanks.keyword)
  for (const word of wordsOf(pkg.facts.description)) if (word.length > 2) add(word, termRanks.descriptionWord)
  return terms
}

/**
 * How well a package answers a word of a query, lower is better; `undefined` when none of its terms begins with it.
 */
export function rankOf(pkg: Pick<PackageDocument, 'name' | 'facts'>, word: string): number | undefined {
  const { name, bare } = partsOf(pkg.name)
  if (word === name || word === bare) return termRanks.exactName
  if (name.startsWith(word) || bare.startsWith(word)) return termRanks.namePrefix
  const ranks = [...termsOf(pkg)].filter(([term]) => term.startsWith(word)).map(([, rank]) => rank)
  return ranks.length === 0 ? undefined : Math.max(termRanks.nameWord, Math.min(...ranks))
}

/** A name as it is searched: lower case, with and without its scope. */
function partsOf(packageName: string) {
  const name = packageName.toLowerCase()
  const bare = name.replace(/^@[^/]+\//, '')
  return { name, bare, scope: bare === name ? '' : name.slice(0, name.indexOf('/')) }
}
