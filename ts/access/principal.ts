import type { Action, RobotDocument, UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'

/** What a client presented, before anybody looked whether it is valid. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'session'; readonly secret: string }
  /** A token of `RegistryTokens`: a protocol that has a token service alone reads these. */
  | { readonly kind: 'registry-token'; readonly token: string }

/** What a token of `RegistryTokens` was given. */
export interface Scope {
  /** `package`: one by its name, as clients say it; `catalog`: the list of all. */
  readonly kind: 'package' | 'catalog'
  readonly name: string
  readonly actions: readonly Action[]
}

/**
 * Present when the request came with a token of `RegistryTokens`: nothing but these scopes counts, and of them what the
 * principal may do now. The gate bars every action that no scope has; which package a scope is of, the protocol asks.
 */
export interface Grant {
  readonly scopes: readonly Scope[]
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export interface UserPrincipal {
  readonly kind: 'user'
  readonly user: Stored<UserDocument>
  /** Present when the request came with a token: it narrows what the user may do. */
  readonly token?: Stored<TokenDocument>
  /** Present when the request belongs to a session. */
  readonly sessionId?: string
  readonly grant?: Grant
}

/** An organization's robot; it comes with a token always. */
export interface RobotPrincipal {
  readonly kind: 'robot'
  readonly robot: Stored<RobotDocument>
  readonly token: Stored<TokenDocument>
  readonly grant?: Grant
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous'
  readonly grant?: Grant
}

/** Who asks. A token never has more than its user or robot has now. */
export type Principal = AnonymousPrincipal | UserPrincipal | RobotPrincipal

export const anonymous: Principal = { kind: 'anonymous' }

/** Why what came with a token of scopes may not do this anywhere; `undefined` for who came without one. */
export function whyNotGranted({ grant }: Principal, action: Action): string | undefined {
  if (!grant || grant.scopes.some(({ actions }) => actions.includes(action))) return undefined
  return `the registry token was not given ${action}`
}

/** Who acts, for records, logs and messages: a user's or robot's id and name. */
export interface Actor {
  readonly id: string
  readonly name: string
}

/** `anonymous` for nobody. */
export function actorOf(principal: Principal): Actor {
  if (principal.kind === 'user') return { id: principal.user.id, name: principal.user.value.username }
  if (principal.kind === 'robot') return { id: principal.robot.id, name: principal.robot.value.name }
  return { id: 'anonymous', name: 'anonymous' }
}

const robotPrefix = 'rob_'

/** Does the id name a robot? Ids carry their kind; see ids.ts. */
export function isRobotId(id: string): boolean {
  return id.startsWith(robotPrefix)
}
