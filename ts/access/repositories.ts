import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { type RepositoryDocument, repositories as repositoriesSpec, type Visibility } from '../metadata/schema.ts'
import { changeDocument } from './change.ts'
import { checkRepositoryName, checkText } from './names.ts'

export interface NewRepository {
  readonly organizationId: string
  readonly protocol: string
  readonly name: string
  /** Default `private`. */
  readonly visibility?: Visibility
  readonly description?: string
  /** A user's id. */
  readonly createdBy: string
}

export type RepositorySettings = Pick<
  RepositoryDocument,
  'visibility' | 'description' | 'requiresApproval' | 'refusesSimilarNames' | 'ownersOnly' | 'isDisabled'
>

/** Repositories: where they are and what their settings are. */
export interface Repositories {
  /** Throws `payload_invalid` with the field, `name_taken`. */
  create(repository: NewRepository): Promise<Stored<RepositoryDocument>>
  get(id: string): Promise<Stored<RepositoryDocument> | undefined>
  find(organizationId: string, protocol: string, name: string): Promise<Stored<RepositoryDocument> | undefined>
  /** By protocol and name. */
  list(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<RepositoryDocument>>
  /** Changes the given settings; search follows a new visibility within seconds. Throws `payload_invalid` with the field, `repository_unknown`. */
  configure(id: string, settings: Partial<RepositorySettings>): Promise<Stored<RepositoryDocument>>
}

/** Repositories in the collection of that name. */
export function repositoryDirectory(engine: MetadataEngine): Repositories {
  const repositories = engine.collection(repositoriesSpec)

  return {
    async create({ organizationId, protocol, name, visibility = 'private', description = '', createdBy }) {
      checkRepositoryName(name)
      const value: RepositoryDocument = {
        organizationId,
        protocol,
        name,
        visibility,
        description: checkText('description', description),
        requiresApproval: false,
        refusesSimilarNames: false,
        createdAt: Date.now(),
        createdBy,
      }
      try {
        return await repositories.insert(newId('repo'), value)
      } catch (err) {
        if (!hasCode(err, 'document_exists')) throw err
        throw new RegistryError('name_taken', `There is a ${protocol} repository "${name}" already.`, { field: 'name' })
      }
    },

    get: (id) => repositories.get(id),
    async find(organizationId, protocol, name) {
      const { items } = await repositories.find('byName', { equals: { organizationId, protocol, name }, limit: 1 })
      return items[0]
    },
    list: (organizationId, page) => repositories.find('byName', { equals: { organizationId }, ...page }),

    async configure(id, settings) {
      if (settings.description !== undefined) checkText('description', settings.description)
      const changed = await changeDocument(repositories, id, (repository) => ({
        ...repository,
        ...settings,
        ...(settings.visibility !== undefined && settings.visibility !== repository.visibility
          ? { repostSince: Date.now() }
          : {}),
      }))
      if (!changed) throw new RegistryError('repository_unknown', 'There is no such repository.')
      return changed
    },
  }
}
