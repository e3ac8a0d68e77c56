import { hasCode, RegistryError } from '../errors.ts'
import { type UserDocument, users as usersSpec } from '../metadata/access-schema.ts'
import type { Json, MetadataEngine } from '../metadata/engine.ts'
import { settings as settingsSpec } from '../metadata/sign-in-schema.ts'

const settingId = 'platform-admins'
const pageSize = 1000

/**
 * The roster of platform admins, one document, so that of two who demote each other one is refused. Everyone with the
 * flag is on it while active; who is taken off is no longer counted, whatever happens after.
 */
export interface PlatformAdmins {
  /** Before the flag is set or the user enabled. */
  add(userId: string): Promise<void>
  /** Before the flag is taken, or the user disabled or deleted. Throws `unprocessable` when no other is left. */
  remove(userId: string): Promise<void>
}

/** The roster in the setting `platform-admins`, made from the users when it is first asked for. */
export function platformAdmins(engine: MetadataEngine): PlatformAdmins {
  const settings = engine.collection(settingsSpec)
  const users = engine.collection(usersSpec)

  async function fromUsers(): Promise<readonly string[]> {
    const ids: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await users.find('byUsername', { limit: pageSize, ...(after !== undefined && { after }) })
      ids.push(...page.items.filter(({ value }) => isAdmin(value)).map(({ id }) => id))
      if (page.next === undefined) return ids
      after = page.next
    }
  }

  async function change(edit: (ids: readonly string[]) => Promise<readonly string[]>): Promise<void> {
    for (;;) {
      const known = await settings.get(settingId)
      const value = { value: await edit(known ? readIds(known.value.value) : await fromUsers()) }
      try {
        if (known) await settings.update(settingId, known.revision, value)
        else await settings.insert(settingId, value)
        return
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  async function stillAdmins(ids: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(ids.map((id) => users.get(id)))
    return found.flatMap((user) => (user && isAdmin(user.value) ? [user.id] : []))
  }

  return {
    add: (userId) => change(async (ids) => [...ids.filter((id) => id !== userId), userId]),

    remove: (userId) =>
      change(async (ids) => {
        const others = await stillAdmins(ids.filter((id) => id !== userId))
        if (others.length > 0) return others
        const message = 'This is the last platform admin. Make somebody else one first.'
        throw new RegistryError('unprocessable', message, { field: 'isPlatformAdmin' })
      }),
  }
}

function isAdmin({ isActive, isPlatformAdmin }: UserDocument): boolean {
  return isActive && isPlatformAdmin
}

function readIds(value: Json): readonly string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []
}
