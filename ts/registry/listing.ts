import { RegistryError } from '../errors.ts'
import type { PackageDocument, PostingDocument } from '../metadata/package-schema.ts'
import { isVisible } from './policy.ts'
import { termRanks } from './search-terms.ts'
import type { SearchScope } from './search-walk.ts'
import type { Package, RegistryStore, Repository } from './store.ts'

export interface ListingQuery {
  readonly scope: SearchScope
  /** What else a package must fulfil. */
  readonly matches?: (pkg: PackageDocument) => boolean
  /** The gate: asked for each package, of its repository. */
  readonly mayRead: (repository: Repository, pkg: PackageDocument) => Promise<boolean>
  /** Packages a page, at most 100. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string | undefined
}

export interface Listed {
  readonly package: Package
  readonly repository: Repository
}

export interface Listing {
  /**
   * All packages of a scope that may be read, the newest first, by the search index, so that any number can be walked.
   * What is made meanwhile does not disturb a walk. A page may be short. Throws `payload_invalid` for a cursor that is
   * none.
   */
  newest(query: ListingQuery): Promise<{ items: Listed[]; next?: string }>
}

/** Packages looked at for one page, at most. */
const maxCandidates = 1000
/** Indexes of audiences that are asked at a time. */
const askedAtOnce = 64
/** Who has more walks everybody's packages and passes over those of strangers: that is few reads, not thousands. */
const maxAudiences = 200
const passedAtOnce = 200

export function listing(store: RegistryStore): Listing {
  /** The newest ids of a scope that are older than `before`; every package is under the empty term. */
  async function idsBefore({ sources, isOwn }: Sources, before: string | undefined, limit: number) {
    const found = new Set<string>()
    const own = new Set<string>()
    let isLast = true
    for (let at = 0; at < sources.length; at += askedAtOnce) {
      const pages = await Promise.all(
        sources.slice(at, at + askedAtOnce).map(({ index, equals }) =>
          store.postings.find(index, {
            equals: { ...equals, term: '', rank: termRanks.exactName },
            ...(before !== undefined && { range: { before } }),
            order: 'descending',
            limit,
          }),
        ),
      )
      for (const { items, next } of pages) {
        for (const { value } of items) {
          found.add(value.packageId)
          if (isOwn(value)) own.add(value.packageId)
        }
        isLast &&= next === undefined
      }
    }
    const ids = [...found].sort().reverse().slice(0, limit)
    return { ids, own, isLast: isLast && found.size <= limit }
  }

  return {
    async newest({ scope, limit, after, ...query }) {
      const load = loader(store, query)
      const items: Listed[] = []
      let before = after === undefined ? undefined : requireCursor(after)
      const sources = sourcesOf(scope)
      const batch = sources.isEverybodys ? passedAtOnce : Math.max(limit, 20)
      for (let seen = 0; seen < maxCandidates; seen += batch) {
        const { ids, own, isLast } = await idsBefore(sources, before, batch)
        const loaded = await Promise.all(ids.map((id) => (own.has(id) ? load(id) : undefined)))
        for (const [at, listed] of loaded.entries()) {
          before = ids[at]
          if (listed) items.push(listed)
          const isEnd = isLast && at === ids.length - 1
          if (items.length === limit) return isEnd || before === undefined ? { items } : { items, next: before }
        }
        if (isLast || before === undefined) return { items }
      }
      return before === undefined ? { items } : { items, next: before }
    },
  }
}

interface Source {
  readonly index: 'byAudience' | 'byRepository' | 'byTerm'
  readonly equals: Partial<PostingDocument>
}

interface Sources {
  readonly sources: readonly Source[]
  /** Whether what a source holds is in the scope. */
  readonly isOwn: (posting: PostingDocument) => boolean
  readonly isEverybodys?: boolean
}

/** A package may be found in several: its audience's and its repository's. */
function sourcesOf(scope: SearchScope): Sources {
  if (scope.kind === 'all') return { sources: [everybodys], isOwn: () => true }
  if (scope.kind === 'repository') return { sources: [ofRepository(scope.repositoryId)], isOwn: () => true }
  const own = new Set(scope.audiences)
  if (own.size > maxAudiences) {
    const isOwn = ({ audience, repositoryId }: PostingDocument) => own.has(audience) || own.has(repositoryId)
    return { sources: [everybodys], isOwn, isEverybodys: true }
  }
  const sources = scope.audiences.map((audience) =>
    audience.startsWith('repo_') ? ofRepository(audience) : { index: 'byAudience' as const, equals: { audience } },
  )
  return { sources, isOwn: () => true }
}

const everybodys: Source = { index: 'byTerm', equals: {} }

const ofRepository = (repositoryId: string): Source => ({ index: 'byRepository', equals: { repositoryId } })

/** Loads packages by their ids, `undefined` for those that are not to be shown; repositories once each. */
function loader(store: RegistryStore, { matches, mayRead }: Pick<ListingQuery, 'matches' | 'mayRead'>) {
  const repositories = new Map<string, Promise<Repository | undefined>>()

  function repositoryOf({ repositoryId }: PackageDocument): Promise<Repository | undefined> {
    const known = repositories.get(repositoryId) ?? store.repositories.get(repositoryId)
    repositories.set(repositoryId, known)
    return known
  }

  return async (packageId: string): Promise<Listed | undefined> => {
    const pkg = await store.packages.get(packageId)
    if (!pkg || !isVisible(pkg.value) || (matches && !matches(pkg.value))) return undefined
    const repository = await repositoryOf(pkg.value)
    if (!repository || !(await mayRead(repository, pkg.value))) return undefined
    return { package: pkg, repository }
  }
}

function requireCursor(cursor: string): string {
  if (/^pkg_\w{1,60}$/.test(cursor)) return cursor
  throw new RegistryError('payload_invalid', 'The cursor is not one that this list gave out; start again without it.')
}
