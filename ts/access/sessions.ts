import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { type UserDocument, users as usersSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type SessionDocument, sessions as sessionsSpec } from '../metadata/sign-in-schema.ts'
import { randomBase62 } from './base62.ts'
import type { SessionTokens } from './session-tokens.ts'

const lifetimeSeconds = 7 * 24 * 3600
/** How long a refresh token is still taken after its rotation: two tabs may refresh at once. */
const graceSeconds = 20
const maxListed = 1000
const maxRotations = 50

/** The cookie that a browser's session is kept in. */
export const sessionCookie = 'stowage_session'

/** From where somebody signs in, as shown in the list of sessions. */
export interface SessionOrigin {
  readonly address?: string
  readonly agent?: string
}

/** What a client of the API gets. Times are epoch milliseconds. */
export interface OpenedSession {
  readonly sessionId: string
  readonly userId: string
  readonly accessToken: string
  readonly accessExpiresAt: number
  readonly refreshToken: string
  readonly refreshExpiresAt: number
}

/** Who is signed in: browsers by a cookie, whose SHA-256 is stored, and clients of the API by tokens. */
export interface Sessions {
  /** A browser's session. `expiresAt`: epoch milliseconds, seven days ahead. */
  start(
    user: Stored<UserDocument>,
    from?: SessionOrigin,
  ): Promise<{ readonly secret: string; readonly expiresAt: number }>
  /** A session of the API. */
  open(user: Stored<UserDocument>, from?: SessionOrigin): Promise<OpenedSession>
  /**
   * New tokens for a refresh token, which is void 20 seconds later; whoever shows it after that ends the session.
   * Throws `credentials_invalid`.
   */
  refresh(refreshToken: string): Promise<OpenedSession>
  /** Ends the session that a refresh token names, an old one too, and resolves to it; to nothing when there is none. */
  endByRefreshToken(refreshToken: string): Promise<Stored<SessionDocument> | undefined>
  /** Of a browser; `undefined` for an unknown, ended or expired session. */
  find(secret: string): Promise<Stored<SessionDocument> | undefined>
  /** Ends a browser's. Ending what has ended is success. */
  end(secret: string): Promise<void>
  /** The user's, newest first, at most 1000. */
  list(user: Stored<UserDocument>): Promise<readonly Stored<SessionDocument>[]>
  /** Throws `session_unknown` when the user has no session with this id. */
  endById(userId: string, id: string): Promise<void>
  /** Ends all of the user's but `exceptId`; resolves to how many. */
  endAll(userId: string, exceptId?: string): Promise<number>
  /** Removes what has expired, at most 1000; resolves to how many. */
  sweep(): Promise<number>
}

/** Why `refresh` refused, when somebody showed a token that was replaced long ago and so ended the session. */
export class RefreshReuse extends Error {
  readonly session: Stored<SessionDocument>

  constructor(session: Stored<SessionDocument>) {
    super('A refresh token was used again long after it was replaced.')
    this.session = session
  }
}

/** A browser session's id: made of the SHA-256 of its secret. */
export function sessionId(secret: string): string {
  return `ses_${hash('sha256', secret)}`
}

/** Is the session still good for this user? A change of the password ends all but the one that made it. */
export function isSessionOf({ id, value }: Stored<SessionDocument>, user: Stored<UserDocument>): boolean {
  const { passwordVersion = 0, keptSession, isActive } = user.value
  if (value.userId !== user.id || !isActive || value.expiresAt <= Date.now()) return false
  return (value.passwordVersion ?? 0) === passwordVersion || keptSession === id
}

/** What a form carries to show that it was made for this browser: derived from its cookie, useless without it. */
export function csrfToken(cookieSecret: string): string {
  return createHmac('sha256', cookieSecret).update('stowage form').digest('base64url')
}

/** Was the form made for the browser with this cookie? */
export function isCsrfToken(cookieSecret: string, token: string): boolean {
  const expected = Buffer.from(csrfToken(cookieSecret))
  const given = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Sessions in the collection of that name. */
export function sessionDirectory(engine: MetadataEngine, tokens: SessionTokens): Sessions {
  const sessions = engine.collection(sessionsSpec)
  const users = engine.collection(usersSpec)

  function newSession(user: Stored<UserDocument>, { address, agent }: SessionOrigin): SessionDocument {
    const now = Date.now()
    return {
      userId: user.id,
      createdAt: now,
      expiresAt: now + lifetimeSeconds * 1000,
      passwordVersion: user.value.passwordVersion ?? 0,
      lastUsedAt: now,
      ...(address !== undefined && { address }),
      ...(agent !== undefined && { agent: agent.toWellFormed().slice(0, 200) }),
    }
  }

  function opened({ id, value }: Stored<SessionDocument>): OpenedSession {
    const { userId, generation = 0, expiresAt } = value
    const access = tokens.access({ sessionId: id, userId })
    return {
      sessionId: id,
      userId,
      accessToken: access.text,
      accessExpiresAt: access.expiresAt,
      refreshToken: tokens.refresh({ sessionId: id, userId, generation, expiresAt }),
      refreshExpiresAt: expiresAt,
    }
  }

  async function usable(id: string): Promise<Stored<SessionDocument> | undefined> {
    const session = await sessions.get(id)
    const user = session && (await users.get(session.value.userId))
    return user && isSessionOf(session, user) ? session : undefined
  }

  /** The session after this refresh; `undefined` when somebody else changed it in between. */
  async function rotated({ id, revision, value }: Stored<SessionDocument>) {
    const now = Date.now()
    const recent = (value.rotations ?? []).filter((at) => at > now - graceSeconds * 1000)
    try {
      return await sessions.update(id, revision, {
        ...value,
        generation: (value.generation ?? 0) + 1,
        rotations: [...recent, now].slice(-maxRotations),
        lastUsedAt: now,
        expiresAt: now + lifetimeSeconds * 1000,
      })
    } catch (err) {
      if (hasCode(err, 'revision_stale')) return undefined
      throw err
    }
  }

  async function userSessions(userId: string) {
    return (await sessions.find('byUser', { equals: { userId }, order: 'descending', limit: maxListed })).items
  }

  return {
    async start(user, from = {}) {
      const secret = randomBase62(32)
      const { value } = await sessions.insert(sessionId(secret), newSession(user, from))
      return { secret, expiresAt: value.expiresAt }
    },

    async open(user, from = {}) {
      return opened(await sessions.insert(newId('ses'), { ...newSession(user, from), generation: 0 }))
    },

    async refresh(refreshToken) {
      const claims = tokens.readRefresh(refreshToken)
      if (!claims) throw ended()
      for (;;) {
        const session = await usable(claims.sessionId)
        if (!session) throw ended()
        const age = (session.value.generation ?? 0) - claims.generation
        const next = age === 0 ? await rotated(session) : session
        // Two at once: the slower one finds its token rotated, within the grace.
        if (!next) continue
        if (age === 0 || isWithinGrace(session.value, age)) return opened(next)
        await sessions.delete(session.id)
        throw ended(new RefreshReuse(session))
      }
    },

    async endByRefreshToken(refreshToken) {
      const claims = tokens.readRefresh(refreshToken)
      const session = claims && (await sessions.get(claims.sessionId))
      if (session) await sessions.delete(session.id)
      return session
    },

    async find(secret) {
      const session = await sessions.get(sessionId(secret))
      return session && session.value.expiresAt > Date.now() ? session : undefined
    },

    end: (secret) => sessions.delete(sessionId(secret)),
    list: async (user) => (await userSessions(user.id)).filter((session) => isSessionOf(session, user)),

    async endById(userId, id) {
      const session = await sessions.get(id)
      if (session?.value.userId !== userId) throw new RegistryError('session_unknown', 'There is no such session.')
      await sessions.delete(id)
    },

    async endAll(userId, exceptId) {
      const others = (await userSessions(userId)).filter(({ id }) => id !== exceptId)
      await engine.batch(others.map(({ id }) => ({ kind: 'delete', in: sessionsSpec, id })))
      return others.length
    },

    async sweep() {
      const { items } = await sessions.find('byExpiry', { range: { to: Date.now() }, limit: 1000 })
      for (const { id } of items) await sessions.delete(id)
      return items.length
    },
  }
}

/** Was the refresh token of so many rotations ago rotated within the grace? */
function isWithinGrace({ rotations = [] }: SessionDocument, age: number): boolean {
  const rotatedAt = age > 0 ? rotations.at(-age) : undefined
  return rotatedAt !== undefined && Date.now() - rotatedAt <= graceSeconds * 1000
}

function ended(cause?: RefreshReuse): RegistryError {
  return new RegistryError('credentials_invalid', 'The session has ended. Sign in again.', {}, { cause })
}
