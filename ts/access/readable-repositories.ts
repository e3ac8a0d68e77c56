import type { OrganizationDocument, RepositoryDocument, Visibility } from '../metadata/access-schema.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import type { Access, Entered } from './access.ts'
import { nobodysId } from './gate-words.ts'
import { present } from './gone.ts'
import type { Principal } from './principal.ts'
import { effectiveVisibility } from './visibility.ts'

/** Looked at for one page, at most: a token may leave few of many. */
const maxLookedAt = 1000

type Found = Stored<RepositoryDocument>

/** What all of a listing have; absent: any. */
export interface RepositoryFilter {
  readonly organizationId?: string
  readonly protocol?: string
  readonly name?: string
}

export interface RepositoryPage {
  readonly items: readonly Entered[]
  readonly next?: string
}

/** Lists repositories as `Access.listRepositories` promises. */
export type ListRepositories = (
  principal: Principal,
  filter: RepositoryFilter,
  page: { readonly limit: number; readonly after?: string },
) => Promise<RepositoryPage>

export interface ReadableRepositoriesDeps {
  readonly engine: MetadataEngine
  readonly audiences: Access['audiences']
  readonly can: Access['can']
}

/** A place where repositories are found; places are gone through in the order of their keys. */
interface Source {
  readonly key: string
  find(page: { limit: number; after?: string }): Promise<Page<RepositoryDocument>>
  /** Found at an earlier place. */
  isKnown(found: Found): boolean
}

/** By way of what the principal is, not by way of all that there is; each repository asks the gate all the same. */
export function readableRepositories({ engine, audiences, can }: ReadableRepositoriesDeps): ListRepositories {
  const repositories = engine.collection(accessSchema.repositories)
  const organizations = engine.collection(accessSchema.organizations)

  function within(filter: RepositoryFilter): Source {
    const equals = prefixOf(filter)
    const find: Source['find'] = (page) => repositories.find('byName', { equals, ...page })
    return { key: `1${filter.organizationId ?? ''}`, find, isKnown: () => false }
  }

  function alone(id: string, isKnown: Source['isKnown']): Source {
    return {
      key: `2${id}`,
      async find() {
        const found = await repositories.get(id)
        return { items: found ? [found] : [] }
      },
      isKnown,
    }
  }

  /** Who finds a repository by what it shows alone does not administer it: a disabled one is as if it were not there. */
  function shown(visibility: Visibility, filter: RepositoryFilter, isKnown: Source['isKnown']): Source {
    const equals = { visibility, ...prefixOf(filter) }
    const find: Source['find'] = (page) => repositories.find('byVisibility', { equals, ...page })
    const isHidden = (found: Found) => found.value.isDisabled === true || isKnown(found)
    return { key: visibility === 'public' ? '3' : '4', find, isKnown: isHidden }
  }

  /** A stranger to an organization looks for the same things whether it is there or not. */
  async function sourcesFor(
    principal: Principal,
    filter: RepositoryFilter,
    bound: Visibility,
  ): Promise<readonly Source[]> {
    const found = await audiences(principal)
    if (found.includes('all')) return [within(filter)]
    const own = new Set(found)
    const inOwn = ({ value }: Found) => own.has(value.organizationId)
    const isOwn = (repository: Found) => inOwn(repository) || own.has(repository.id)
    const sources = found.flatMap((audience): Source[] => {
      if (audience === 'public' || audience === 'internal') {
        const isOpen = own.has(effectiveVisibility({ visibility: bound }, { visibility: audience }))
        // What the organization hides costs what is not there.
        return [shown(audience, isOpen ? filter : { ...filter, organizationId: nobodysId }, isOwn)]
      }
      if (!audience.startsWith('org_')) return [alone(audience, inOwn)]
      const { organizationId = audience } = filter
      return organizationId === audience ? [within({ ...filter, organizationId })] : []
    })
    return sources.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Each organization is loaded once. */
  function organizationBook() {
    const known = new Map<string, Promise<Stored<OrganizationDocument> | undefined>>()
    return (id: string) => {
      const organization = known.get(id) ?? organizations.get(id)
      known.set(id, organization)
      return organization
    }
  }

  async function enteredBy(
    principal: Principal,
    found: Found,
    organizationOf: ReturnType<typeof organizationBook>,
  ): Promise<Entered | undefined> {
    const repository = present(found)
    const organization = repository && (await organizationOf(repository.value.organizationId))
    if (!organization) return undefined
    const entered = { organization, repository }
    const action = repository.value.isDisabled ? 'admin' : 'read'
    return (await can(principal, action, entered)).allowed ? entered : undefined
  }

  return async (principal, filter, { limit, after = '' }) => {
    const items: Entered[] = []
    const [, from = '', inner] = /^(\S*)(?: (.*))?$/s.exec(after) ?? []
    let cursor = inner
    let lookedAt = 0
    const organizationOf = organizationBook()
    const organization = filter.organizationId === undefined ? undefined : await organizationOf(filter.organizationId)
    for (const source of await sourcesFor(principal, filter, organization?.value.visibility ?? 'public')) {
      if (source.key < from) continue
      if (source.key !== from) cursor = undefined
      // A cursor says where it stands: never at what may not be read.
      let standsOnItem = true
      do {
        // Half a page is one: the rest of it would be looked for in ever smaller steps.
        if ((items.length > limit / 2 && standsOnItem) || lookedAt >= maxLookedAt) {
          return { items, next: cursor === undefined ? source.key : `${source.key} ${cursor}` }
        }
        const page = await source.find({ limit: limit - items.length, ...(cursor !== undefined && { after: cursor }) })
        lookedAt += Math.max(1, page.items.length)
        for (const found of page.items) {
          const isCandidate = hasAll(found, filter) && !source.isKnown(found)
          const entered = isCandidate && (await enteredBy(principal, found, organizationOf))
          if (entered) items.push(entered)
          standsOnItem = Boolean(entered)
        }
        cursor = page.next
      } while (cursor !== undefined)
    }
    return { items }
  }
}

/** As much of it as an index can be asked for. */
function prefixOf({ organizationId, protocol, name }: RepositoryFilter): RepositoryFilter {
  if (organizationId === undefined) return {}
  if (protocol === undefined) return { organizationId }
  return { organizationId, protocol, ...(name !== undefined && { name }) }
}

function hasAll({ value }: Found, filter: RepositoryFilter): boolean {
  const { organizationId = value.organizationId, protocol = value.protocol, name = value.name } = filter
  return value.organizationId === organizationId && value.protocol === protocol && value.name === name
}
