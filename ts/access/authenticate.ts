import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument, UserDocument } from '../metadata/schema.ts'
import { type AddressRanges, addressRanges, isInRanges } from './cidrs.ts'
import { anonymous, type Credentials, isRobotId, type Principal } from './principal.ts'
import { sessionId } from './sessions.ts'
import { isTokenText, looksLikeToken, tokenHash } from './token-text.ts'
import type { TokenUses } from './token-uses.ts'
import type { Users } from './users.ts'
import type { WarmRecords } from './warm-records.ts'

export interface AuthenticateDeps {
  readonly records: WarmRecords
  readonly users: Users
  readonly uses: TokenUses
}

/** Turns credentials into a principal, as `Access.authenticate` promises. */
export function authenticator({ records, users, uses }: AuthenticateDeps) {
  // Records stay the same objects while they are warm, so the ranges of a token are compiled once.
  const ranges = new WeakMap<TokenDocument, AddressRanges>()

  function isAllowedFrom({ value }: Stored<TokenDocument>, address: string): boolean {
    if (value.cidrs.length === 0) return true
    const known = ranges.get(value) ?? addressRanges(value.cidrs)
    ranges.set(value, known)
    return isInRanges(known, address)
  }

  async function byToken(text: string, address: string): Promise<Principal> {
    if (!isTokenText(text)) throw invalid('The token is mistyped or none of this server.')
    const token = await records.token(tokenHash(text))
    if (!token) throw invalid('The token is unknown or was revoked.')
    const { expiresAt, userId, previousUntil = 0 } = token.value
    if (token.value.hash !== tokenHash(text) && previousUntil <= Date.now()) {
      throw invalid('The token was rotated, and this is the old one. Use its new secret.')
    }
    if (expiresAt !== undefined && expiresAt <= Date.now()) throw invalid('The token has expired. Make a new one.')
    if (!isAllowedFrom(token, address)) throw invalid(`The token may not be used from ${address}.`)
    const holder = await holderOf(userId)
    uses.note(token, address)
    return { ...holder, token }
  }

  async function holderOf(id: string) {
    if (!isRobotId(id)) return { kind: 'user', user: activeUser(await records.user(id)) } as const
    const robot = await records.robot(id)
    if (!robot?.value.isActive) throw invalid('The robot is disabled or was deleted.')
    return { kind: 'robot', robot } as const
  }

  async function byPassword(username: string, password: string): Promise<Principal> {
    const user = await users.checkPassword(username, password)
    if (!user) throw invalid('Wrong username or password.')
    return { kind: 'user', user }
  }

  async function bySession(secret: string): Promise<Principal> {
    const session = await records.session(sessionId(secret))
    if (!session || session.value.expiresAt <= Date.now()) throw invalid('The session has ended. Sign in again.')
    return { kind: 'user', user: activeUser(await records.user(session.value.userId)) }
  }

  return async (credentials: Credentials | undefined, clientAddress: string): Promise<Principal> => {
    if (!credentials) return anonymous
    if (credentials.kind === 'token') return byToken(credentials.token, clientAddress)
    if (credentials.kind === 'session') return bySession(credentials.secret)
    const { username, password } = credentials
    // Clients that know nothing but Basic send a token as the password, under any username.
    return looksLikeToken(password) ? byToken(password, clientAddress) : byPassword(username, password)
  }
}

function activeUser(user: Stored<UserDocument> | undefined): Stored<UserDocument> {
  if (user?.value.isActive) return user
  throw invalid('The account is disabled.')
}

function invalid(message: string): RegistryError {
  return new RegistryError('credentials_invalid', message)
}
