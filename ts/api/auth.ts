import { getCookie, setCookie } from 'hono/cookie'
import * as interfaces from '../../ts_interfaces/sessions.ts'
import { actorOf, type Principal, type UserPrincipal } from '../access/principal.ts'
import { csrfToken, type OpenedSession, sessionCookie } from '../access/sessions.ts'
import { RegistryError } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { SessionDocument } from '../metadata/sign-in-schema.ts'
import { identify } from './identify.ts'
import { timeOf } from './page-of.ts'
import { pathParam, permission, permissionsOf } from './permissions.ts'
import { type ApiContext, type ApiDeps, anybody, type Route, route } from './route.ts'
import { userBody } from './users.ts'

/** Signing in and out, and who is signed in. */
export function authRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)
  const signedIn = permission('who is signed in', ({ principal }) => requireSomebody(principal))

  return [
    route(
      'POST /auth/login',
      anybody,
      {
        summary: 'Signs in with a password',
        body: interfaces.login,
        answer: interfaces.openedSession,
        status: 200,
        hasSecret: true,
      },
      async ({ body: { login, password }, c }) => {
        const address = c.var.external.clientAddress
        const user = await access.signIn({ login, password, address })
        const agent = c.req.header('user-agent')
        const opened = await access.sessions.open(user, { address, ...(agent !== undefined && { agent }) })
        return { body: openedBody(opened, user) }
      },
    ),
    route(
      'POST /auth/refresh',
      anybody,
      {
        summary: 'New tokens for a refresh token, which is void soon after',
        body: interfaces.refresh,
        answer: interfaces.openedSession,
        status: 200,
        hasSecret: true,
      },
      async ({ body }) => {
        const opened = await access.sessions.refresh(body.refreshToken)
        const user = await access.users.get(opened.userId)
        if (!user) throw new RegistryError('credentials_invalid', 'The session has ended. Sign in again.')
        return { body: openedBody(opened, user) }
      },
    ),
    route(
      'POST /auth/logout',
      anybody,
      {
        summary: 'Ends this session, or that of a refresh token',
        body: interfaces.logout,
        bodyIsOptional: true,
        refusals: [422],
      },
      async ({ body, c }) => {
        await logOut(c, body.refreshToken)
        return undefined
      },
    ),
    route('GET /auth/me', signedIn, { summary: 'Who asks', answer: interfaces.me }, async ({ on, c }) => ({
      body: meBody(on, c),
    })),
    route(
      'GET /auth/providers',
      anybody,
      { summary: 'Ways to sign in', answer: interfaces.providerList },
      async () => ({
        body: { items: [{ id: 'password', kind: 'password' as const, name: 'Password' }] },
      }),
    ),
    route(
      'GET /auth/sessions',
      may.account('read'),
      { summary: 'Your sessions, newest first', answer: interfaces.sessionList },
      async ({ on }) => {
        const sessions = await access.sessions.list(on.user)
        return { body: { items: sessions.map((session) => sessionBody(session, on)) } }
      },
    ),
    route(
      'DELETE /auth/sessions',
      may.account('admin'),
      { summary: 'Ends all your sessions but this one', answer: interfaces.endedSessions },
      async ({ on }) => ({ body: { ended: await access.sessions.endAll(on.user.id, on.sessionId) } }),
    ),
    route(
      'DELETE /auth/sessions/:id',
      may.account('admin'),
      { summary: 'Ends one of your sessions' },
      async ({ on, c }) => {
        await access.sessions.endById(on.user.id, pathParam(c, 'id'))
        return undefined
      },
    ),
  ]

  async function logOut(c: ApiContext, refreshToken: string | undefined): Promise<void> {
    if (refreshToken !== undefined) {
      await access.sessions.endByRefreshToken(refreshToken)
      return
    }
    const principal = requireSomebody(await identify(c, access))
    if (principal.kind !== 'user' || principal.sessionId === undefined) {
      throw new RegistryError('unprocessable', 'This request belongs to no session; a token is revoked instead.')
    }
    await access.sessions.endById(principal.user.id, principal.sessionId)
    const { origin, prefix } = c.var.external
    const secure = origin.startsWith('https:')
    if (getCookie(c, sessionCookie) !== undefined) {
      setCookie(c, sessionCookie, '', { path: `${prefix}/`, httpOnly: true, sameSite: 'Lax', secure, maxAge: 0 })
    }
  }
}

function requireSomebody(principal: Principal): Exclude<Principal, { kind: 'anonymous' }> {
  if (principal.kind !== 'anonymous') return principal
  throw new RegistryError('auth_required', 'Sign in first: this needs a token or a username and password.')
}

function openedBody(opened: OpenedSession, user: Stored<UserDocument>): interfaces.OpenedSession {
  const { sessionId, accessToken, accessExpiresAt, refreshToken, refreshExpiresAt } = opened
  return {
    sessionId,
    accessToken,
    accessExpiresAt: timeOf(accessExpiresAt),
    refreshToken,
    refreshExpiresAt: timeOf(refreshExpiresAt),
    user: userBody(user, true),
  }
}

function meBody(principal: Exclude<Principal, { kind: 'anonymous' }>, c: ApiContext): interfaces.Me {
  const common = { kind: principal.kind, ...actorOf(principal) }
  const token = principal.token && { tokenId: principal.token.id }
  if (principal.kind === 'robot') return { ...common, ...token }
  const { user, sessionId } = principal
  const secret = c.req.header('authorization') ? undefined : getCookie(c, sessionCookie)
  return {
    ...common,
    ...token,
    user: userBody(user, !principal.token || principal.token.value.actions.includes('read')),
    ...(sessionId !== undefined && { sessionId }),
    ...(secret !== undefined && { csrf: csrfToken(secret) }),
  }
}

function sessionBody({ id, value }: Stored<SessionDocument>, { sessionId }: UserPrincipal): interfaces.Session {
  const { createdAt, expiresAt, lastUsedAt, address, agent } = value
  return {
    id,
    createdAt: timeOf(createdAt),
    expiresAt: timeOf(expiresAt),
    ...(lastUsedAt !== undefined && { lastUsedAt: timeOf(lastUsedAt) }),
    ...(address !== undefined && { address }),
    ...(agent !== undefined && { agent }),
    isCurrent: id === sessionId,
  }
}
