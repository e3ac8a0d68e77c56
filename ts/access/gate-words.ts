import { RegistryError } from '../errors.ts'
import type { Action, MembershipDocument } from '../metadata/access-schema.ts'
import type { Decision } from './access.ts'
import type { Principal } from './principal.ts'
import type { WarmRecords } from './warm-records.ts'

/** Looked up in place of what does not exist, so that both cases ask the same. */
export const nobodysId = '-'
/** Longer names and ids are nobody's, and not looked up. */
export const maxNameLength = 64
/** What an action is called in a sentence. */
export const verbs: Record<Action, string> = { read: 'read', write: 'write', delete: 'delete', admin: 'administrate' }

/** A user's membership of an organization; robots and strangers have none. */
export async function membershipOf(
  records: WarmRecords,
  principal: Principal,
  organizationId: string,
): Promise<MembershipDocument | undefined> {
  if (principal.kind !== 'user') return undefined
  return (await records.membership(organizationId, principal.user.id))?.value
}

/** What a principal is told that may see the thing, and not do this with it. */
export function denied(principal: Principal, action: Action, { rule }: Decision): RegistryError {
  if (principal.kind === 'anonymous') return signInFirst()
  return new RegistryError('access_denied', `${refused[action]}: ${rule}.`)
}

const refused: Record<Action, string> = {
  read: 'You may not read this',
  write: 'You may not write here',
  delete: 'You may not delete this',
  admin: 'You may not do this',
}

/** What nobody is told, whether the thing exists or not. */
export function signInFirst(): RegistryError {
  return new RegistryError('auth_required', 'Sign in first: this needs a token or a username and password.')
}
