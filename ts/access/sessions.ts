import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { type SessionDocument, sessions as sessionsSpec } from '../metadata/schema.ts'
import { randomBase62 } from './base62.ts'

const lifetimeSeconds = 7 * 24 * 3600

/** Browsers that are signed in. The secret is the cookie's value; its SHA-256 is stored. */
export interface Sessions {
  /** `expiresAt`: epoch milliseconds, seven days ahead. */
  start(userId: string): Promise<{ readonly secret: string; readonly expiresAt: number }>
  /** `undefined` for an unknown, ended or expired session. */
  find(secret: string): Promise<Stored<SessionDocument> | undefined>
  /** Ending what has ended is success. */
  end(secret: string): Promise<void>
  /** Removes what has expired, at most 1000; resolves to how many. */
  sweep(): Promise<number>
}

/** A session's id: the SHA-256 of its secret. */
export function sessionId(secret: string): string {
  return hash('sha256', secret)
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
export function sessionDirectory(engine: MetadataEngine): Sessions {
  const sessions = engine.collection(sessionsSpec)

  return {
    async start(userId) {
      const secret = randomBase62(32)
      const createdAt = Date.now()
      const expiresAt = createdAt + lifetimeSeconds * 1000
      await sessions.insert(sessionId(secret), { userId, createdAt, expiresAt })
      return { secret, expiresAt }
    },

    async find(secret) {
      const session = await sessions.get(sessionId(secret))
      return session && session.value.expiresAt > Date.now() ? session : undefined
    },

    end: (secret) => sessions.delete(sessionId(secret)),

    async sweep() {
      const { items } = await sessions.find('byExpiry', { range: { to: Date.now() }, limit: 1000 })
      for (const { id } of items) await sessions.delete(id)
      return items.length
    },
  }
}
