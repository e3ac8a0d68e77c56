import type { PackageDocument, PostingDocument } from '../metadata/schema.ts'
import type { Downloads } from './downloads.ts'
import { isVisible } from './policy.ts'
import { queryTerms, termsOf } from './search-terms.ts'
import type { Package, RegistryStore, Repository } from './store.ts'

/** Where to look: one repository, what some audiences may find, or everything (platform administrators). */
export type SearchScope =
  | { readonly kind: 'repository'; readonly repositoryId: string }
  | { readonly kind: 'audiences'; readonly audiences: readonly string[] }
  | { readonly kind: 'all' }

export interface SearchQuery {
  readonly scope: SearchScope
  readonly protocol: string
  /** Words, all of which must be in the package's terms; empty: everything. */
  readonly text: string
  /** A term that every hit has, in place of the text's own when there is none: a scope, a keyword, an author. */
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

/** Records looked at in one search, at most. */
const maxCandidates = 1000

/**
 * Exact names first, then names that begin with the text, then words; more downloads first among equals. Walks the
 * longest word's postings and checks the other words on the record.
 */
export function search(store: RegistryStore, downloads: Downloads) {
  return async (query: SearchQuery): Promise<SearchResult> => {
    const terms = queryTerms(query.text)
    const longest = [...terms].sort((a, b) => b.length - a.length)[0] ?? query.anchor?.toLowerCase() ?? ''
    const walk = await candidates(store, query.scope, longest)
    const found: SearchHit[] = []
    for (const { packageId, rank } of walk.items) {
      const hit = await asHit(store, query, terms, packageId, rank)
      if (hit) found.push({ ...hit, downloads: await downloads.total(packageId, 30) })
    }
    found.sort(
      (a, b) => a.rank - b.rank || b.downloads - a.downloads || (a.package.value.name < b.package.value.name ? -1 : 1),
    )
    return {
      hits: found.slice(query.from, query.from + query.size),
      total: found.length,
      complete: walk.complete,
    }
  }
}

async function candidates(store: RegistryStore, scope: SearchScope, term: string) {
  const best = new Map<string, PostingDocument>()
  let complete = true
  for (const walk of walksOf(store, scope, term)) {
    let cursor: string | undefined
    do {
      const page = await walk(cursor)
      for (const { value } of page.items) {
        const known = best.get(value.packageId)
        if (!known || value.rank < known.rank) best.set(value.packageId, value)
      }
      cursor = page.next
      if (cursor !== undefined && best.size >= maxCandidates) complete = false
    } while (cursor !== undefined && complete)
  }
  return { items: [...best.values()].slice(0, maxCandidates), complete }
}

function walksOf(store: RegistryStore, scope: SearchScope, term: string) {
  const page = (cursor: string | undefined) => ({ limit: 200, ...(cursor === undefined ? {} : { after: cursor }) })
  if (scope.kind === 'all') {
    return [(cursor?: string) => store.postings.find('byTerm', { equals: { term }, ...page(cursor) })]
  }
  if (scope.kind === 'repository') {
    const equals = { repositoryId: scope.repositoryId, term }
    return [(cursor?: string) => store.postings.find('byRepository', { equals, ...page(cursor) })]
  }
  return scope.audiences.map(
    (audience) => (cursor?: string) =>
      store.postings.find('byAudience', { equals: { audience, term }, ...page(cursor) }),
  )
}

async function asHit(
  store: RegistryStore,
  query: SearchQuery,
  terms: readonly string[],
  packageId: string,
  rank: number,
) {
  const pkg = await store.packages.get(packageId)
  if (!pkg || pkg.value.protocol !== query.protocol || !isVisible(pkg.value)) return undefined
  if (query.matches && !(await query.matches(pkg.value))) return undefined
  const own = termsOf(pkg.value)
  if (!terms.every((term) => own.has(term))) return undefined
  const repository = await store.repositories.get(pkg.value.repositoryId)
  if (!repository || !(await query.mayRead(repository, pkg.value))) return undefined
  return { package: pkg, repository, rank }
}
