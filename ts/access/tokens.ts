import { RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Action } from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { type TokenDocument, tokens as tokensSpec } from '../metadata/sign-in-schema.ts'
import { changeDocument } from './change.ts'
import { checkCidr } from './cidrs.ts'
import { checkPattern } from './name-patterns.ts'
import { checkLabel } from './names.ts'
import { endOf, expiryWithin, withEnd } from './token-lifetime.ts'
import { hintLength, isTokenText, newTokenText, tokenHash } from './token-text.ts'

export const allActions: readonly Action[] = ['read', 'write', 'delete', 'admin']
const maxLimits = 200
const maxGraceSeconds = 30 * 86_400

export interface NewToken {
  /** Whose rights it has: a user's id, or a robot's. */
  readonly userId: string
  readonly name: string
  /** The client that it is made for, where its user signs in with a password; see tokens-for-clients.ts. */
  readonly client?: string
  /** The user's, which ends the token when it becomes another. */
  readonly passwordVersion?: number
  readonly actions: readonly Action[]
  /** Limits, each absent for none: protocol ids, organization ids, repository ids, package names or `name*`. */
  readonly protocols?: readonly string[]
  readonly organizations?: readonly string[]
  readonly repositories?: readonly string[]
  readonly packages?: readonly string[]
  /** IPv4 and IPv6 ranges or addresses; absent or empty: from everywhere. */
  readonly cidrs?: readonly string[]
  /** Epoch milliseconds, in the future; absent: never. */
  readonly expiresAt?: number
  /** True: an expiry beyond the platform's maximum, or none, becomes the latest one; else it is refused. */
  readonly shortened?: boolean
}

/** Tokens: made once, shown once, found by their hash. */
export interface Tokens {
  /** Throws `payload_invalid` with the field. */
  create(token: NewToken): Promise<MadeToken>
  /** The record of a token's text, whatever its expiry; `undefined` for an unknown, revoked or mistyped one. */
  find(text: string): Promise<Stored<TokenDocument> | undefined>
  get(id: string): Promise<Stored<TokenDocument> | undefined>
  /** Those of a user or robot, newest first. */
  list(userId: string, page: { limit?: number; after?: string }): Promise<Page<TokenDocument>>
  /** Throws `token_unknown` when the user has no token with this id. */
  revoke(userId: string, id: string): Promise<void>
  /**
   * Ends what this text is the secret of: the token, expired or not; of one that was rotated, the old secret alone.
   * Unknown is success: to hold the text is all that it takes. Resolves to the token that it was of.
   */
  endSecret(text: string): Promise<Stored<TokenDocument> | undefined>
  /** All of a user or robot. */
  revokeAll(userId: string): Promise<void>
  /**
   * A new secret for the same token; the old one works for `graceSeconds` more (0: not at all). Throws
   * `token_unknown` as `revoke`, `payload_invalid` (field `graceSeconds`) beyond 30 days, `unprocessable` when expired.
   */
  rotate(userId: string, id: string, graceSeconds: number): Promise<MadeToken>
}

/** `text` is the token itself, to be shown once and never again. */
export interface MadeToken {
  readonly text: string
  readonly token: Stored<TokenDocument>
}

/** Tokens in the collection of that name. */
export function tokenDirectory(engine: MetadataEngine, maxDays: () => Promise<number | undefined>): Tokens {
  const tokens = engine.collection(tokensSpec)

  async function find(text: string): Promise<Stored<TokenDocument> | undefined> {
    if (!isTokenText(text)) return undefined
    const { items } = await tokens.find('byHash', { equals: { hash: tokenHash(text) }, limit: 1 })
    return items[0]
  }

  return {
    async create(token) {
      const checked = checkNewToken(token, await maxDays())
      const text = newTokenText()
      const value = { hash: tokenHash(text), hint: text.slice(0, hintLength), ...checked, createdAt: Date.now() }
      return { text, token: await tokens.insert(newId('tok'), value) }
    },

    find,

    async get(id) {
      // First, so that a token that is not there costs the same as somebody else's.
      const days = await maxDays()
      const token = await tokens.get(id)
      return token && withEnd(token, days)
    },

    async list(userId, page) {
      const { items, ...more } = await tokens.find('byUser', { equals: { userId }, order: 'descending', ...page })
      const days = await maxDays()
      return { items: items.map((token) => withEnd(token, days)), ...more }
    },

    async revoke(userId, id) {
      const token = await tokens.get(id)
      if (token?.value.userId !== userId) throw unknownToken()
      await tokens.delete(id)
    },

    async endSecret(text) {
      const token = await find(text)
      if (token) {
        await tokens.delete(token.id)
        return token
      }
      if (!isTokenText(text)) return undefined
      const previousHash = tokenHash(text)
      const { items } = await tokens.find('byPreviousHash', { equals: { previousHash }, limit: 1 })
      for (const { id } of items) {
        // A rotation meanwhile has ended it already.
        await changeDocument(tokens, id, (value) => (value.previousHash === previousHash ? withoutOld(value) : value))
      }
      return items[0]
    },

    async revokeAll(userId) {
      for (;;) {
        const { items } = await tokens.find('byUser', { equals: { userId }, limit: 200 })
        if (items.length === 0) return
        for (const { id } of items) await tokens.delete(id)
      }
    },

    async rotate(userId, id, graceSeconds) {
      if (!(graceSeconds >= 0 && graceSeconds <= maxGraceSeconds)) {
        throw invalid('graceSeconds', 'The old secret can go on working for at most 30 days.')
      }
      const days = await maxDays()
      const text = newTokenText()
      const rotated = await changeDocument(tokens, id, (token) => {
        if (token.userId !== userId) throw unknownToken()
        if (endOf(token, days) <= Date.now()) {
          throw new RegistryError('unprocessable', 'The token has expired. Make a new one.')
        }
        return rotatedTo(text, token, Math.min(Date.now() + graceSeconds * 1000, endOf(token, days)))
      })
      if (!rotated) throw unknownToken()
      return { text, token: withEnd(rotated, days) }
    },
  }
}

/** With a new secret; the old one works until then, if that is yet to come. */
function rotatedTo(text: string, token: TokenDocument, oldUntil: number): TokenDocument {
  const rotatedAt = Date.now()
  const previous = oldUntil > rotatedAt && { previousHash: token.hash, previousUntil: Math.round(oldUntil) }
  // Its user has asked for it by another way than the password that it was made with.
  const { passwordVersion: _, ...kept } = withoutOld(token)
  return { ...kept, hash: tokenHash(text), hint: text.slice(0, hintLength), rotatedAt, ...previous }
}

/** The token without the secret that it had before. */
function withoutOld({ previousHash: _hash, previousUntil: _until, ...token }: TokenDocument): TokenDocument {
  return token
}

function unknownToken(): RegistryError {
  return new RegistryError('token_unknown', 'There is no such token.')
}

function checkNewToken(
  token: NewToken,
  maxDays: number | undefined,
): Omit<TokenDocument, 'hash' | 'hint' | 'createdAt'> {
  const { protocols, organizations, repositories, packages, client, passwordVersion } = token
  const expiresAt = expiryWithin(maxDays, token)
  const actions = allActions.filter((action) => token.actions.includes(action))
  if (actions.length === 0) throw invalid('actions', 'A token may do at least one of: read, write, delete, admin.')
  if (expiresAt !== undefined && !(Number.isSafeInteger(expiresAt) && expiresAt > Date.now())) {
    throw invalid('expiresAt', 'The expiry must be a time in the future.')
  }
  return {
    userId: token.userId,
    name: checkLabel('name', token.name, 100),
    actions,
    ...(client !== undefined && { client: checkLabel('client', client, 100) }),
    ...(passwordVersion !== undefined && { passwordVersion }),
    ...(protocols && { protocols: checkLimits('protocols', protocols) }),
    ...(organizations && { organizations: checkLimits('organizations', organizations) }),
    ...(repositories && { repositories: checkLimits('repositories', repositories) }),
    ...(packages && {
      packages: checkLimits('packages', packages).map((pattern) => checkPattern(pattern, 'packages', '@acme/*')),
    }),
    cidrs: checkLimits('cidrs', token.cidrs ?? []).map(checkCidr),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function checkLimits(field: string, values: readonly string[]): readonly string[] {
  if (values.length > maxLimits) throw invalid(field, `At most ${maxLimits} can be listed.`)
  return values.map((value) => checkLabel(field, value, 300))
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
