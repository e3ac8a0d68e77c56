import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Access } from './access.ts'
import type { AuditDetails } from './audit/details.ts'
import type { AuditTarget } from './audit/entries.ts'
import type { Tell } from './audited-access.ts'
import type { AuditTargets } from './audited-targets.ts'

/** Users, organizations and their members, and the setup, each change told once it was made. */
export function auditedPeople(
  inner: Access,
  targets: AuditTargets,
  tell: Tell,
): Pick<Access, 'users' | 'signUp' | 'removeUser' | 'organizations' | 'setup'> {
  const { users, organizations, setup } = inner

  const tellUser = (verb: string, user: Stored<UserDocument>, details?: AuditDetails) =>
    tell(`user.${verb}`, targetOf(user), details)

  /** A user that was there, changed by `change`; what differs afterwards is told. */
  async function updating(id: string, change: () => Promise<Stored<UserDocument>>): Promise<Stored<UserDocument>> {
    const before = (await users.get(id))?.value
    const after = await change()
    const details = differences(before, after.value)
    const verb = details.isActive === undefined ? 'update' : after.value.isActive ? 'enable' : 'disable'
    await tellUser(verb, after, details)
    return after
  }

  async function creating(make: () => Promise<Stored<UserDocument>>): Promise<Stored<UserDocument>> {
    const made = await make()
    await tellUser('create', made, { isPlatformAdmin: made.value.isPlatformAdmin })
    return made
  }

  async function deleting(id: string, remove: () => Promise<void>): Promise<void> {
    const user = await users.get(id)
    await remove()
    if (user) await tellUser('delete', user)
  }

  return {
    users: {
      ...users,
      create: (user, id) => creating(() => users.create(user, id)),
      async setPassword(id, password, keptSession) {
        const changed = await users.setPassword(id, password, keptSession)
        await tellUser('password', changed)
        return changed
      },
      update: (id, changes, revision) => updating(id, () => users.update(id, changes, revision)),
      setProfile: (id, profile) => updating(id, () => users.setProfile(id, profile)),
      setActive: (id, isActive) => updating(id, () => users.setActive(id, isActive)),
      forget: (id) => deleting(id, () => users.forget(id)),
    },

    signUp: (who) => creating(() => inner.signUp(who)),
    removeUser: (id) => deleting(id, () => inner.removeUser(id)),

    organizations: {
      ...organizations,
      async create(organization) {
        const made = await organizations.create(organization)
        const { ownerId } = organization
        const owner = ownerId === undefined ? {} : { owner: await targets.user(ownerId) }
        await tell(
          'organization.create',
          { kind: 'organization', id: made.id, name: made.value.name },
          {
            visibility: made.value.visibility,
            ...owner,
          },
        )
        return made
      },
      async configure(id, settings, revision) {
        const changed = await organizations.configure(id, settings, revision)
        await tell('organization.update', { kind: 'organization', id, name: changed.value.name }, { ...settings })
        return changed
      },
      async setMember(organizationId, userId, role, revision) {
        const made = await organizations.setMember(organizationId, userId, role, revision)
        const member = await targets.user(userId)
        await tell('member.set', await targets.organization(organizationId), { member, role })
        return made
      },
      async removeMember(organizationId, userId) {
        const known = await organizations.membership(organizationId, userId)
        await organizations.removeMember(organizationId, userId)
        if (!known) return
        const member = await targets.user(userId)
        await tell('member.remove', await targets.organization(organizationId), { member, role: known.value.role })
      },
    },

    setup: {
      ...setup,
      async prepare() {
        const known = await organizations.findByName(inner.defaultOrganization)
        const link = await setup.prepare()
        const made = known ?? (await organizations.findByName(inner.defaultOrganization))
        if (!known && made) {
          await tell('organization.create', { kind: 'organization', id: made.id, name: made.value.name })
        }
        return link
      },
      createFirstAdministrator: (user) => creating(() => setup.createFirstAdministrator(user)),
      createAdministrator: (user) => creating(() => setup.createAdministrator(user)),
    },
  }
}

function targetOf({ id, value }: Stored<UserDocument>): AuditTarget {
  return { kind: 'user', id, name: value.username }
}

const told = ['email', 'displayName', 'isActive', 'isPlatformAdmin'] as const

/** What is told of a user and differs now: as it is now. */
function differences(before: UserDocument | undefined, after: UserDocument) {
  const changed = told.filter((field) => before?.[field] !== after[field])
  return Object.fromEntries(changed.map((field) => [field, after[field]])) as Partial<
    Pick<UserDocument, (typeof told)[number]>
  >
}
