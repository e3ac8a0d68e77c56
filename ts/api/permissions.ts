import type { Access, Entered, OrganizationAction, OrganizationKey, TeamAction } from '../access/access.ts'
import type { AccountAction } from '../access/account-gate.ts'
import type { Principal } from '../access/principal.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { ApiContext, Permission } from './route.ts'

/** The permissions of the account and organization routes, each a line of a route table. */
export function permissionsOf(access: Access) {
  return {
    /** The account of whoever asks. */
    account: (action: AccountAction) =>
      permission(`users, of their own account (${action})`, ({ principal }) => access.enterAccount(principal, action)),

    platform: (action: AccountAction) =>
      permission(`platform admins (${action})`, ({ principal }) => access.enterPlatform(principal, action)),

    /** Making a user: `undefined` is somebody who signs up. */
    signUp: forNobodyToo(
      permission('platform admins; while sign-up is on, who is not signed in', ({ principal }) =>
        access.enterSignUp(principal),
      ),
    ),

    /** The user of the path. */
    user: (action: AccountAction) =>
      permission(action === 'read' ? 'users' : 'the user, platform admins', ({ principal, c }) =>
        access.enterUser(principal, action, pathParam(c, 'id')),
      ),

    /** Lists of what one may read: whoever may read anything at all. Resolves to `Access.audiences`. */
    reading: forNobodyToo(
      permission('everybody, of what they may read', async ({ principal }) => {
        const audiences = await access.audiences(principal)
        if (audiences.length === 0) requireSomebody(principal)
        return audiences
      }),
    ),

    /** The organization of the path. */
    organization: (action: OrganizationAction) =>
      permission(organizationOffices[action], ({ principal, c }) =>
        access.enterOrganization(principal, action, organizationKey(pathParam(c, 'id'))),
      ),

    /** The repository of the path. A disabled one is read by who can enable it again. */
    repository: (action: 'read' | 'admin') => {
      const permitted = permission(repositoryRights[action], ({ principal, c }) =>
        enterSettings(access, principal, action, pathParam(c, 'id')),
      )
      return action === 'read' ? forNobodyToo(permitted) : permitted
    },

    /** The organization of the path, to make a repository in. */
    creation: permission(
      'owners and admins of the organization, platform admins; its members where it lets them',
      ({ principal, c }) => access.enterCreation(principal, organizationKey(pathParam(c, 'id'))),
    ),

    /** The team of the path. */
    team: (action: TeamAction) =>
      permission(teamOffices[action], ({ principal, c }) =>
        access.enterTeam(principal, action, { id: pathParam(c, 'id') }),
      ),
  }
}

const organizationOffices = {
  read: 'who belongs to the organization, platform admins',
  admin: 'owners and admins of the organization, platform admins',
  delete: 'owners of the organization, platform admins',
} as const satisfies Record<OrganizationAction, string>

const repositoryRights = {
  read: 'who may read the repository',
  admin: 'who administers the repository',
} as const

/** As `enterRepository`, but a disabled repository is read by who administers it. */
export async function enterSettings(
  access: Pick<Access, 'enterRepository'>,
  principal: Principal,
  action: 'read' | 'admin',
  id: string,
): Promise<Entered> {
  if (action === 'admin') return access.enterRepository(principal, 'admin', id)
  return access.enterRepository(principal, 'read', id).catch((err) => {
    if (hasCode(err, 'repository_unknown')) return access.enterRepository(principal, 'admin', id)
    throw err
  })
}

const teamOffices = {
  read: 'who belongs to the organization, platform admins',
  members: 'maintainers of the team, owners and admins of the organization, platform admins',
  admin: 'owners and admins of the organization, platform admins',
} as const satisfies Record<TeamAction, string>

/** A permission, and in words who has it. */
export function permission<T>(who: string, enter: Permission<T>['enter']): Permission<T> {
  return { who, enter }
}

/** The same, but credentials are optional: what is public is for who is not signed in, too. */
export function forNobodyToo<T>(permitted: Permission<T>): Permission<T> {
  return { ...permitted, isForNobodyToo: true }
}

/** Users and robots; what each of them is shown is asked further on. */
export const signedIn = permission('who is signed in', ({ principal }) => requireSomebody(principal))

function requireSomebody(principal: Principal): Exclude<Principal, { kind: 'anonymous' }> {
  if (principal.kind !== 'anonymous') return principal
  throw new RegistryError('auth_required', 'Sign in first: this needs a token or a username and password.')
}

/** By name or id: no name has an underscore. */
export function organizationKey(text: string): OrganizationKey {
  return text.includes('_') ? { id: text } : { name: text }
}

/** A parameter of the path, decoded; the route's pattern has it. */
export function pathParam(c: ApiContext, name: string): string {
  return c.req.param(name) ?? ''
}
