import { RegistryError } from '../errors.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/schema.ts'
import * as schema from '../metadata/schema.ts'

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
  readonly deletedAt: number
}

/** Names of deleted organizations, and of deleted repositories in organizations that are there. */
export interface DeletedNames {
  /** The first deleted first. */
  list(
    kind: DeletedKind,
    page: { limit?: number; after?: string },
  ): Promise<{ readonly items: readonly DeletedName[]; readonly next?: string }>
  findOrganization(name: string): Promise<DeletedName | undefined>
  findRepository(organizationId: string, protocol: string, name: string): Promise<DeletedName | undefined>
  /**
   * By the id of what was deleted. Throws `organization_unknown` or `repository_unknown` for what holds no name, also
   * while it is being deleted.
   */
  free(id: string): Promise<DeletedName>
}

/** Deleted names in the records that deletions.ts leaves. */
export function deletedNames(engine: MetadataEngine): DeletedNames {
  const organizations = engine.collection(schema.organizations)
  const repositories = engine.collection(schema.repositories)

  return {
    async list(kind, page) {
      if (kind === 'organization') return pageOf(await organizations.find('byDeleted', page), organizationName)
      return pageOf(await repositories.find('byDeleted', page), repositoryName)
    },

    async findOrganization(name) {
      const { items } = await organizations.find('byName', { equals: { name }, limit: 1 })
      return items[0] && organizationName(items[0])
    },

    async findRepository(organizationId, protocol, name) {
      const { items } = await repositories.find('byName', { equals: { organizationId, protocol, name }, limit: 1 })
      return items[0] && repositoryName(items[0])
    },

    async free(id) {
      if (id.startsWith('org_')) {
        const found = await organizations.get(id)
        const freed = found && organizationName(found)
        if (!freed) throw new RegistryError('organization_unknown', 'There is no such deleted organization.')
        await organizations.delete(id)
        return freed
      }
      const found = await repositories.get(id)
      const freed = found && repositoryName(found)
      if (!freed) throw new RegistryError('repository_unknown', 'There is no such deleted repository.')
      await repositories.delete(id)
      return freed
    },
  }
}

function organizationName({ id, value }: Stored<OrganizationDocument>): DeletedName | undefined {
  const { name, deletedAt } = value
  return deletedAt === undefined ? undefined : { id, kind: 'organization', name, deletedAt }
}

function repositoryName({ id, value }: Stored<RepositoryDocument>): DeletedName | undefined {
  const { name, protocol, organizationId, deletedAt } = value
  return deletedAt === undefined ? undefined : { id, kind: 'repository', name, protocol, organizationId, deletedAt }
}

function pageOf<T>({ items, next }: Page<T>, nameOf: (found: Stored<T>) => DeletedName | undefined) {
  return { items: items.flatMap((found) => nameOf(found) ?? []), ...(next !== undefined && { next }) }
}
