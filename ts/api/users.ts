import { newPassword, newUser, type User, user, userChanges, userPage, userQuery } from '../../ts_interfaces/users.ts'
import type { UserEntered } from '../access/account-gate.ts'
import { RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { etagOf, publicEtag, revisionToMatch } from './etag.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

/** Users: everybody manages itself, platform admins manage all. */
export function userRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /users',
      may.account('read'),
      {
        summary: 'Users by name: all for platform admins, else yourself or the one asked for',
        query: userQuery,
        answer: userPage,
      },
      async ({ on: { user: asking }, query }) => {
        const { username, ...page } = query
        const isAdmin = asking.value.isPlatformAdmin
        if (isAdmin && username === undefined) {
          return { body: await pageOf(await access.users.list(storePage(page)), (found) => userBody(found, true)) }
        }
        const found = username === undefined ? asking : await access.users.findByUsername(username)
        const isTrusted = isAdmin || found?.id === asking.id
        return { body: { items: found ? [userBody(found, isTrusted)] : [] } }
      },
    ),
    route(
      'POST /users',
      may.signUp,
      {
        summary: 'Makes a user; without credentials an account of your own, where sign-up is on',
        body: newUser,
        answer: user,
        hasEtag: true,
        refusals: [409],
      },
      async ({ on: admin, body: { displayName, isPlatformAdmin, ...required }, c }) => {
        const asked = { ...required, ...(displayName !== undefined && { displayName }) }
        if (!admin) refuseFlags({ isPlatformAdmin })
        const made = admin
          ? await access.users.create({ ...asked, ...(isPlatformAdmin !== undefined && { isPlatformAdmin }) })
          : await access.signUp({ ...asked, address: c.var.external.clientAddress })
        return { body: userBody(made, true), etag: etagOf(made), made: { id: made.id, path: `/users/${made.id}` } }
      },
    ),
    route(
      'GET /users/:id',
      may.user('read'),
      { summary: 'A user, by id or username', answer: user, hasEtag: true },
      async ({ on }) => shown(on.user, on.isTrusted),
    ),
    route(
      'PUT /users/:id',
      may.user('admin'),
      { summary: 'Changes a user', body: userChanges, answer: user, hasEtag: true, refusals: [409, 412, 422] },
      async ({ on, body: { email, displayName, isActive, isPlatformAdmin }, c }) => {
        if (!on.by.user.value.isPlatformAdmin) refuseFlags({ isActive, isPlatformAdmin })
        const changes = {
          ...(email !== undefined && { email }),
          ...(displayName !== undefined && { displayName }),
          ...(isActive !== undefined && { isActive }),
          ...(isPlatformAdmin !== undefined && { isPlatformAdmin }),
        }
        return shown(await access.users.update(on.user.id, changes, revisionToMatch(c, on.user)), true)
      },
    ),
    route(
      'DELETE /users/:id',
      may.user('admin'),
      { summary: 'Deletes a user with its tokens and sessions; what it published stays', refusals: [422] },
      async ({ on }) => {
        await access.removeUser(on.user.id)
        return undefined
      },
    ),
    route(
      'PUT /users/:id/password',
      may.user('admin'),
      {
        summary: 'Changes a password, which ends all other sessions',
        body: newPassword,
        answer: user,
        hasEtag: true,
        refusals: [412],
      },
      async ({ on, body, c }) => {
        revisionToMatch(c, on.user)
        const isOwn = on.user.id === on.by.user.id
        if (isOwn) await checkCurrent(on, body.currentPassword, c)
        const keeping = isOwn ? on.by.sessionId : undefined
        return shown(await access.users.setPassword(on.user.id, body.password, keeping), true)
      },
    ),
  ]

  /** Whoever found an open session or a token does not get the account with it. */
  async function checkCurrent({ user }: UserEntered, password: string | undefined, c: ApiContext): Promise<void> {
    const wrong = new RegistryError('payload_invalid', 'Your current password is needed, and this is not it.', {
      field: 'currentPassword',
    })
    if (password === undefined) throw wrong
    const address = c.var.external.clientAddress
    await access.signIn({ login: user.value.username, password, address }).catch((err: unknown) => {
      throw err instanceof RegistryError && err.code === 'credentials_invalid' ? wrong : err
    })
  }
}

function shown(found: Stored<UserDocument>, isTrusted: boolean) {
  const body = userBody(found, isTrusted)
  return { body, etag: isTrusted ? etagOf(found) : publicEtag(body) }
}

/** A user as it is answered: to whom is not trusted, without its address and flags. */
export function userBody({ id, value }: Stored<UserDocument>, isTrusted: boolean): User {
  const { username, displayName, email, isActive, isPlatformAdmin, createdAt } = value
  const known = { id, username, displayName, createdAt: timeOf(createdAt) }
  return isTrusted ? { ...known, email, isActive, isPlatformAdmin } : known
}

/** For whoever is no platform admin. */
function refuseFlags(flags: { isActive?: boolean | undefined; isPlatformAdmin?: boolean | undefined }) {
  const errors = Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([field]) => ({ field, message: 'Platform admins alone change this.' }))
  if (errors.length > 0) throw new RegistryError('access_denied', 'Platform admins alone change this.', { errors })
}
