import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { type UserDocument, users as usersSpec } from '../metadata/schema.ts'
import { changeDocument } from './change.ts'
import { checkEmail, checkLabel, checkUsername, usernameKey } from './names.ts'
import type { Passwords } from './passwords.ts'

export interface NewUser {
  readonly username: string
  readonly email: string
  readonly password: string
  /** Default: the username. */
  readonly displayName?: string
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
  /** Throws `payload_invalid` with the field, `user_unknown`. */
  setPassword(id: string, password: string): Promise<Stored<UserDocument>>
  /** Throws `payload_invalid` with the field, `name_taken` for the e-mail address, `user_unknown`. */
  setProfile(id: string, profile: { email?: string; displayName?: string }): Promise<Stored<UserDocument>>
  /** A disabled user has no rights anywhere, tokens included. Throws `user_unknown`. */
  setActive(id: string, isActive: boolean): Promise<Stored<UserDocument>>
}

/** Checks everything but the password; throws `payload_invalid` with the field. */
export function checkNewUser(user: Omit<NewUser, 'password'>): Omit<UserDocument, 'passwordHash' | 'createdAt'> {
  const username = checkUsername(user.username)
  return {
    username,
    usernameKey: usernameKey(username),
    email: checkEmail(user.email),
    displayName: checkLabel('displayName', user.displayName ?? username, 100),
    isActive: true,
    isPlatformAdmin: user.isPlatformAdmin ?? false,
  }
}

/** Users in the collection of that name. */
export function userDirectory(engine: MetadataEngine, passwords: Passwords): Users {
  const users = engine.collection(usersSpec)

  async function findOne(index: 'byUsername' | 'byEmail', equals: Partial<UserDocument>) {
    const { items } = await users.find(index, { equals, limit: 1 })
    return items[0]
  }

  async function change(id: string, edit: (user: UserDocument) => UserDocument): Promise<Stored<UserDocument>> {
    const changed = await takenNames(changeDocument(users, id, edit))
    if (!changed) throw new RegistryError('user_unknown', 'There is no such user.')
    return changed
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
      const passwordHash = await passwords.hash(user.password)
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

    async setPassword(id, password) {
      const passwordHash = await passwords.hash(password)
      return change(id, (user) => ({ ...user, passwordHash }))
    },

    async setProfile(id, { email, displayName }) {
      const changes = {
        ...(email !== undefined && { email: checkEmail(email) }),
        ...(displayName !== undefined && { displayName: checkLabel('displayName', displayName, 100) }),
      }
      return change(id, (user) => ({ ...user, ...changes }))
    },

    setActive: (id, isActive) => change(id, (user) => ({ ...user, isActive })),
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
    if (hasCode(err, 'document_exists') && err.details.conflict === 'byEmail') {
      throw new RegistryError('name_taken', 'Somebody has this e-mail address already.', { field: 'email' })
    }
    throw err
  }
}
