import { hasCode, RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { PlatformSettings } from './platform-settings.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'
import type { NewUser, Users } from './users.ts'

/** Somebody who makes an account of their own. */
export interface SignUp extends Pick<NewUser, 'username' | 'email' | 'password' | 'displayName'> {
  readonly address: string
}

/**
 * Makes a user, never a platform admin. Throws `access_denied` while sign-up is off, `too_many_requests` after many from
 * one address, `payload_invalid` with the field; `name_taken`, alike for username and e-mail address: who asks may
 * learn that it does not work, and not that somebody with this address has an account.
 */
export type SigningUp = (who: SignUp) => Promise<Stored<UserDocument>>

export interface SignUpDeps {
  readonly users: Pick<Users, 'create'>
  readonly settings: Pick<PlatformSettings, 'inForce'>
  readonly throttle: Pick<SignInThrottle, 'signUp'>
}

/** Sign-ups as the settings allow them. */
export function signingUp({ users, settings, throttle }: SignUpDeps): SigningUp {
  return async ({ address, username, email, password, displayName }) => {
    if (!(await settings.inForce()).signUp) {
      throw new RegistryError('access_denied', 'Sign-up is off: ask an administrator of this server for an account.')
    }
    await throttle.signUp(address)
    const user = { username, email, password, ...(displayName !== undefined && { displayName }) }
    return users.create(user).catch((err: unknown) => {
      throw hasCode(err, 'name_taken') ? taken() : err
    })
  }
}

function taken(): RegistryError {
  const message =
    'There can be no account with this username and e-mail address. Change them, or sign in if it is yours.'
  return new RegistryError('name_taken', message)
}
