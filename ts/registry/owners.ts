import { isDeepStrictEqual } from 'node:util'
import type { Users } from '../access/users.ts'
import { RegistryError } from '../errors.ts'
import type { Edit } from './swap.ts'

/** The id of a user that may become an owner, by id or username; else `payload_invalid` for the field. */
export async function ownerNamed(
  users: Pick<Users, 'get' | 'findByUsername'>,
  key: string,
  field: string,
): Promise<string> {
  const user = (key.isWellFormed() ? await users.get(key) : undefined) ?? (await users.findByUsername(key))
  if (user) return user.id
  throw new RegistryError('payload_invalid', `${field}: there is no user "${key}".`, { field })
}

/** Changes the owners, ids of users and robots. Throws `payload_invalid` when none would be left. */
export function owning(next: (owners: readonly string[]) => readonly string[], field: string): Edit {
  return ({ owners }) => {
    const changed = [...new Set(next(owners))]
    if (isDeepStrictEqual(changed, owners)) return undefined
    if (changed.length > 0) return { owners: changed }
    throw new RegistryError('payload_invalid', 'A package has at least one owner; add somebody else first.', { field })
  }
}
