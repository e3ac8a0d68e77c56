import { LRUCache } from 'lru-cache'
import { hasCode, RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Access } from './access.ts'
import type { AuditActor, AuditTarget } from './audit/entries.ts'
import { witness } from './audit/witness.ts'
import type { Tell } from './audited-access.ts'
import { type AuditTargets, auditActorOf } from './audited-targets.ts'
import type { Credentials, Principal } from './principal.ts'
import { RefreshReuse, sessionId } from './sessions.ts'
import { looksLikeToken } from './token-text.ts'

const basicSeconds = 15 * 60
const maxBasic = 10_000

/**
 * Ways in: who asks is told to the witness; sign-ins, also refused ones, sessions that began or ended, and logins that
 * were answered are entries.
 *
 * A client that sends its password with every request has no session that could begin. Its first request is a sign-in,
 * and the next after a quarter of an hour, as long as an access token lives: by user, password and address, and by
 * process.
 */
export function auditedSignIns(
  inner: Access,
  targets: AuditTargets,
  tell: Tell,
): Pick<Access, 'authenticate' | 'signIn' | 'sessions' | 'loginRequests'> {
  const { users, sessions, loginRequests, tokens } = inner
  const signedInByBasic = new LRUCache<string, true>({ max: maxBasic, ttl: basicSeconds * 1000 })

  /** From now on the request is this user's, and the entry says so. */
  async function started(user: Stored<UserDocument>, how: { by: string; session?: string }): Promise<void> {
    const actor: AuditActor = { kind: 'user', id: user.id, name: user.value.username }
    const seen = witness()
    if (seen) seen.actor = actor
    await tell('session.start', targetOf(user), how, { actor })
  }

  async function startedByBasic({ user }: Principal & { kind: 'user' }, address: string): Promise<void> {
    const key = `${user.id} ${user.value.passwordVersion ?? 0} ${address}`
    if (signedInByBasic.has(key)) return
    // Before it is durable: of many requests at once one tells.
    signedInByBasic.set(key, true)
    try {
      await started(user, { by: 'basic' })
    } catch (err) {
      signedInByBasic.delete(key)
      throw err
    }
  }

  /**
   * Whoever waits tells no name: entries of many names would be without bound. Looks the same up for an account that is
   * there and one that is not. People type passwords into the field of the name, so only names of users are kept.
   */
  async function refused(login: string, address: string, err: unknown): Promise<void> {
    const isWaiting = hasCode(err, 'too_many_requests')
    if (!isWaiting && !hasCode(err, 'credentials_invalid')) return
    const outcome = { outcome: 'refused' } as const
    const user = await users.findByLogin(login)
    const tried = user ? targetOf(user) : unknownUser
    if (isWaiting) {
      const target = { kind: 'address', id: address, name: address }
      await tell('session.start', target, { why: 'too many failures', login: tried.name }, outcome)
    } else {
      await tell('session.start', tried, { why: 'wrong username or password' }, outcome)
    }
  }

  async function ended(userId: string, details: { session: string; why?: string } | { sessions: number }) {
    await tell('session.end', await targets.user(userId), details)
  }

  return {
    async authenticate(credentials, clientAddress) {
      const seen = witness()
      try {
        const principal = await inner.authenticate(credentials, clientAddress)
        if (seen) seen.actor = auditActorOf(principal)
        if (isPassword(credentials) && principal.kind === 'user') await startedByBasic(principal, clientAddress)
        return principal
      } catch (err) {
        if (isPassword(credentials)) await refused(credentials.username, clientAddress, err)
        throw err
      }
    },

    async signIn(attempt) {
      try {
        return await inner.signIn(attempt)
      } catch (err) {
        await refused(attempt.login, attempt.address, err)
        throw err
      }
    },

    sessions: {
      ...sessions,
      async start(user, from) {
        const begun = await sessions.start(user, from)
        await started(user, { by: 'browser', session: sessionId(begun.secret) })
        return begun
      },
      async open(user, from) {
        const opened = await sessions.open(user, from)
        await started(user, { by: 'api', session: opened.sessionId })
        return opened
      },
      async refresh(refreshToken) {
        try {
          return await sessions.refresh(refreshToken)
        } catch (err) {
          if (err instanceof RegistryError && err.cause instanceof RefreshReuse) {
            const { session } = err.cause
            await ended(session.value.userId, { session: session.id, why: 'an old refresh token was used' })
          }
          throw err
        }
      },
      async endByRefreshToken(refreshToken) {
        const session = await sessions.endByRefreshToken(refreshToken)
        if (session) await ended(session.value.userId, { session: session.id })
        return session
      },
      async end(secret) {
        const session = await sessions.find(secret)
        await sessions.end(secret)
        if (session) await ended(session.value.userId, { session: session.id })
      },
      async endById(userId, id) {
        await sessions.endById(userId, id)
        await ended(userId, { session: id })
      },
      async endAll(userId, exceptId) {
        const count = await sessions.endAll(userId, exceptId)
        if (count > 0) await ended(userId, { sessions: count })
        return count
      },
    },

    loginRequests: {
      ...loginRequests,
      async approve(code, userId) {
        const request = await loginRequests.find(code)
        await loginRequests.approve(code, userId)
        await tell('login.approve', await targets.user(userId), from(request))
      },
      async deny(code, userId) {
        const request = await loginRequests.find(code)
        await loginRequests.deny(code, userId)
        await tell('login.deny', await targets.user(userId), from(request))
      },
      /** The client that waited has no credentials yet: the token is made by whoever approved it. */
      async collect(pollSecret) {
        const collected = await loginRequests.collect(pollSecret)
        const token = collected.state === 'ready' ? await tokens.find(collected.token) : undefined
        if (token) {
          const holder = await targets.user(token.value.userId)
          const target = { kind: 'token', id: token.id, name: token.value.name }
          await tell('token.create', target, { holder, by: 'an approved login' }, { actor: holder })
        }
        return collected
      },
    },
  }
}

/** In place of what was typed for a name and is none. */
const unknownUser: AuditTarget = { kind: 'user', id: '(unknown name)', name: '(unknown name)' }

function targetOf({ id, value }: Stored<UserDocument>): AuditTarget {
  return { kind: 'user', id, name: value.username }
}

function isPassword(credentials: Credentials | undefined): credentials is Credentials & { kind: 'basic' } {
  return credentials?.kind === 'basic' && !looksLikeToken(credentials.password)
}

function from(request: { value: { client: string; address: string } } | undefined) {
  return request ? { client: request.value.client, from: request.value.address } : {}
}
