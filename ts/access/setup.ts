import { hash } from 'node:crypto'
import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Json, MetadataEngine, Stored } from '../metadata/engine.ts'
import { settings as settingsSpec } from '../metadata/sign-in-schema.ts'
import { randomBase62 } from './base62.ts'
import { changeDocument } from './change.ts'
import type { Organizations } from './organizations.ts'
import { checkNewPassword } from './passwords.ts'
import { checkNewUser, type NewUser, type Users } from './users.ts'

const settingId = 'setup'

export type FirstAdministrator = Pick<NewUser, 'username' | 'email' | 'password'>

/** From an empty store to one with an administrator. */
export interface Setup {
  /**
   * Call at every start: makes the default organization and finishes what an earlier start left half done.
   * While there is no administrator, resolves to the secret of a new setup link; every earlier link is void then.
   */
  prepare(): Promise<{ readonly linkSecret: string } | undefined>
  /** Is this the secret of the newest link, and has nobody used it? */
  checkLink(secret: string): Promise<'valid' | 'unknown' | 'done'>
  /**
   * Makes the platform's first admin, owner of the default organization; works once, also of two at a time. Throws
   * `precondition_failed` when it was done before, `payload_invalid` and `name_taken` with the field.
   */
  createFirstAdministrator(user: FirstAdministrator): Promise<Stored<UserDocument>>
  /** The first, or one more platform admin: for whoever holds the stores. Throws as the above, but never that it
   *  was done before. */
  createAdministrator(user: FirstAdministrator): Promise<Stored<UserDocument>>
}

interface SetupState {
  /** The id that the first admin's user will have: inserting it is what happens once. */
  readonly administratorId: string
  readonly linkHash: string
  readonly isDone: boolean
}

/** The setup of the store behind `engine`; its state is the setting `setup`. */
export function setupOf(
  engine: MetadataEngine,
  deps: { readonly users: Users; readonly organizations: Organizations; readonly defaultOrganization: string },
): Setup {
  const settings = engine.collection(settingsSpec)
  const { users, organizations, defaultOrganization } = deps

  async function load(): Promise<SetupState> {
    for (;;) {
      const setting = await settings.get(settingId)
      if (setting) return readState(setting.value.value)
      const value = { administratorId: newId('usr'), linkHash: '', isDone: false }
      await settings.insert(settingId, { value }).catch(unless('document_exists'))
    }
  }

  async function change(changes: Partial<SetupState>): Promise<void> {
    await changeDocument(settings, settingId, ({ value }) => ({ value: { ...readState(value), ...changes } }))
  }

  async function makeDefaultOrganization(): Promise<string> {
    const known = await organizations.findByName(defaultOrganization)
    if (known) return known.id
    try {
      return (await organizations.create({ name: defaultOrganization })).id
    } catch (err) {
      if (!hasCode(err, 'name_taken')) throw err
      const made = await organizations.findByName(defaultOrganization)
      if (made) return made.id
      throw new RegistryError('unavailable', `The default organization cannot be made: ${err.message}`)
    }
  }

  /** Everything after the user's insert; whoever finds it half done may do it again. */
  async function complete(administratorId: string): Promise<void> {
    await organizations.setMember(await makeDefaultOrganization(), administratorId, 'owner')
    await change({ isDone: true })
  }

  async function isDone({ isDone, administratorId }: SetupState): Promise<boolean> {
    if (isDone) return true
    if (!(await users.get(administratorId))) return false
    await complete(administratorId)
    return true
  }

  async function createFirstAdministrator(user: FirstAdministrator): Promise<Stored<UserDocument>> {
    const state = await load()
    if (await isDone(state)) throw alreadyDone()
    try {
      const made = await users.create({ ...user, isPlatformAdmin: true }, state.administratorId)
      await complete(made.id)
      return made
    } catch (err) {
      // Who lost the race hit the id, or the winner's username.
      if (hasCode(err, 'document_exists', 'name_taken') && (await isDone(await load()))) throw alreadyDone()
      throw err
    }
  }

  return {
    async prepare() {
      await makeDefaultOrganization()
      if (await isDone(await load())) return undefined
      const linkSecret = randomBase62(32)
      await change({ linkHash: hash('sha256', linkSecret) })
      return { linkSecret }
    },

    async checkLink(secret) {
      const state = await load()
      if (await isDone(state)) return 'done'
      return state.linkHash === hash('sha256', secret) ? 'valid' : 'unknown'
    },

    createFirstAdministrator,

    async createAdministrator(user) {
      checkNewUser(user)
      checkNewPassword(user.password, user)
      try {
        return await createFirstAdministrator(user)
      } catch (err) {
        if (!hasCode(err, 'precondition_failed')) throw err
        return users.create({ ...user, isPlatformAdmin: true })
      }
    },
  }
}

function readState(value: Json): SetupState {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const { administratorId, linkHash, isDone } = value as { readonly [key: string]: Json }
    if (typeof administratorId === 'string' && typeof linkHash === 'string' && typeof isDone === 'boolean') {
      return { administratorId, linkHash, isDone }
    }
  }
  throw new RegistryError('internal', 'The setting "setup" is damaged.')
}

function alreadyDone(): RegistryError {
  return new RegistryError('precondition_failed', 'This server is set up already: it has an administrator.')
}

function unless(code: 'document_exists') {
  return (err: unknown) => {
    if (!hasCode(err, code)) throw err
  }
}
