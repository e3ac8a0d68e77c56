import jwt from 'jsonwebtoken'
import { LRUCache } from 'lru-cache'
import type { Action } from '../metadata/access-schema.ts'
import type { Grant, Principal, Scope } from './principal.ts'

/** How long a token is good. Clients fetch another when this has passed. */
export const registryTokenSeconds = 5 * 60

const issuer = 'stowage'
/** Its own, so that no session's token is taken for one of these, nor one of these for a session's. */
const audience = 'stowage-registry'
const algorithm = 'HS256'

/** Who holds a token: looked up again at each request, so that what ends its rights ends the token. */
export type RegistryTokenHolder =
  | { readonly kind: 'anonymous' }
  /** Signed in with a token of the list, by the SHA-256 of its secret: a rotation or revocation counts. */
  | { readonly kind: 'token'; readonly hash: string }
  /** Signed in with the password that the user had then. */
  | { readonly kind: 'user'; readonly userId: string; readonly passwordVersion: number }

export interface RegistryTokenClaims extends Grant {
  readonly holder: RegistryTokenHolder
}

export interface IssuedRegistryToken {
  readonly text: string
  /** Epoch milliseconds, whole seconds. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * Tokens of a registry's token service: JWTs, good for minutes, that say who and for what; rights are asked again at each
 * request. Nothing of them is stored.
 */
export interface RegistryTokens {
  /** For who asked, and these scopes. A principal that came with such a token itself gets none: throws. */
  issue(principal: Principal, scopes: readonly Scope[]): IssuedRegistryToken
}

/** Reads what `RegistryTokens` made; `undefined` for what is not ours, has expired, or is of another kind. */
export type ReadRegistryToken = (text: string) => RegistryTokenClaims | undefined

/**
 * Signed with HMAC-SHA-256 and this secret, of at least 32 characters; no other algorithm is read. `now`: epoch
 * milliseconds; for tests.
 */
export function registryTokens(secret: string, now = Date.now): RegistryTokens & { readonly read: ReadRegistryToken } {
  // To verify one takes longer than all the rest of the gate.
  const known = new LRUCache<string, RegistryTokenClaims>({ max: 1000 })

  function readNew(text: string): RegistryTokenClaims | undefined {
    const claims = verified(text, secret)
    if (claims === undefined || typeof claims === 'string') return undefined
    const { holder, scopes, exp } = claims as jwt.JwtPayload & Partial<RegistryTokenClaims>
    // Signed by us, so they have the form that `issue` gave them, or that of another release.
    if (!holder || !Array.isArray(scopes) || exp === undefined) return undefined
    return { holder, scopes: scopes.filter(isScope), expiresAt: exp * 1000 }
  }

  return {
    issue(principal, scopes) {
      const issuedAt = Math.floor(Date.now() / 1000)
      const claims = { iat: issuedAt, holder: holderOf(principal), scopes }
      const text = jwt.sign(claims, secret, { algorithm, issuer, audience, expiresIn: registryTokenSeconds })
      return { text, issuedAt: issuedAt * 1000, expiresAt: (issuedAt + registryTokenSeconds) * 1000 }
    },

    read(text) {
      const claims = known.get(text) ?? readNew(text)
      if (!claims || claims.expiresAt <= now()) return undefined
      known.set(text, claims)
      return claims
    },
  }
}

function holderOf(principal: Principal): RegistryTokenHolder {
  if (principal.grant) throw new Error('A registry token is not made for who came with one')
  if (principal.kind === 'anonymous') return { kind: 'anonymous' }
  if (principal.token) return { kind: 'token', hash: principal.token.value.hash }
  if (principal.kind === 'robot') throw new Error('A robot comes with a token')
  const { id, value } = principal.user
  return { kind: 'user', userId: id, passwordVersion: value.passwordVersion ?? 0 }
}

function isScope(value: unknown): value is Scope {
  const { kind, name, actions } = (value ?? {}) as { kind?: unknown; name?: unknown; actions?: readonly Action[] }
  return (kind === 'package' || kind === 'catalog') && typeof name === 'string' && Array.isArray(actions)
}

function verified(text: string, secret: string) {
  try {
    return jwt.verify(text, secret, { algorithms: [algorithm], issuer, audience })
  } catch (err) {
    if (err instanceof jwt.JsonWebTokenError) return undefined
    throw err
  }
}
