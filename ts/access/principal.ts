import type { RobotDocument, UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'

/** What a client presented, before anybody looked whether it is valid. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'session'; readonly secret: string }

export interface UserPrincipal {
  readonly kind: 'user'
  readonly user: Stored<UserDocument>
  /** Present when the request came with a token: it narrows what the user may do. */
  readonly token?: Stored<TokenDocument>
  /** Present when the request belongs to a session. */
  readonly sessionId?: string
}

/** An organization's robot; it comes with a token always. */
export interface RobotPrincipal {
  readonly kind: 'robot'
  readonly robot: Stored<RobotDocument>
  readonly token: Stored<TokenDocument>
}

/** Who asks. A token never has more than its user or robot has now. */
export type Principal = { readonly kind: 'anonymous' } | UserPrincipal | RobotPrincipal

export const anonymous: Principal = { kind: 'anonymous' }

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
