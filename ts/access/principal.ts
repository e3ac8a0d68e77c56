import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument, UserDocument } from '../metadata/schema.ts'

/** What a client presented, before anybody looked whether it is valid. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'session'; readonly secret: string }

/** Who asks. A token never has more than its user has now. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user'
      readonly user: Stored<UserDocument>
      /** Present when the request came with a token: it narrows what the user may do. */
      readonly token?: Stored<TokenDocument>
    }

export const anonymous: Principal = { kind: 'anonymous' }

/** The signed-in user's id for records and logs; `anonymous` for nobody. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'user' ? principal.user.id : 'anonymous'
}
