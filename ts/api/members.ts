import { pageQuery } from '../../ts_interfaces/common.ts'
import { type Member, member, memberChanges, memberPage, newMember } from '../../ts_interfaces/members.ts'
import type { OrganizationEntered } from '../access/access.ts'
import { RegistryError } from '../errors.ts'
import type { MembershipDocument, OrganizationRole, UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { organizationKey, pathParam, permission, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Who belongs to an organization. Owners alone make, change and remove owners; everybody may leave. */
export function memberRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)
  const leaving = permission(
    'owners and admins of the organization, platform admins, the member itself',
    async ({ principal, c }) => {
      const isSelf = principal.kind === 'user' && (await findUser(pathParam(c, 'userId')))?.id === principal.user.id
      // A token needs the right to administrate for either.
      if (isSelf) access.enterAccount(principal, 'admin')
      return access.enterOrganization(principal, isSelf ? 'read' : 'admin', organizationKey(pathParam(c, 'id')))
    },
  )

  return [
    route(
      'GET /organizations/:id/members',
      may.organization('read'),
      { summary: 'The members of an organization', query: pageQuery, answer: memberPage },
      async ({ on, query }) => {
        const found = await access.organizations.members(on.id, storePage(query))
        return { body: await pageOf(found, memberBody) }
      },
    ),
    route(
      'POST /organizations/:id/members',
      may.organization('admin'),
      { summary: 'Makes a user a member', body: newMember, answer: member, hasEtag: true, refusals: [409, 422] },
      async ({ on, body, principal }) => {
        const user = await findUser(body.user)
        if (!user) throw new RegistryError('unprocessable', 'There is no such user.', { field: 'user' })
        const { membership } = await access.enterMembership(principal, nameOf(on), user.id, body.role)
        if (membership) throw alreadyMember(user.id)
        const made = await setMember(on, user.id, body.role, 0)
        return { ...answerOf(made, user), made: { id: user.id, path: `/organizations/${on.id}/members/${user.id}` } }
      },
    ),
    route(
      'PUT /organizations/:id/members/:userId',
      may.organization('admin'),
      { summary: "Changes a member's role", body: memberChanges, answer: member, hasEtag: true, refusals: [412, 422] },
      async ({ on, body, principal, c }) => {
        const { membership, user } = await requireMember(on, pathParam(c, 'userId'))
        const revision = revisionToMatch(c, membership)
        await access.enterMembership(principal, nameOf(on), user.id, body.role)
        return answerOf(await setMember(on, user.id, body.role, revision), user)
      },
    ),
    route(
      'DELETE /organizations/:id/members/:userId',
      leaving,
      { summary: 'Removes a member, or leaves', refusals: [422] },
      async ({ on, principal, c }) => {
        const { user } = await requireMember(on, pathParam(c, 'userId'))
        await access.enterMembership(principal, nameOf(on), user.id)
        await access.organizations.removeMember(on.id, user.id)
        return undefined
      },
    ),
  ]

  async function setMember(
    on: OrganizationEntered,
    userId: string,
    role: OrganizationRole,
    revision: number | undefined,
  ) {
    return access.organizations.setMember(on.id, userId, role, revision)
  }

  async function findUser(key: string): Promise<Stored<UserDocument> | undefined> {
    return (await access.users.get(key)) ?? access.users.findByUsername(key)
  }

  async function requireMember(on: OrganizationEntered, key: string) {
    const user = await findUser(key)
    const membership = user && (await access.organizations.membership(on.id, user.id))
    if (user && membership) return { user, membership }
    throw new RegistryError('user_unknown', 'The organization has no such member.')
  }

  async function memberBody({ value }: Stored<MembershipDocument>): Promise<Member | undefined> {
    const user = await access.users.get(value.userId)
    return user && bodyOf(value, user)
  }
}

function nameOf({ value: { name } }: OrganizationEntered) {
  return { name }
}

function answerOf(membership: Stored<MembershipDocument>, user: Stored<UserDocument>) {
  return { body: bodyOf(membership.value, user), etag: etagOf(membership) }
}

function bodyOf({ userId, role, createdAt }: MembershipDocument, { value }: Stored<UserDocument>): Member {
  return { userId, username: value.username, displayName: value.displayName, role, createdAt: timeOf(createdAt) }
}

function alreadyMember(id: string): RegistryError {
  return new RegistryError('name_taken', 'This user is a member already. Change the role instead.', {
    field: 'user',
    id,
  })
}
