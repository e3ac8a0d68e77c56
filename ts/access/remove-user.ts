import { hasCode } from '../errors.ts'
import { memberships as membershipsSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { lastOwner } from './organization-owners.ts'
import type { Organizations } from './organizations.ts'
import type { RepositoryGrants } from './repository-grants.ts'
import type { Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'
import type { Users } from './users.ts'

export interface RemoveUserDeps {
  readonly engine: MetadataEngine
  readonly users: Users
  readonly organizations: Organizations
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly grants: RepositoryGrants
}

/**
 * Deletes a user and all that let it in; what was published stays. Once begun the user is disabled, and a repeat goes
 * on. Throws `unprocessable` for the last platform admin and for the last owner of an organization, `user_unknown`.
 */
export function userRemoval({ engine, users, organizations, sessions, tokens, grants }: RemoveUserDeps) {
  const memberships = engine.collection(membershipsSpec)

  async function ownerships(userId: string) {
    const all = await organizations.membershipsOf(userId)
    return all.filter(({ value }) => value.role === 'owner')
  }

  /** The names of organizations whose last owner this is. */
  async function leftWithoutOwner(userId: string): Promise<readonly string[]> {
    const names: string[] = []
    for (const { value } of await ownerships(userId)) {
      await organizations.requireOtherOwner(value.organizationId, userId).catch(async (err: unknown) => {
        if (!hasCode(err, 'unprocessable')) throw err
        names.push((await organizations.get(value.organizationId))?.value.name ?? value.organizationId)
      })
    }
    return names
  }

  return async (id: string): Promise<void> => {
    // First all that may refuse it, so that a refusal leaves everything as it was.
    const left = await leftWithoutOwner(id)
    if (left.length > 0) throw lastOwner(left)
    await users.update(id, { isActive: false, isPlatformAdmin: false })
    for (;;) {
      const { items } = await memberships.find('byUser', { equals: { userId: id } })
      for (const { value } of items) await organizations.removeMember(value.organizationId, id)
      if (items.length === 0) break
    }
    await sessions.endAll(id)
    await tokens.revokeAll(id)
    await grants.withdrawEverywhere(id)
    await users.forget(id)
  }
}
