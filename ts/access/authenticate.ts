import { LRUCache } from 'lru-cache'
import { RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { type AddressRanges, addressRanges, isInRanges } from './cidrs.ts'
import { anonymous, type Credentials, isRobotId, type Principal } from './principal.ts'
import type { ReadRegistryToken, RegistryTokenHolder } from './registry-tokens.ts'
import { looksLikeJwt, type SessionTokens } from './session-tokens.ts'
import { isSessionOf, sessionId } from './sessions.ts'
import type { CheckSignIn } from './sign-in.ts'
import { endOf, whyEnded, withEnd } from './token-lifetime.ts'
import { isTokenText, looksLikeToken, tokenHash } from './token-text.ts'
import type { TokenUses } from './token-uses.ts'
import type { WarmRecords } from './warm-records.ts'

export interface AuthenticateDeps {
  readonly records: WarmRecords
  readonly signIn: CheckSignIn
  readonly sessionTokens: SessionTokens
  readonly readRegistryToken: ReadRegistryToken
  readonly uses: TokenUses
  /** How long tokens live at most; `undefined`: for as long as they like. */
  readonly maxTokenLifetimeDays: () => Promise<number | undefined>
}

/** Turns credentials into a principal, as `Access.authenticate` promises. */
export function authenticator(deps: AuthenticateDeps) {
  const { records, signIn, sessionTokens, readRegistryToken, uses, maxTokenLifetimeDays } = deps
  // Of tokens that there are: in a busy server one hash takes 5 to 13 µs, a tenth of a request.
  const hashes = new LRUCache<string, string>({ max: 1000 })
  // Records stay the same objects while they are warm, so the ranges of a token are compiled once.
  const ranges = new WeakMap<TokenDocument, AddressRanges>()

  function isAllowedFrom({ value }: Stored<TokenDocument>, address: string): boolean {
    if (value.cidrs.length === 0) return true
    const known = ranges.get(value) ?? addressRanges(value.cidrs)
    ranges.set(value, known)
    return isInRanges(known, address)
  }

  function hashOf(text: string): string {
    const known = hashes.get(text)
    if (known !== undefined) return known
    if (isTokenText(text)) return tokenHash(text)
    throw invalid('The token is mistyped or none of this server.')
  }

  async function byToken(text: string, address: string): Promise<Principal> {
    const hash = hashOf(text)
    const principal = await byTokenHash(hash, address)
    hashes.set(text, hash)
    return principal
  }

  async function byTokenHash(hash: string, address: string): Promise<Principal> {
    const [token, maxDays] = await Promise.all([records.token(hash), maxTokenLifetimeDays()])
    if (!token) throw invalid('The token is unknown or was revoked.')
    const { userId, previousUntil = 0 } = token.value
    if (token.value.hash !== hash && previousUntil <= Date.now()) {
      throw invalid('The token was rotated, and this is the old one. Use its new secret.')
    }
    if (endOf(token.value, maxDays) <= Date.now()) throw invalid(whyEnded(token.value, maxDays))
    if (!isAllowedFrom(token, address)) throw invalid(`The token may not be used from ${address}.`)
    const holder = await holderOf(userId)
    if (holder.kind === 'user') requirePassword(holder.user, token.value.passwordVersion)
    uses.note(token, address)
    return { ...holder, token: withEnd(token, maxDays) }
  }

  async function holderOf(id: string) {
    if (!isRobotId(id)) return { kind: 'user', user: activeUser(await records.user(id)) } as const
    const robot = await records.robot(id)
    if (!robot?.value.isActive) throw invalid('The robot is disabled or was deleted.')
    return { kind: 'robot', robot } as const
  }

  async function bySession(id: string): Promise<Principal> {
    const session = await records.session(id)
    const user = session && (await records.user(session.value.userId))
    if (!user || !isSessionOf(session, user)) throw invalid('The session has ended. Sign in again.')
    return { kind: 'user', user, sessionId: id }
  }

  async function byAccessToken(text: string): Promise<Principal> {
    const claims = sessionTokens.readAccess(text)
    if (!claims) throw invalid('The access token has expired or is none of this server. Refresh it, or sign in again.')
    return bySession(claims.sessionId)
  }

  async function byRegistryToken(text: string, address: string): Promise<Principal> {
    const claims = readRegistryToken(text)
    if (!claims) throw invalid('The registry token has expired or is none of this server. Fetch another.')
    const { holder, scopes, expiresAt } = claims
    return { ...(await byHolder(holder, address)), grant: { scopes, expiresAt } }
  }

  async function byHolder(holder: RegistryTokenHolder, address: string): Promise<Principal> {
    switch (holder.kind) {
      case 'anonymous':
        return anonymous
      case 'token':
        return byTokenHash(holder.hash, address)
      case 'user': {
        const user = activeUser(await records.user(holder.userId))
        requirePassword(user, holder.passwordVersion)
        return { kind: 'user', user }
      }
    }
  }

  return async (credentials: Credentials | undefined, clientAddress: string): Promise<Principal> => {
    if (!credentials) return anonymous
    if (credentials.kind === 'token') {
      const { token } = credentials
      return looksLikeJwt(token) ? byAccessToken(token) : byToken(token, clientAddress)
    }
    if (credentials.kind === 'registry-token') return byRegistryToken(credentials.token, clientAddress)
    if (credentials.kind === 'session') return bySession(sessionId(credentials.secret))
    const { username, password } = credentials
    // Clients that know nothing but Basic send a token as the password, under any username.
    if (looksLikeToken(password)) return byToken(password, clientAddress)
    return { kind: 'user', user: await signIn({ login: username, password, address: clientAddress }) }
  }
}

function activeUser(user: Stored<UserDocument> | undefined): Stored<UserDocument> {
  if (user?.value.isActive) return user
  throw invalid('The account is disabled.')
}

/** `version`: of the password that the user signed in with, if it did so with one. */
function requirePassword({ value }: Stored<UserDocument>, version = value.passwordVersion ?? 0): void {
  if ((value.passwordVersion ?? 0) !== version) throw invalid('The password was changed. Sign in again.')
}

function invalid(message: string): RegistryError {
  return new RegistryError('credentials_invalid', message)
}
