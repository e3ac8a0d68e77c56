import type { Access } from '../access/access.ts'
import { anonymous, isRobotId, type Principal } from '../access/principal.ts'
import { allActions } from '../access/tokens.ts'
import type { RobotDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { type HolderOptions, type NamedHolder, nameOfHolder, oneOf, readHolder } from './holders.ts'
import { requireRobot } from './required.ts'
import { requireUser } from './with-access.ts'

export interface PrincipalOptions extends HolderOptions {
  readonly anonymous?: true
  /** The id of a token. */
  readonly token?: string
}

/** For whom a decision is explained, as it was written. */
export type NamedPrincipal =
  | NamedHolder
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'token'; readonly id: string }

/** The one that was named. Throws `UsageError` for none or several. */
export function readPrincipal(options: PrincipalOptions): NamedPrincipal {
  const { anonymous: isAnonymous, user, robot, token } = options
  const given = [isAnonymous, user, robot, token].filter((option) => option !== undefined).length
  if (given !== 1) throw oneOf(['--user', '--robot', '--token', '--anonymous'], given)
  if (isAnonymous) return { kind: 'anonymous' }
  return token === undefined ? readHolder(options, ['user', 'robot']) : { kind: 'token', id: token }
}

/** As it was written: `jane`, `acme/ci`, `tok_0191ex5m2`, `anonymous`. */
export function nameOfPrincipal(who: NamedPrincipal): string {
  if (who.kind === 'anonymous') return who.kind
  return who.kind === 'token' ? who.id : nameOfHolder(who)
}

/** What the gate takes; throws with one sentence when there is no such user, robot or token. */
export async function requirePrincipal(access: Access, who: NamedPrincipal): Promise<Principal> {
  if (who.kind === 'anonymous') return anonymous
  if (who.kind === 'token') return requireTokenOf(access, who.id)
  if (who.kind === 'user') return { kind: 'user', user: await requireUser(access, who.name) }
  const robot = await requireRobot(access, who.place)
  return { kind: 'robot', robot, token: unlimitedToken(robot) }
}

async function requireTokenOf(access: Access, id: string): Promise<Principal> {
  const token = await access.tokens.get(id)
  if (!token) throw new Error(`There is no token "${id}".`)
  const { userId } = token.value
  const robot = isRobotId(userId) ? await access.robots.get(userId) : undefined
  if (robot) return { kind: 'robot', robot, token }
  const user = await access.users.get(userId)
  if (user) return { kind: 'user', user, token }
  throw new Error(`The user or robot of the token "${id}" was deleted.`)
}

/** A robot comes with a token always: here with one that was never made and narrows nothing. */
function unlimitedToken({ id: userId }: Stored<RobotDocument>): Stored<TokenDocument> {
  const value = { hash: '', hint: '', userId, name: 'any', actions: allActions, cidrs: [], createdAt: 0 }
  return { id: 'tok_any', revision: 0, value }
}
