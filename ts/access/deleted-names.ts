import { RegistryError } from '../errors.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { type Mortal, present } from './gone.ts'
import type { RepositoryClaims } from './name-claims.ts'

export type DeletedKind = 'organization' | 'repository'

/** A name that nobody gets until it is freed. */
export interface DeletedName {
  /** Of what was deleted. */
  readonly id: string
  readonly kind: DeletedKind
  readonly name: string
  /** Of a repository. */
  readonly protocol?: string
  readonly organizationId?: string
  /** `deleting`: what it held is still being removed, and the name cannot be freed yet. */
  readonly state: 'deleting' | 'deleted'
  /** When the removal ended; while it runs, when it began. Epoch milliseconds. */
  readonly deletedAt: number
}

interface DeletedNamePage {
  readonly items: readonly DeletedName[]
  readonly next?: string
}

/** Names of deleted organizations, and of deleted repositories in organizations that are there. */
export interface DeletedNames {
  /** Those whose deletion is under way, then the others, the first deleted first. A page may be shorter than its limit. */
  list(kind: DeletedKind, page: { limit?: number; after?: string }): Promise<DeletedNamePage>
  /** `undefined` also while it is being deleted. */
  findOrganization(name: string): Promise<DeletedName | undefined>
  /** `undefined` also while it is being deleted. */
  findRepository(organizationId: string, protocol: string, name: string): Promise<DeletedName | undefined>
  /**
   * By the id of what was deleted. Throws `organization_unknown` or `repository_unknown` for what holds no name, also
   * while it is being deleted.
   */
  free(id: string): Promise<DeletedName>
}

/** Deleted names in the records that deletions.ts leaves. */
export function deletedNames(engine: MetadataEngine, claims: RepositoryClaims): DeletedNames {
  const organizations = engine.collection(accessSchema.organizations)
  const repositories = engine.collection(accessSchema.repositories)

  type Index = 'byDeleting' | 'byDeleted'

  async function readOrganizations(index: Index, page: StorePage): Promise<DeletedNamePage> {
    return pageOf(await organizations.find(index, page), organizationName)
  }

  /** Repositories whose organization goes, too, leave no name of their own. */
  async function readRepositories(index: Index, page: StorePage): Promise<DeletedNamePage> {
    const { items, ...more } = pageOf(await repositories.find(index, page), repositoryName)
    const ids = [...new Set(items.map(({ organizationId = '' }) => organizationId))]
    const found = await Promise.all(ids.map((id) => organizations.get(id)))
    const kept = new Set(found.flatMap((organization) => present(organization)?.id ?? []))
    return { ...more, items: items.filter(({ organizationId = '' }) => kept.has(organizationId)) }
  }

  return {
    async list(kind, { limit = 100, after = '' }) {
      const read = kind === 'organization' ? readOrganizations : readRepositories
      if (after.startsWith(inDeleted)) return laterPage(await read('byDeleted', pageAfter(limit, after, inDeleted)))
      const { items, next } = await read('byDeleting', pageAfter(limit, after, inDeleting))
      if (next !== undefined) return { items, next: `${inDeleting}${next}` }
      if (items.length >= limit) return { items, next: inDeleted }
      const rest = laterPage(await read('byDeleted', { limit: limit - items.length }))
      return { ...rest, items: [...items, ...rest.items] }
    },

    async findOrganization(name) {
      const { items } = await organizations.find('byName', { equals: { name }, limit: 1 })
      return items[0] && freeable(organizationName(items[0]))
    },

    async findRepository(organizationId, protocol, name) {
      const { items } = await repositories.find('byName', { equals: { organizationId, protocol, name }, limit: 1 })
      return items[0] && freeable(repositoryName(items[0]))
    },

    async free(id) {
      if (id.startsWith('org_')) {
        const found = await organizations.get(id)
        const freed = found && freeable(organizationName(found))
        if (!freed) throw new RegistryError('organization_unknown', 'There is no such deleted organization.')
        await organizations.delete(id)
        return freed
      }
      const found = await repositories.get(id)
      const freed = found && freeable(repositoryName(found))
      if (!freed) throw new RegistryError('repository_unknown', 'There is no such deleted repository.')
      await repositories.delete(id)
      const { organizationId, protocol, name } = found.value
      await claims.release(organizationId, protocol, name)
      return freed
    },
  }
}

/** Where a list goes on: among those under way, or among the others. */
const inDeleting = 'deleting:'
const inDeleted = 'deleted:'

interface StorePage {
  readonly limit: number
  readonly after?: string
}

function pageAfter(limit: number, after: string, prefix: string): StorePage {
  const rest = after.startsWith(prefix) ? after.slice(prefix.length) : after
  return rest === '' ? { limit } : { limit, after: rest }
}

function laterPage({ items, next }: DeletedNamePage): DeletedNamePage {
  return next === undefined ? { items } : { items, next: `${inDeleted}${next}` }
}

function freeable(name: DeletedName | undefined): DeletedName | undefined {
  return name?.state === 'deleted' ? name : undefined
}

function organizationName({ id, value }: Stored<OrganizationDocument>): DeletedName | undefined {
  const end = endOf(value)
  return end && { id, kind: 'organization', name: value.name, ...end }
}

function repositoryName({ id, value }: Stored<RepositoryDocument>): DeletedName | undefined {
  const { name, protocol, organizationId } = value
  const end = endOf(value)
  return end && { id, kind: 'repository', name, protocol, organizationId, ...end }
}

function endOf({ deletingAt, deletedAt }: Mortal): Pick<DeletedName, 'state' | 'deletedAt'> | undefined {
  if (deletedAt !== undefined) return { state: 'deleted', deletedAt }
  return deletingAt === undefined ? undefined : { state: 'deleting', deletedAt: deletingAt }
}

function pageOf<T>({ items, next }: Page<T>, nameOf: (found: Stored<T>) => DeletedName | undefined) {
  return { items: items.flatMap((found) => nameOf(found) ?? []), ...(next !== undefined && { next }) }
}
