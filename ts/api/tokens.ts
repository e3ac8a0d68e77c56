import { pageQuery } from '../../ts_interfaces/common.ts'
import * as interfaces from '../../ts_interfaces/tokens.ts'
import type { Access } from '../access/access.ts'
import type { AccountAction } from '../access/account-gate.ts'
import { refuseWiderTokenByName } from '../access/token-delegation-names.ts'
import type { MadeToken } from '../access/tokens.ts'
import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { pathParam, permission } from './permissions.ts'
import { mayRobot } from './robots.ts'
import { type ApiDeps, type Permission, type Route, route } from './route.ts'
import { newTokenReader } from './token-limits.ts'

/** Whose tokens a request is about. */
interface Owner {
  /** A user's or robot's id. */
  readonly id: string
  /** Where its tokens are, below `/api/v1`. */
  readonly path: string
}

interface Place {
  readonly path: `/${string}`
  readonly whose: string
  readonly listQuery: typeof interfaces.tokenListQuery | typeof pageQuery
  readonly ownerQuery?: typeof interfaces.tokenOwnerQuery
  readonly read: Permission<Owner>
  readonly make: Permission<Owner>
  readonly revoke: Permission<Owner>
}

/** Tokens of users and robots. A secret is told by the answer that makes it, and never again. */
export function tokenRoutes(deps: ApiDeps): Route[] {
  const { access } = deps
  const own: Place = {
    path: '/tokens',
    whose: 'of yours',
    listQuery: interfaces.tokenListQuery,
    ownerQuery: interfaces.tokenOwnerQuery,
    read: userOwner(access, 'read'),
    make: permission('users, for themselves; a token hands on no more than itself', ({ principal }) => {
      return ownerOf(access.enterAccount(principal, 'admin').user.id)
    }),
    revoke: itself(userOwner(access, 'admin')),
  }
  const robotAdmin = robotOwner(deps)
  const robots: Place = {
    path: '/organizations/:id/robots/:robotId/tokens',
    whose: 'of a robot',
    listQuery: pageQuery,
    read: robotAdmin,
    make: robotAdmin,
    revoke: robotAdmin,
  }
  return [...routesAt(own, deps), ...routesAt(robots, deps)]
}

function routesAt({ path, whose, listQuery, ownerQuery, read, make, revoke }: Place, deps: ApiDeps): Route[] {
  const { tokens, organizations } = deps.access
  const readNewToken = newTokenReader(deps)
  const query = ownerQuery && { query: ownerQuery }

  return [
    route(
      `GET ${path}`,
      read,
      { summary: `The tokens ${whose}, newest first`, query: listQuery, answer: interfaces.tokenPage },
      async ({ on, query }) => ({ body: await pageOf(await tokens.list(on.id, storePage(query)), tokenBody) }),
    ),
    route(
      `POST ${path}`,
      make,
      {
        summary: `Makes a token ${whose}; its secret is told once`,
        body: interfaces.newToken,
        answer: interfaces.madeToken,
        hasSecret: true,
        refusals: [422],
      },
      async ({ on, body, principal }) => {
        const wanted = await readNewToken(principal, body)
        await refuseWiderTokenByName(organizations, principal, wanted)
        const made = await tokens.create({ ...wanted, userId: on.id })
        return { body: madeBody(made), made: { id: made.token.id, path: `${on.path}/${made.token.id}` } }
      },
    ),
    route(
      `GET ${path}/:tokenId`,
      read,
      { summary: `A token ${whose}`, ...query, answer: interfaces.token },
      async ({ on, c }) => ({ body: tokenBody(await requireToken(on, pathParam(c, 'tokenId'))) }),
    ),
    route(`DELETE ${path}/:tokenId`, revoke, { summary: `Revokes a token ${whose}`, ...query }, async ({ on, c }) => {
      await tokens.revoke(on.id, pathParam(c, 'tokenId'))
      return undefined
    }),
    route(
      `POST ${path}/:tokenId/rotate`,
      make,
      {
        summary: `A new secret for a token ${whose}, told once`,
        body: interfaces.tokenRotation,
        bodyIsOptional: true,
        answer: interfaces.madeToken,
        status: 200,
        hasSecret: true,
        refusals: [422],
      },
      async ({ on, body: { graceSeconds = 0 }, principal, c }) => {
        const { id, value } = await requireToken(on, pathParam(c, 'tokenId'))
        await refuseWiderTokenByName(organizations, principal, value)
        return { body: madeBody(await tokens.rotate(on.id, id, graceSeconds)), made: { id } }
      },
    ),
  ]

  async function requireToken(owner: Owner, id: string): Promise<Stored<TokenDocument>> {
    const token = await tokens.get(id)
    if (token?.value.userId === owner.id) return token
    throw new RegistryError('token_unknown', 'There is no such token.')
  }
}

const ownerOf = (id: string): Owner => ({ id, path: '/tokens' })

/** Who asks, or with `?user=` that user, for itself and platform admins. */
function userOwner(access: Access, action: AccountAction): Permission<Owner> {
  return permission('users, of their own tokens; platform admins, of all', async ({ principal, c }) => {
    const key = c.req.query('user')
    if (key === undefined) return ownerOf(access.enterAccount(principal, action).user.id)
    const { user, isTrusted } = await access.enterUser(principal, action, key)
    if (!isTrusted) access.enterPlatform(principal, action)
    return ownerOf(user.id)
  })
}

/** The same; and a token that asks may end itself, whatever else it may. */
function itself({ who, enter }: Permission<Owner>): Permission<Owner> {
  return permission(`${who}; the token itself`, (asked) => {
    const { principal, c } = asked
    const token = principal.kind === 'anonymous' ? undefined : principal.token
    const isItself = token?.id === pathParam(c, 'tokenId') && c.req.query('user') === undefined
    return token && isItself ? ownerOf(token.value.userId) : enter(asked)
  })
}

/** The robot of the path, for the offices of its organization. */
function robotOwner(deps: ApiDeps): Permission<Owner> {
  const { who, enter } = mayRobot(deps, 'admin')
  return permission(who, async (asked) => {
    const { organization, robot } = await enter(asked)
    return { id: robot.id, path: `/organizations/${organization.id}/robots/${robot.id}/tokens` }
  })
}

function madeBody({ text, token }: MadeToken): interfaces.MadeToken {
  return { token: tokenBody(token), secret: text }
}

function tokenBody({ id, value }: Stored<TokenDocument>): interfaces.Token {
  const { userId, name, hint, actions, protocols, organizations, repositories, packages, cidrs } = value
  const { createdAt, expiresAt, lastUsedAt, lastUsedFrom, previousUntil = 0 } = value
  return {
    id,
    ownerId: userId,
    name,
    hint,
    actions: [...actions],
    ...(protocols && { protocols: [...protocols] }),
    ...(organizations && { organizations: [...organizations] }),
    ...(repositories && { repositories: [...repositories] }),
    ...(packages && { packages: [...packages] }),
    cidrs: [...cidrs],
    createdAt: timeOf(createdAt),
    ...(expiresAt !== undefined && { expiresAt: timeOf(expiresAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
    ...(lastUsedFrom !== undefined && { lastUsedFrom }),
    ...(previousUntil > Date.now() && { oldSecretUntil: timeOf(previousUntil) }),
  }
}
