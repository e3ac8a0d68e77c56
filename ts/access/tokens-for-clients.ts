import { hasCode } from '../errors.ts'
import type { Action, UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import type { MadeToken, Tokens } from './tokens.ts'

const lifetimeDays = 365
/** More are not kept, neither of one client nor of all: those that were not used for longest go. */
const maxOfClient = 20
const maxOfAll = 100
const pageSize = 200

export interface ClientToken {
  /** As it was when its password was checked. */
  readonly user: Stored<UserDocument>
  /** What the client calls itself; the token is named for it: `docker login`. */
  readonly client: string
  readonly protocol: string
  readonly actions: readonly Action[]
}

/**
 * A token for a client whose user signed in with a password, to keep in place of that: for a year, or as long as tokens
 * may live here, or until the password changes. Signing in again and again leaves no more than 20 of a client, and none
 * that another password was given for.
 */
export async function tokenForClient(
  tokens: Pick<Tokens, 'create' | 'list' | 'revoke'>,
  { user, client, protocol, actions }: ClientToken,
): Promise<MadeToken> {
  const expiresAt = Date.now() + lifetimeDays * 86_400_000
  const userId = user.id
  const passwordVersion = user.value.passwordVersion ?? 0
  const wanted = { userId, name: `${client} login`, actions, protocols: [protocol], client, passwordVersion, expiresAt }
  const made = await tokens.create({ ...wanted, shortened: true })
  const others = (await ofClients(tokens, userId)).filter(({ id }) => id !== made.token.id)
  const ended = others.filter(({ value }) => (value.passwordVersion ?? passwordVersion) < passwordVersion)
  const same = others.filter(({ value }) => value.client === client)
  const tooMany = new Set([...ended, ...same.slice(maxOfClient - 1), ...others.slice(maxOfAll - 1)])
  for (const { id } of tooMany) await tokens.revoke(userId, id).catch(ifGone)
  return made
}

/** Those that clients were given so, the last used first. */
async function ofClients(tokens: Pick<Tokens, 'list'>, userId: string): Promise<readonly Stored<TokenDocument>[]> {
  const found: Stored<TokenDocument>[] = []
  for (let after: string | undefined; ; ) {
    const { items, next } = await tokens.list(userId, { limit: pageSize, ...(after !== undefined && { after }) })
    found.push(...items.filter(({ value }) => value.client !== undefined))
    if (next === undefined) return found.toSorted((a, b) => lastSeen(b) - lastSeen(a))
    after = next
  }
}

/** Revoked by another sign-in at the same time. */
function ifGone(err: unknown): void {
  if (!hasCode(err, 'token_unknown')) throw err
}

function lastSeen({ value }: Stored<TokenDocument>): number {
  return value.lastUsedAt ?? value.createdAt
}
