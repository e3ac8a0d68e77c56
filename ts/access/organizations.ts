import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import {
  type MembershipDocument,
  memberships as membershipsSpec,
  type OrganizationDocument,
  type OrganizationRole,
  organizations as organizationsSpec,
  type Visibility,
} from '../metadata/schema.ts'
import { checkLabel, checkOrganizationName } from './names.ts'

export interface NewOrganization {
  readonly name: string
  /** Default: the name. */
  readonly displayName?: string
  /** The most that its repositories can show. Default `public`: each repository says for itself. */
  readonly visibility?: Visibility
  /** A user's id; absent: nobody owns it yet. */
  readonly ownerId?: string
}

/** Organizations and who belongs to them. */
export interface Organizations {
  /** Throws `payload_invalid` with the field, `name_taken`. */
  create(organization: NewOrganization): Promise<Stored<OrganizationDocument>>
  get(id: string): Promise<Stored<OrganizationDocument> | undefined>
  findByName(name: string): Promise<Stored<OrganizationDocument> | undefined>
  /** By name. */
  list(page: { limit?: number; after?: string }): Promise<Page<OrganizationDocument>>
  /** Makes the user a member with this role, or changes the role. */
  setMember(organizationId: string, userId: string, role: OrganizationRole): Promise<void>
  /** No member is success. */
  removeMember(organizationId: string, userId: string): Promise<void>
  members(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<MembershipDocument>>
  membership(organizationId: string, userId: string): Promise<Stored<MembershipDocument> | undefined>
  /** The user's memberships, at most 1000. */
  membershipsOf(userId: string): Promise<readonly Stored<MembershipDocument>[]>
}

/** A membership's id: a user is in an organization once. */
export function membershipId(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`
}

/** Organizations in the collections `organizations` and `memberships`. */
export function organizationDirectory(engine: MetadataEngine, reservedNames: ReadonlySet<string>): Organizations {
  const organizations = engine.collection(organizationsSpec)
  const memberships = engine.collection(membershipsSpec)

  async function setMember(organizationId: string, userId: string, role: OrganizationRole): Promise<void> {
    const id = membershipId(organizationId, userId)
    for (;;) {
      const known = await memberships.get(id)
      try {
        if (known) await memberships.update(id, known.revision, { ...known.value, role })
        else await memberships.insert(id, { organizationId, userId, role, createdAt: Date.now() })
        return
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  async function insertOrganization(id: string, value: OrganizationDocument): Promise<Stored<OrganizationDocument>> {
    try {
      return await organizations.insert(id, value)
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
      throw new RegistryError('name_taken', `There is an organization "${value.name}" already.`, { field: 'name' })
    }
  }

  return {
    async create({ name, displayName = name, visibility = 'public', ownerId }) {
      const id = newId('org')
      const value: OrganizationDocument = {
        name: checkOrganizationName(name, reservedNames),
        displayName: checkLabel('displayName', displayName, 100),
        visibility,
        createdAt: Date.now(),
      }
      // The owner first: an organization that can be seen has one, whatever stops this in between.
      if (ownerId !== undefined) await setMember(id, ownerId, 'owner')
      try {
        return await insertOrganization(id, value)
      } catch (err) {
        if (ownerId !== undefined) await memberships.delete(membershipId(id, ownerId))
        throw err
      }
    },

    get: (id) => organizations.get(id),
    async findByName(name) {
      const { items } = await organizations.find('byName', { equals: { name }, limit: 1 })
      return items[0]
    },
    list: (page) => organizations.find('byName', page),

    setMember,
    removeMember: (organizationId, userId) => memberships.delete(membershipId(organizationId, userId)),
    members: (organizationId, page) => memberships.find('byOrganization', { equals: { organizationId }, ...page }),
    membership: (organizationId, userId) => memberships.get(membershipId(organizationId, userId)),
    membershipsOf: async (userId) => (await memberships.find('byUser', { equals: { userId }, limit: 1000 })).items,
  }
}
