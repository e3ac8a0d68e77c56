import { RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Passwords } from './passwords.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'
import type { Users } from './users.ts'

const maxWaiting = 300

export interface SignIn {
  /** A username or an e-mail address. */
  readonly login: string
  readonly password: string
  readonly address: string
}

/**
 * The one way in with a password, whatever asks for it. Throws `credentials_invalid`, alike and after the same time for
 * an unknown or disabled user and a wrong password; `too_many_requests` with the seconds to wait after failures.
 */
export type CheckSignIn = (attempt: SignIn) => Promise<Stored<UserDocument>>

/** Sign-ins of these users. They are looked at one after the other, so that many at once get no more guesses. */
export function signIns(users: Users, passwords: Passwords, throttle: SignInThrottle): CheckSignIn {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= maxWaiting) {
      throw new RegistryError('too_many_requests', 'Too many sign-ins are waiting. Try again later.', {
        retryAfterSeconds: 60,
      })
    }
    waiting++
    const mine = last.then(work).finally(() => waiting--)
    last = mine.catch(() => {})
    return mine
  }

  return async (attempt) => {
    const user = await users.findByLogin(attempt.login)
    // A client that sends its password with every request is neither counted nor kept waiting.
    if (user?.value.isActive && passwords.remembers(attempt.password, user.value.passwordHash)) return user
    await throttle.check(attempt)
    return inTurn(async () => {
      await throttle.check(attempt)
      const found = await users.checkPassword(attempt.login, attempt.password)
      if (found) {
        await throttle.succeeded(attempt)
        return found
      }
      await throttle.failed(attempt)
      throw new RegistryError('credentials_invalid', 'Wrong username or password.')
    })
  }
}
