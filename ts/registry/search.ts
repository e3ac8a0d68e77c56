import { setImmediate } from 'node:timers/promises'
import type { PackageDocument } from '../metadata/package-schema.ts'
import type { Downloads } from './downloads.ts'
import { isVisible } from './policy.ts'
import { findCandidates } from './search-candidates.ts'
import { queryTerms, rankOf } from './search-terms.ts'
import type { SearchScope } from './search-walk.ts'
import type { Package, RegistryStore, Repository } from './store.ts'

export type { SearchScope }

export interface SearchQuery {
  readonly scope: SearchScope
  /** Absent: of every protocol. */
  readonly protocol?: string | undefined
  /** Words, all of which must be in the package's terms; empty: everything. */
  readonly text: string
  /** A term that every hit has, beside those of the text: a scope, a keyword, an author. */
  readonly anchor?: string
  /** What else a hit must fulfil. */
  readonly matches?: (pkg: PackageDocument) => boolean | Promise<boolean>
  /** The gate: asked for each hit, of its repository. */
  readonly mayRead: (repository: Repository, pkg: PackageDocument) => Promise<boolean>
  readonly from: number
  readonly size: number
}

export interface SearchHit {
  readonly package: Package
  readonly repository: Repository
  readonly rank: number
  /** Of the last 30 days. */
  readonly downloads: number
}

export interface SearchResult {
  readonly hits: readonly SearchHit[]
  /** Hits found; a lower bound when `complete` is false. */
  readonly total: number
  /** False when the walk ended at its bound before all candidates were seen. */
  readonly complete: boolean
}

/** Packages that are looked at at a time; between them, other requests have their turn. */
const looksAtOnce = 32
/** Packages that are looked at, at most: each costs some reads. More where more hits are wanted at once. */
const candidates = { atLeast: 250, forEachHit: 4, atMost: 1000 } as const
/** Of a hit that nothing but its scope or an empty text finds. */
const lowestRank = 9

/**
 * Exact names first, then names that begin with the text, then words; more downloads first among equals. The postings
 * of the rarest word lead to the packages, which are then checked for the other words.
 */
export function search(store: RegistryStore, downloads: Downloads) {
  return async (query: SearchQuery): Promise<SearchResult> => {
    const words = queryTerms(query.text)
    const { packageIds, complete } = await findCandidates(
      store,
      query.scope,
      termsOfQuery(words, query.anchor),
      mostCandidates(query),
    )
    const asHit = hitOf(store, query, words)
    const found: Found[] = []
    for (let at = 0; at < packageIds.length; at += looksAtOnce) {
      if (at > 0) await setImmediate()
      const looks = await Promise.all(packageIds.slice(at, at + looksAtOnce).map(asHit))
      found.push(...looks.filter((hit) => hit !== undefined))
    }
    const hits = await shownOf(found, query, downloads)
    return { hits, total: found.length, complete }
  }
}

/** Pages of one size look at the same packages, so that none is on two of them. */
function mostCandidates({ size }: SearchQuery): number {
  return Math.min(candidates.atMost, Math.max(candidates.atLeast, size * candidates.forEachHit))
}

/** The empty term is every package's. */
function termsOfQuery(words: readonly string[], anchor: string | undefined) {
  const terms = words.map((word) => ({ beginsWith: word }))
  if (anchor !== undefined) return [...terms, { is: anchor.toLowerCase() }]
  return terms.length > 0 ? terms : [{ is: '' }]
}

type Found = Omit<SearchHit, 'downloads'>

/** The hit that a package is, if it is one. Repositories are loaded once. */
function hitOf(store: RegistryStore, query: SearchQuery, words: readonly string[]) {
  const repositories = new Map<string, Promise<Repository | undefined>>()
  function repositoryOf(id: string) {
    const known = repositories.get(id) ?? store.repositories.get(id)
    repositories.set(id, known)
    return known
  }

  return async (packageId: string): Promise<Found | undefined> => {
    const pkg = await store.packages.get(packageId)
    if (!pkg || !isVisible(pkg.value)) return undefined
    if (query.protocol !== undefined && pkg.value.protocol !== query.protocol) return undefined
    const ranks = words.map((word) => rankOf(pkg.value, word))
    const rank = Math.min(...ranks.filter((each) => each !== undefined), lowestRank)
    if (ranks.includes(undefined) || (query.matches && !(await query.matches(pkg.value)))) return undefined
    const repository = await repositoryOf(pkg.value.repositoryId)
    if (!repository || !(await query.mayRead(repository, pkg.value))) return undefined
    return { package: pkg, repository, rank }
  }
}

/** The hits asked for, in order. Downloads are added up for those alone whose place hangs on them. */
async function shownOf(
  found: readonly Found[],
  { from, size }: SearchQuery,
  downloads: Downloads,
): Promise<SearchHit[]> {
  const ranks = found.map(({ rank }) => rank).sort((a, b) => a - b)
  const [best = 0, worst = lowestRank] = [ranks[from], ranks[from + size - 1]]
  const isBefore = ({ rank }: Found) => rank < best
  const close = found.filter(({ rank }) => rank >= best && rank <= worst)
  const counted = await Promise.all(
    close.map(async (hit) => ({ ...hit, downloads: await downloads.total(hit.package.id, 30) })),
  )
  counted.sort((a, b) => a.rank - b.rank || b.downloads - a.downloads || (placeOf(a) < placeOf(b) ? -1 : 1))
  const skipped = from - found.filter(isBefore).length
  return from < found.length ? counted.slice(skipped, skipped + size) : []
}

/** By name; equal names of several repositories in an order that is the same for each page. */
function placeOf({ package: { id, value } }: Found): string {
  return `${value.name}\0${id}`
}
