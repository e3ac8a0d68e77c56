import { RegistryError } from '../errors.ts'
import type { Action, UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { PlatformSettings } from './platform-settings.ts'
import type { Principal, UserPrincipal } from './principal.ts'
import { whyOutOfAccount } from './token-scope.ts'
import type { Users } from './users.ts'

export type AccountAction = Extract<Action, 'read' | 'admin'>

export interface UserEntered {
  readonly user: Stored<UserDocument>
  /** The user itself or a platform admin: who may know its e-mail address and flags. */
  readonly isTrusted: boolean
  readonly by: UserPrincipal
}

/** The gate in front of what belongs to no organization: users and the platform. A robot has no business there. */
export interface AccountGate {
  /** The principal's own account. Throws `auth_required`, `access_denied`. */
  enterAccount(principal: Principal, action: AccountAction): UserPrincipal
  /** What platform admins alone may see or do. Throws `auth_required`, `access_denied`. */
  enterPlatform(principal: Principal, action: AccountAction): UserPrincipal
  /**
   * Making a user: platform admins, and while sign-up is on whoever is not signed in, who is `undefined` then. Throws
   * as `enterPlatform`.
   */
  enterSignUp(principal: Principal): Promise<UserPrincipal | undefined>
  /**
   * A user, by id or username: read for all who are signed in, admin for the user itself and platform admins. Throws
   * `auth_required`, `access_denied`, `user_unknown`.
   */
  enterUser(principal: Principal, action: AccountAction, key: string): Promise<UserEntered>
}

const maxKeyLength = 100

/** The account gate over these users. A token limited to less than everything does not reach so far. */
export function accountGate(users: Users, settings: Pick<PlatformSettings, 'inForce'>): AccountGate {
  function enterAccount(principal: Principal, action: AccountAction): UserPrincipal {
    switch (principal.kind) {
      case 'anonymous':
        throw new RegistryError('auth_required', 'Sign in first: this needs a token or a username and password.')
      case 'robot':
        throw denied(`the robot ${principal.robot.value.name} has no account`)
      case 'user': {
        const { token } = principal
        const outside = token && whyOutOfAccount(token, action)
        if (outside) throw denied(outside)
        if (principal.grant) throw denied('a registry token does not reach accounts')
        return principal
      }
    }
  }

  async function find(key: string): Promise<Stored<UserDocument> | undefined> {
    if (key.length > maxKeyLength || !key.isWellFormed()) return undefined
    return (await users.get(key)) ?? users.findByUsername(key)
  }

  function enterPlatform(principal: Principal, action: AccountAction): UserPrincipal {
    const user = enterAccount(principal, action)
    if (user.user.value.isPlatformAdmin) return user
    throw denied(`${user.user.value.username} is no platform admin`)
  }

  return {
    enterAccount,
    enterPlatform,

    async enterSignUp(principal) {
      if (principal.kind === 'anonymous' && (await settings.inForce()).signUp) return undefined
      return enterPlatform(principal, 'admin')
    },

    async enterUser(principal, action, key) {
      const by = enterAccount(principal, action)
      const user = await find(key)
      if (!user) throw new RegistryError('user_unknown', 'There is no such user.')
      const isTrusted = user.id === by.user.id || by.user.value.isPlatformAdmin
      if (isTrusted || action === 'read') return { user, isTrusted, by }
      throw denied(`${by.user.value.username} is neither this user nor a platform admin`)
    },
  }
}

function denied(rule: string): RegistryError {
  return new RegistryError('access_denied', `You may not do this: ${rule}.`)
}
