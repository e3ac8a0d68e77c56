import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import {
  type MembershipDocument,
  memberships as membershipsSpec,
  type OrganizationDocument,
  type OrganizationRole,
  organizations as organizationsSpec,
  repositories as repositoriesSpec,
  type Visibility,
} from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { changeDocument, changedMeanwhile } from './change.ts'
import { deletedForGood, isGone, present, stillBeingDeleted } from './gone.ts'
import { checkLabel, checkOrganizationName, confusableKey } from './names.ts'
import { organizationOwners } from './organization-owners.ts'
import type { PlatformSettings } from './platform-settings.ts'

export interface NewOrganization {
  readonly name: string
  /** Default: the name. */
  readonly displayName?: string
  /** The most that its repositories can show. Default `public`: each repository says for itself. */
  readonly visibility?: Visibility
  /** A user's id; absent: nobody owns it yet. */
  readonly ownerId?: string
}

/** What may be changed of an organization; absent stays. */
export type OrganizationSettings = Partial<
  Pick<OrganizationDocument, 'displayName' | 'visibility' | 'membersCreateRepositories'>
>

/** Organizations and who belongs to them. One that is being deleted, or was, is none: nothing here finds it. */
export interface Organizations {
  /** Throws `payload_invalid` with the field, `name_taken`. */
  create(organization: NewOrganization): Promise<Stored<OrganizationDocument>>
  get(id: string): Promise<Stored<OrganizationDocument> | undefined>
  findByName(name: string): Promise<Stored<OrganizationDocument> | undefined>
  /** By name; a page may be shorter than its limit. */
  list(page: { limit?: number; after?: string }): Promise<Page<OrganizationDocument>>
  /**
   * Search follows a new visibility within seconds. Throws `payload_invalid` with the field, `organization_unknown`;
   * `precondition_failed` when the revision is given and is another.
   */
  configure(id: string, settings: OrganizationSettings, revision?: number): Promise<Stored<OrganizationDocument>>
  /**
   * Makes the user a member with this role, or changes the role. Throws `unprocessable` when the last owner would be
   * none; `precondition_failed` when the membership's revision is given (0: no member yet) and is another.
   */
  setMember(
    organizationId: string,
    userId: string,
    role: OrganizationRole,
    revision?: number,
  ): Promise<Stored<MembershipDocument>>
  /** No member is success. Throws `unprocessable` for the last owner. */
  removeMember(organizationId: string, userId: string): Promise<void>
  /** Throws `unprocessable` for the last owner, as `removeMember` would, and changes nothing. */
  requireOtherOwner(organizationId: string, userId: string): Promise<void>
  members(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<MembershipDocument>>
  membership(organizationId: string, userId: string): Promise<Stored<MembershipDocument> | undefined>
  /** Those that the user is a member of, by id. */
  listOf(userId: string, page: { limit?: number; after?: string }): Promise<Page<OrganizationDocument>>
  /** The user's memberships, at most 1000. */
  membershipsOf(userId: string): Promise<readonly Stored<MembershipDocument>[]>
}

/** A membership's id: a user is in an organization once. */
export function membershipId(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`
}

/** Organizations in the collections `organizations` and `memberships`. */
export function organizationDirectory(
  engine: MetadataEngine,
  reservedNames: ReadonlySet<string>,
  refuseReserved: PlatformSettings['refuseReserved'],
): Organizations {
  const organizations = engine.collection(organizationsSpec)
  const memberships = engine.collection(membershipsSpec)
  const repositories = engine.collection(repositoriesSpec)

  const owners = organizationOwners({
    organizations,
    memberships,
    membershipOf: async (organizationId, userId) =>
      (await memberships.get(membershipId(organizationId, userId)))?.value,
  })

  async function setMember(
    organizationId: string,
    userId: string,
    role: OrganizationRole,
    revision?: number,
  ): Promise<Stored<MembershipDocument>> {
    const id = membershipId(organizationId, userId)
    for (;;) {
      const known = await memberships.get(id)
      if (revision !== undefined && revision !== (known?.revision ?? 0)) throw changedMeanwhile()
      if (role === 'owner') await owners.add(organizationId, userId)
      else if (known?.value.role === 'owner') await owners.remove(organizationId, userId)
      try {
        if (known) return await memberships.update(id, known.revision, { ...known.value, role })
        return await memberships.insert(id, { organizationId, userId, role, createdAt: Date.now() })
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  /** A repository shows no more than its organization, so what search finds of each is looked at again. */
  async function followVisibility(organizationId: string): Promise<void> {
    for (let after: string | undefined; ; ) {
      const query = { equals: { organizationId }, limit: 200, ...(after !== undefined && { after }) }
      const page = await repositories.find('byName', query)
      for (const { id, value } of page.items) {
        if (!isGone(value)) await changeDocument(repositories, id, (now) => ({ ...now, repostSince: Date.now() }))
      }
      if (page.next === undefined) return
      after = page.next
    }
  }

  async function holderOf(name: string): Promise<Stored<OrganizationDocument> | undefined> {
    const { items } = await organizations.find('byName', { equals: { name }, limit: 1 })
    return items[0]
  }

  async function insertOrganization(id: string, value: OrganizationDocument): Promise<Stored<OrganizationDocument>> {
    try {
      return await organizations.insert(id, value)
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
      // An equal name hits both indexes, and either is told.
      throw new RegistryError('name_taken', whyTaken(value.name, await holderOf(value.name)), { field: 'name' })
    }
  }

  return {
    async create({ name, displayName = name, visibility = 'public', ownerId }) {
      const id = newId('org')
      const value: OrganizationDocument = {
        name: checkOrganizationName(name, reservedNames),
        displayName: checkLabel('displayName', displayName, 100),
        visibility,
        nameKey: confusableKey(name),
        ...(ownerId !== undefined && { owners: [ownerId] }),
        createdAt: Date.now(),
      }
      await refuseReserved('name', name)
      // The owner first: an organization that can be seen has one, whatever stops this in between.
      if (ownerId !== undefined) await setMember(id, ownerId, 'owner')
      try {
        return await insertOrganization(id, value)
      } catch (err) {
        if (ownerId !== undefined) await memberships.delete(membershipId(id, ownerId))
        throw err
      }
    },

    get: async (id) => present(await organizations.get(id)),
    findByName: async (name) => present(await holderOf(name)),
    async list(page) {
      const { items, ...more } = await organizations.find('byName', page)
      return { items: items.filter(present), ...more }
    },

    async configure(id, { displayName, ...settings }, revision) {
      const label = displayName === undefined ? {} : { displayName: checkLabel('displayName', displayName, 100) }
      const edit = (organization: OrganizationDocument) => ({ ...organization, ...settings, ...label })
      const changed = await changeDocument(organizations, id, edit, revision)
      if (!changed) throw new RegistryError('organization_unknown', 'There is no such organization.')
      if (settings.visibility !== undefined) await followVisibility(id)
      return changed
    },

    setMember,
    async removeMember(organizationId, userId) {
      const known = await memberships.get(membershipId(organizationId, userId))
      if (known?.value.role === 'owner') await owners.remove(organizationId, userId)
      await memberships.delete(membershipId(organizationId, userId))
    },
    requireOtherOwner: (organizationId, userId) => owners.requireOther(organizationId, userId),
    members: (organizationId, page) => memberships.find('byOrganization', { equals: { organizationId }, ...page }),
    membership: (organizationId, userId) => memberships.get(membershipId(organizationId, userId)),
    async listOf(userId, page) {
      const { items, ...more } = await memberships.find('byUser', { equals: { userId }, ...page })
      const found = await Promise.all(items.map(({ value }) => organizations.get(value.organizationId)))
      return { items: found.flatMap((organization) => present(organization) ?? []), ...more }
    },
    membershipsOf: async (userId) => (await memberships.find('byUser', { equals: { userId }, limit: 1000 })).items,
  }
}

function whyTaken(name: string, holder: Stored<OrganizationDocument> | undefined): string {
  if (!holder) return `The name "${name}" looks like that of another organization. Choose another.`
  if (!isGone(holder.value)) return `There is an organization "${name}" already.`
  if (holder.value.deletingAt !== undefined) return `An organization "${name}" ${stillBeingDeleted}`
  return `An organization "${name}" ${deletedForGood}`
}
