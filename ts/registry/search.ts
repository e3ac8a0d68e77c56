import type { Page, Query } from '../metadata/engine.ts'
import type { PackageDocument, PostingDocument } from '../metadata/schema.ts'
import type { Downloads } from './downloads.ts'
import { isVisible } from './policy.ts'
import { queryTerms, rankOf } from './search-terms.ts'
import type { Package, RegistryStore, Repository } from './store.ts'

/** Where to look: one repository, what some audiences (or repositories' ids) find, or everything (platform admins). */
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
 * postings of the longest word, then those of terms that begin with it, and checks the other words on the record.
 */
export function search(store: RegistryStore, downloads: Downloads) {
  return async (query: SearchQuery): Promise<SearchResult> => {
    const terms = queryTerms(query.text)
    const longest = [...terms].sort((a, b) => b.length - a.length)[0] ?? query.anchor?.toLowerCase() ?? ''
    const walk = await candidates(store, query.scope, longest)
    const found: SearchHit[] = []
    for (const packageId of walk.packageIds) {
      const hit = await asHit(store, query, terms, packageId)
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

/** Of the term itself first, best rank first; then of the terms that begin with it. The empty term is every package's. */
async function candidates(store: RegistryStore, scope: SearchScope, term: string) {
  const packageIds = new Set<string>()
  let complete = true
  const walks = [
    ...walksOf(store, scope, { is: term }),
    ...(term === '' ? [] : walksOf(store, scope, { beginsWith: term })),
  ]
  for (const walk of walks) {
    let cursor: string | undefined
    do {
      const page: Page<PostingDocument> = await walk(cursor)
      for (const { value } of page.items) if (packageIds.size < maxCandidates) packageIds.add(value.packageId)
      cursor = page.next
      if (cursor !== undefined && packageIds.size >= maxCandidates) complete = false
    } while (cursor !== undefined && complete)
  }
  return { packageIds, complete }
}

type Terms = { readonly is: string } | { readonly beginsWith: string }
type Walk = (cursor: string | undefined) => Promise<Page<PostingDocument>>

function walksOf(store: RegistryStore, scope: SearchScope, terms: Terms): Walk[] {
  const { postings } = store
  const walk =
    (index: 'byAudience' | 'byRepository' | 'byTerm', equals: Partial<PostingDocument>): Walk =>
    (cursor) =>
      postings.find(index, {
        ...termQuery(equals, terms),
        limit: 200,
        ...(cursor === undefined ? {} : { after: cursor }),
      })
  if (scope.kind === 'all') return [walk('byTerm', {})]
  if (scope.kind === 'repository') return [walk('byRepository', { repositoryId: scope.repositoryId })]
  return scope.audiences.map((audience) =>
    audience.startsWith('repo_') ? walk('byRepository', { repositoryId: audience }) : walk('byAudience', { audience }),
  )
}

/** No character sorts after U+10FFFF, so every term that begins with the text lies before the text and that. */
function termQuery(equals: Partial<PostingDocument>, terms: Terms): Pick<Query<PostingDocument>, 'equals' | 'range'> {
  if ('is' in terms) return { equals: { ...equals, term: terms.is } }
  return { equals, range: { after: terms.beginsWith, before: `${terms.beginsWith}\u{10FFFF}` } }
}

async function asHit(store: RegistryStore, query: SearchQuery, terms: readonly string[], packageId: string) {
  const pkg = await store.packages.get(packageId)
  if (!pkg || pkg.value.protocol !== query.protocol || !isVisible(pkg.value)) return undefined
  if (query.matches && !(await query.matches(pkg.value))) return undefined
  const ranks = terms.map((term) => rankOf(pkg.value, term))
  if (ranks.includes(undefined)) return undefined
  const repository = await store.repositories.get(pkg.value.repositoryId)
  if (!repository || !(await query.mayRead(repository, pkg.value))) return undefined
  return { package: pkg, repository, rank: Math.min(...ranks.filter((rank) => rank !== undefined), 9) }
}
