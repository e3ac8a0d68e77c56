import jwt from 'jsonwebtoken'

const accessSeconds = 15 * 60
const issuer = 'stowage'
const algorithm = 'HS256'

/** What each kind of token is for; neither is taken for the other. */
const audiences = { access: 'stowage-api', refresh: 'stowage-refresh' } as const

export interface SessionClaims {
  readonly sessionId: string
  readonly userId: string
}

/** Signs and reads what a session of the API carries. Nothing of it is stored. */
export interface SessionTokens {
  /** A JWT for 15 minutes. `expiresAt`: epoch milliseconds. */
  access(session: SessionClaims): { readonly text: string; readonly expiresAt: number }
  /** A JWT until `expiresAt` (epoch milliseconds), for this rotation of the session. */
  refresh(session: SessionClaims & { readonly generation: number; readonly expiresAt: number }): string
  /** `undefined` for what is not ours, has expired, or is of another kind. */
  readAccess(text: string): SessionClaims | undefined
  readRefresh(text: string): (SessionClaims & { readonly generation: number }) | undefined
}

/** True for text that was meant to be a JWT. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text)
}

/** Signed with HMAC-SHA-256 and this secret, of at least 32 characters; no other algorithm is read. */
export function sessionTokens(secret: string): SessionTokens {
  function sign(audience: string, { sessionId, userId }: SessionClaims, more: object, seconds: number): string {
    const options = { algorithm, issuer, audience, subject: userId, expiresIn: seconds } as const
    return jwt.sign({ sid: sessionId, ...more }, secret, options)
  }

  function read(audience: string, text: string): (SessionClaims & { generation: unknown }) | undefined {
    const claims = verified(text, secret, audience)
    if (claims === undefined || typeof claims === 'string') return undefined
    const { sid, sub, gen } = claims as jwt.JwtPayload & { sid?: unknown; gen?: unknown }
    if (typeof sid !== 'string' || typeof sub !== 'string') return undefined
    return { sessionId: sid, userId: sub, generation: gen }
  }

  return {
    access: (session) => ({
      text: sign(audiences.access, session, {}, accessSeconds),
      expiresAt: (Math.floor(Date.now() / 1000) + accessSeconds) * 1000,
    }),

    refresh: ({ generation, expiresAt, ...session }) =>
      sign(audiences.refresh, session, { gen: generation }, Math.ceil((expiresAt - Date.now()) / 1000)),

    readAccess(text) {
      const claims = read(audiences.access, text)
      return claims && { sessionId: claims.sessionId, userId: claims.userId }
    },

    readRefresh(text) {
      const claims = read(audiences.refresh, text)
      if (typeof claims?.generation !== 'number') return undefined
      return { ...claims, generation: claims.generation }
    },
  }
}

function verified(text: string, secret: string, audience: string) {
  try {
    return jwt.verify(text, secret, { algorithms: [algorithm], issuer, audience })
  } catch (err) {
    if (err instanceof jwt.JsonWebTokenError) return undefined
    throw err
  }
}
