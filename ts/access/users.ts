import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { type UserDocument, users as usersSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { changeDocument, changedMeanwhile } from './change.ts'
import { checkEmail, checkLabel, checkNewUsername, confusableKey, usernameKey } from './names.ts'
import { checkNewPassword, type Passwords } from './passwords.ts'
import type { PlatformAdmins } from './platform-admins.ts'
import type { PlatformSettings } from './platform-settings.ts'

export interface NewUser {
  readonly username: string
  readonly email: string
  readonly password: string
  /** Default: the username. */
  readonly displayName?: string
  readonly isPlatformAdmin?: boolean
}

/** What may be changed of a user; absent stays. */
export interface UserChanges {
  readonly email?: string
  readonly displayName?: string
  /** A disabled user has no rights anywhere, tokens included. */
  readonly isActive?: boolean
  readonly isPlatformAdmin?: boolean
}

/** The people who can sign in. */
export interface Users {
  /** Throws `payload_invalid` with the field, `name_taken` with `username` or `email`. `id`: see setup.ts. */
  create(user: NewUser, id?: string): Promise<Stored<UserDocument>>
  get(id: string): Promise<Stored<UserDocument> | undefined>
  findByUsername(username: string): Promise<Stored<UserDocument> | undefined>
  /** By username or, when it has an `@`, by e-mail address. */
  findByLogin(login: string): Promise<Stored<UserDocument> | undefined>
  /** By username. */
  list(page: { limit?: number; after?: string }): Promise<Page<UserDocument>>
  /** The user whose password this is. `undefined`, after the same time, for a wrong password, an unknown or a
   *  disabled user. Throws `too_many_requests` while too many wait. */
  checkPassword(login: string, password: string): Promise<Stored<UserDocument> | undefined>
  /** Ends all sessions of the user but `keptSession`. Throws `payload_invalid` with the field, `user_unknown`. */
  setPassword(id: string, password: string, keptSession?: string): Promise<Stored<UserDocument>>
  /**
   * Throws `payload_invalid` with the field, `name_taken` for the e-mail address, `user_unknown`; `unprocessable` when
   * the last platform admin would be none; `precondition_failed` when the revision is given and is another.
   */
  update(id: string, changes: UserChanges, revision?: number): Promise<Stored<UserDocument>>
  /** `update` of these two. */
  setProfile(id: string, profile: Pick<UserChanges, 'email' | 'displayName'>): Promise<Stored<UserDocument>>
  /** `update` of this one. */
  setActive(id: string, isActive: boolean): Promise<Stored<UserDocument>>
  /** Removes the record alone, of whoever is disabled; see remove-user.ts. */
  forget(id: string): Promise<void>
}

/** Checks everything but the password; throws `payload_invalid` with the field. */
export function checkNewUser(user: Omit<NewUser, 'password'>): Omit<UserDocument, 'passwordHash' | 'createdAt'> {
  const username = checkNewUsername(user.username)
  return {
    username,
    usernameKey: usernameKey(username),
    nameKey: confusableKey(usernameKey(username)),
    email: checkEmail(user.email),
    displayName: checkLabel('displayName', user.displayName ?? username, 100),
    isActive: true,
    isPlatformAdmin: user.isPlatformAdmin ?? false,
  }
}

/** Users in the collection of that name. */
export function userDirectory(
  engine: MetadataEngine,
  passwords: Passwords,
  admins: PlatformAdmins,
  refuseReserved: PlatformSettings['refuseReserved'],
): Users {
  const users = engine.collection(usersSpec)

  async function findOne(index: 'byUsername' | 'byEmail', equals: Partial<UserDocument>) {
    const { items } = await users.find(index, { equals, limit: 1 })
    return items[0]
  }

  async function change(
    id: string,
    edit: (user: UserDocument) => UserDocument,
    revision?: number,
  ): Promise<Stored<UserDocument>> {
    const changed = await takenNames(changeDocument(users, id, edit, revision))
    if (!changed) throw new RegistryError('user_unknown', 'There is no such user.')
    return changed
  }

  /** Puts the user on the roster of platform admins, or takes it off, before its record says so. */
  async function enrol(id: string, { isActive, isPlatformAdmin }: UserChanges): Promise<void> {
    if (isActive === undefined && isPlatformAdmin === undefined) return
    const value = (await users.get(id))?.value
    if (!value) return
    const was = value.isActive && value.isPlatformAdmin
    const will = (isActive ?? value.isActive) && (isPlatformAdmin ?? value.isPlatformAdmin)
    if (will) await admins.add(id)
    else if (was) await admins.remove(id)
  }

  async function update(id: string, { email, displayName, ...flags }: UserChanges, revision?: number) {
    const changes = {
      ...(email !== undefined && { email: checkEmail(email) }),
      ...(displayName !== undefined && { displayName: checkLabel('displayName', displayName, 100) }),
      ...flags,
    }
    if (revision !== undefined && (await users.get(id))?.revision !== revision) throw changedMeanwhile()
    await enrol(id, flags)
    return change(id, (user) => ({ ...user, ...changes }), revision)
  }

  async function findByUsername(username: string) {
    return isPlausible(username) ? findOne('byUsername', { usernameKey: usernameKey(username) }) : undefined
  }

  async function findByLogin(login: string) {
    if (!login.includes('@')) return findByUsername(login)
    return isPlausible(login) ? findOne('byEmail', { email: login.toLowerCase() }) : undefined
  }

  return {
    async create(user, id = newId('usr')) {
      const checked = checkNewUser(user)
      await refuseReserved('username', checked.username)
      checkNewPassword(user.password, checked)
      const passwordHash = await passwords.hash(user.password)
      if (checked.isPlatformAdmin) await admins.add(id)
      return takenNames(users.insert(id, { ...checked, passwordHash, createdAt: Date.now() }))
    },
    get: (id) => users.get(id),
    findByUsername,
    findByLogin,
    list: (page) => users.find('byUsername', page),

    async checkPassword(login, password) {
      const user = await findByLogin(login)
      const matches = await passwords.verify(password, user?.value.passwordHash)
      return matches && user?.value.isActive ? user : undefined
    },

    async setPassword(id, password, keptSession) {
      checkNewPassword(password, (await users.get(id))?.value)
      const passwordHash = await passwords.hash(password)
      return change(id, ({ keptSession: _, ...user }) => ({
        ...user,
        passwordHash,
        passwordVersion: (user.passwordVersion ?? 0) + 1,
        ...(keptSession !== undefined && { keptSession }),
      }))
    },

    update,
    setProfile: (id, profile) => update(id, profile),
    setActive: (id, isActive) => update(id, { isActive }),
    forget: (id) => users.delete(id),
  }
}

/** False for what no index can hold and nobody is called. */
function isPlausible(login: string): boolean {
  return login.length <= 300 && login.isWellFormed()
}

/** Turns a hit on a unique name into `name_taken` for its field. */
async function takenNames<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (err) {
    if (hasCode(err, 'document_exists') && err.details.conflict === 'byUsername') {
      throw new RegistryError('name_taken', 'Somebody has this username already.', { field: 'username' })
    }
    // An equal name hits both indexes, and either is told.
    if (hasCode(err, 'document_exists') && err.details.conflict === 'byNameKey') {
      const message = 'Somebody has this username already, or one that looks like it.'
      throw new RegistryError('name_taken', message, { field: 'username' })
    }
    if (hasCode(err, 'document_exists') && err.details.conflict === 'byEmail') {
      throw new RegistryError('name_taken', 'Somebody has this e-mail address already.', { field: 'email' })
    }
    throw err
  }
}
