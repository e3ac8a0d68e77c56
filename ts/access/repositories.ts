import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import {
  grantPointers,
  organizations as organizationsSpec,
  type RepositoryDocument,
  type RetentionRule,
  repositories as repositoriesSpec,
} from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { deletedForGood, isGone, present, stillBeingDeleted } from './gone.ts'
import { checkImmutableTags } from './immutable-tags.ts'
import type { RepositoryClaims } from './name-claims.ts'
import { checkRepositoryName, checkText } from './names.ts'
import { grantPointerId } from './repository-grants.ts'
import { checkRetention } from './retention-rule.ts'
import { withArticle } from './wording.ts'

export type RepositorySettings = Pick<
  RepositoryDocument,
  | 'visibility'
  | 'description'
  | 'requiresApproval'
  | 'refusesSimilarNames'
  | 'ownersOnly'
  | 'isDisabled'
  | 'immutableTags'
> & {
  /** Null: none. */
  readonly retention: RetentionRule | null
}

/** Private and without policies, unless it says otherwise. */
export interface NewRepository extends Partial<RepositorySettings> {
  readonly organizationId: string
  readonly protocol: string
  readonly name: string
  /** A user's id. */
  readonly createdBy: string
  /** The id of a user who gets the role admin: who makes it as a mere member of the organization. */
  readonly adminId?: string
}

/** Repositories: where they are and what their settings are. One that is being deleted, or was, is none. */
export interface Repositories {
  /** Throws `payload_invalid` or `unprocessable` with the field, `name_taken`; `organization_unknown` when that is deleted meanwhile. */
  create(repository: NewRepository): Promise<Stored<RepositoryDocument>>
  get(id: string): Promise<Stored<RepositoryDocument> | undefined>
  find(organizationId: string, protocol: string, name: string): Promise<Stored<RepositoryDocument> | undefined>
  /** By protocol and name; a page may be shorter than its limit. */
  list(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<RepositoryDocument>>
  /**
   * Changes the given settings; search follows a new visibility within seconds. Throws `payload_invalid` or
   * `unprocessable` with the field, `repository_unknown`; `precondition_failed` when the revision is given and is another.
   */
  configure(id: string, settings: Partial<RepositorySettings>, revision?: number): Promise<Stored<RepositoryDocument>>
}

/** The tags that every publish moves in repositories of a protocol. */
export type MovingTags = (protocol: string) => readonly string[]

/** Are tags of the protocol those of images, each a record of its own? */
export type HasImageTags = (protocol: string) => boolean

/** Can publishes wait for approval in repositories of a protocol? */
export type TakesApprovals = (protocol: string) => boolean

/** What settings go by; where nothing is said, none is refused. */
export interface ProtocolFacts {
  readonly movingTagsOf?: MovingTags
  readonly hasImageTags?: HasImageTags
  readonly takesApprovals?: TakesApprovals
}

/** Repositories in the collection of that name. */
export function repositoryDirectory(
  engine: MetadataEngine,
  claims: RepositoryClaims,
  { movingTagsOf = () => [], hasImageTags = () => false, takesApprovals = () => true }: ProtocolFacts = {},
): Repositories {
  const repositories = engine.collection(repositoriesSpec)
  const organizations = engine.collection(organizationsSpec)
  const pointers = engine.collection(grantPointers)

  async function holderOf(organizationId: string, protocol: string, name: string) {
    const { items } = await repositories.find('byName', { equals: { organizationId, protocol, name }, limit: 1 })
    return items[0]
  }

  /** The settings as they are stored, over those that a repository has. */
  function changed(
    { retention: before, retentionSince: since = Date.now(), ...repository }: RepositoryDocument,
    { retention = before ?? null, immutableTags, ...settings }: Partial<RepositorySettings>,
  ): RepositoryDocument {
    const { protocol } = repository
    const checked = (patterns: readonly string[]) =>
      checkImmutableTags(patterns, movingTagsOf(protocol), hasImageTags(protocol))
    if (settings.requiresApproval && !takesApprovals(protocol)) throw noApprovals(protocol)
    return {
      ...repository,
      ...settings,
      ...(immutableTags && { immutableTags: checked(immutableTags) }),
      ...(retention && { retention: checkRetention(retention), retentionSince: since }),
    }
  }

  return {
    async create({ organizationId, protocol, name, createdBy, adminId, ...settings }) {
      checkRepositoryName(name)
      checkText('description', settings.description ?? '')
      const bare = {
        organizationId,
        protocol,
        name,
        visibility: 'private' as const,
        description: '',
        requiresApproval: false,
        refusesSimilarNames: false,
        createdAt: Date.now(),
        createdBy,
      }
      const value: RepositoryDocument = {
        ...changed(bare, settings),
        ...(adminId !== undefined && { permissions: [[adminId, 'admin']] }),
      }
      await claims.claimForRepository(organizationId, protocol, name)
      const id = newId('repo')
      // What leads to a permission is there before it.
      if (adminId !== undefined)
        await pointers.insert(grantPointerId(adminId, id), { holderId: adminId, repositoryId: id })
      try {
        const made = await repositories.insert(id, value)
        const organization = await organizations.get(organizationId)
        if (!organization || !isGone(organization.value)) return made
      } catch (err) {
        if (adminId !== undefined) await pointers.delete(grantPointerId(adminId, id))
        if (!hasCode(err, 'document_exists')) throw err
        const holder = await holderOf(organizationId, protocol, name)
        throw new RegistryError('name_taken', whyTaken(`${protocol} repository "${name}"`, holder), { field: 'name' })
      }
      // Made after the organization was deleted, by who was let in before: nothing else would remove it.
      await repositories.delete(id)
      if (adminId !== undefined) await pointers.delete(grantPointerId(adminId, id))
      await claims.release(organizationId, protocol, name)
      throw new RegistryError('organization_unknown', 'The organization was deleted meanwhile.')
    },

    get: async (id) => present(await repositories.get(id)),
    find: async (organizationId, protocol, name) => present(await holderOf(organizationId, protocol, name)),
    async list(organizationId, page) {
      const { items, ...more } = await repositories.find('byName', { equals: { organizationId }, ...page })
      return { items: items.filter(present), ...more }
    },

    async configure(id, settings, revision) {
      if (settings.description !== undefined) checkText('description', settings.description)
      const edit = (repository: RepositoryDocument) => ({
        ...changed(repository, settings),
        ...(settings.visibility !== undefined && settings.visibility !== repository.visibility
          ? { repostSince: Date.now() }
          : {}),
      })
      const stored = await changeDocument(repositories, id, edit, revision)
      if (!stored) throw new RegistryError('repository_unknown', 'There is no such repository.')
      return stored
    },
  }
}

function noApprovals(protocol: string): RegistryError {
  const message = `No publish waits for approval in repositories of the protocol ${protocol}, so none can require it.`
  return new RegistryError('unprocessable', message, { field: 'requiresApproval' })
}

function whyTaken(what: string, holder: Stored<RepositoryDocument> | undefined): string {
  if (!holder || !isGone(holder.value)) return `There is ${withArticle(what)} already.`
  const subject = withArticle(what)
  const ends = holder.value.deletingAt === undefined ? deletedForGood : stillBeingDeleted
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)} ${ends}`
}
