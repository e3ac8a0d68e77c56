import type { Access, OrganizationAction, OrganizationKey } from '../access/access.ts'
import type { AccountAction } from '../access/account-gate.ts'
import type { ApiContext, Permission } from './route.ts'

/** The permissions of the account and organization routes, each a line of a route table. */
export function permissionsOf(access: Access) {
  return {
    /** The account of whoever asks. */
    account: (action: AccountAction) =>
      permission(`users, of their own account (${action})`, ({ principal }) => access.enterAccount(principal, action)),

    platform: (action: AccountAction) =>
      permission(`platform admins (${action})`, ({ principal }) => access.enterPlatform(principal, action)),

    /** The user of the path. */
    user: (action: AccountAction) =>
      permission(action === 'read' ? 'users' : 'the user, platform admins', ({ principal, c }) =>
        access.enterUser(principal, action, pathParam(c, 'id')),
      ),

    /** The organization of the path. */
    organization: (action: OrganizationAction) =>
      permission(organizationOffices[action], ({ principal, c }) =>
        access.enterOrganization(principal, action, organizationKey(pathParam(c, 'id'))),
      ),
  }
}

const organizationOffices = {
  read: 'who belongs to the organization, platform admins',
  admin: 'owners and admins of the organization, platform admins',
  delete: 'owners of the organization, platform admins',
} as const satisfies Record<OrganizationAction, string>

/** A permission, and in words who has it. */
export function permission<T>(who: string, enter: Permission<T>['enter']): Permission<T> {
  return { who, enter }
}

/** By name or id: no name has an underscore. */
export function organizationKey(text: string): OrganizationKey {
  return text.includes('_') ? { id: text } : { name: text }
}

/** A parameter of the path, decoded; the route's pattern has it. */
export function pathParam(c: ApiContext, name: string): string {
  return c.req.param(name) ?? ''
}
