import type { PackageQuery, PackageSummary } from '../../ts_interfaces/packages.ts'
import type { Entered } from '../access/access.ts'
import type { Principal } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import type { OrganizationDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { PackageDocument } from '../metadata/package-schema.ts'
import type { Package, Repository } from '../registry/store.ts'
import { summaryBody } from './package-body.ts'
import { packagePlaces, type Scope } from './package-places.ts'
import { type Sort, sortedPage } from './package-sort.ts'
import type { ApiDeps } from './route.ts'

/** A page of packages; `isIncomplete`: a search looks at fewer than match. */
export interface FoundPage {
  readonly items: PackageSummary[]
  readonly next?: string
  readonly isIncomplete?: true
}

const maxLookedAt = 1000

/** Answers `GET /packages` for somebody who finds what these audiences do. */
export function packageFinder(deps: ApiDeps) {
  const { access, registry, protocols } = deps
  const places = packagePlaces(deps)

  /** Asks the gate for each package; organizations are loaded once each. */
  function readerFor(principal: Principal) {
    const organizations = new Map<string, Promise<Stored<OrganizationDocument> | undefined>>()
    function organizationOf({ value: { organizationId } }: Repository) {
      const known = organizations.get(organizationId) ?? access.organizations.get(organizationId)
      organizations.set(organizationId, known)
      return known
    }
    return {
      async mayRead(repository: Repository, pkg: PackageDocument): Promise<boolean> {
        const organization = await organizationOf(repository)
        if (!organization) return false
        return (await access.can(principal, 'read', { organization, repository }, pkg.name)).allowed
      },
      async summary(pkg: Package, repository: Repository, downloads?: number): Promise<PackageSummary | undefined> {
        const organization = await organizationOf(repository)
        return organization && summaryOf(pkg, { organization, repository }, downloads)
      },
    }
  }
  type Reader = ReturnType<typeof readerFor>

  async function summaryOf(pkg: Package, entered: Entered, downloads?: number): Promise<PackageSummary> {
    return summaryBody(pkg, entered, downloads ?? (await registry.downloads.total(pkg.id, 30)))
  }

  async function byName(principal: Principal, query: PackageQuery, name: string): Promise<FoundPage> {
    const entered = await places.repository(principal, query, name)
    const found = await registry.packages.find(entered.repository.id, name)
    return { items: found ? [await summaryOf(found, entered)] : [] }
  }

  /**
   * All packages of a repository, by the index of its names. A token may leave few of them: the page goes on until its
   * cursor stands at one that it shows, for up to a thousand names.
   */
  async function ofRepository(reader: Reader, { repository, organization }: Entered, { limit, cursor }: PackageQuery) {
    const shown: PackageSummary[] = []
    let after = cursor
    let lookedAt = 0
    let standsOnItem = true
    do {
      const size = limit - shown.length
      const page = await registry.packages.list(repository.id, { limit: size, ...(after !== undefined && { after }) })
      const readable = await Promise.all(page.items.map((pkg) => reader.mayRead(repository, pkg.value)))
      const items = page.items.filter((_, i) => readable[i])
      shown.push(...(await Promise.all(items.map((pkg) => summaryOf(pkg, { organization, repository })))))
      standsOnItem = readable.at(-1) ?? standsOnItem
      after = page.next
      lookedAt += size
    } while (after !== undefined && !standsOnItem && lookedAt < maxLookedAt)
    return { items: shown, ...(after !== undefined && { next: after }) }
  }

  async function newest(reader: Reader, { scope }: Scope, { protocol, limit, cursor }: PackageQuery) {
    const { items, ...more } = await registry.packages.newest({
      scope,
      matches: (pkg) => protocol === undefined || pkg.protocol === protocol,
      mayRead: reader.mayRead,
      limit,
      after: cursor,
    })
    const shown = await Promise.all(items.map((item) => reader.summary(item.package, item.repository)))
    return { items: shown.filter((item) => item !== undefined), ...more }
  }

  async function sorted(reader: Reader, { scope }: Scope, query: PackageQuery, sort: Sort): Promise<FoundPage> {
    const { text = '', protocol, limit, cursor } = query
    const search = (size: number) => registry.search({ scope, text, protocol, mayRead: reader.mayRead, from: 0, size })
    const { hits, ...more } = await sortedPage(search, sort, { limit, cursor })
    const shown = await Promise.all(hits.map((hit) => reader.summary(hit.package, hit.repository, hit.downloads)))
    return { items: shown.filter((item) => item !== undefined), ...more }
  }

  return async (principal: Principal, audiences: readonly string[], query: PackageQuery): Promise<FoundPage> => {
    const { protocol, name, text, repository } = query
    if (protocol !== undefined && !protocols.some(({ id }) => id === protocol)) {
      throw invalid('protocol', `There is no protocol "${protocol}" here.`)
    }
    if (name !== undefined) {
      refuseBeside(query)
      return byName(principal, query, name)
    }
    const sort = sortOf(query)
    const reader = readerFor(principal)
    const place = await places.scope(principal, audiences, query)
    if (sort === 'created') return newest(reader, place, query)
    if (sort === 'name' && repository !== undefined && place.entered && !text?.trim()) {
      return ofRepository(reader, place.entered, query)
    }
    return sorted(reader, place, query, sort)
  }
}

/** What the lists come in by themselves, and what they can. */
function sortOf({ sort, text, repository }: PackageQuery) {
  const hasText = text !== undefined && text.trim() !== ''
  if (sort === 'relevance' && !hasText) throw invalid('sort', 'Relevance is to a text; give one, or sort by created.')
  if (sort === 'created' && hasText) {
    throw invalid('sort', 'A search sorts by relevance, name, updated or downloads; created is for lists without text.')
  }
  if (sort !== undefined) return sort
  if (hasText) return 'relevance'
  return repository === undefined ? 'created' : 'name'
}

function refuseBeside(query: PackageQuery): void {
  for (const field of ['text', 'sort', 'cursor'] as const) {
    if (query[field] !== undefined) throw invalid(field, `One package is asked for by its name; leave out ${field}.`)
  }
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
