import { csrfToken, sessionCookie } from '../access/sessions.ts'
import { allActions, type NewToken } from '../access/tokens.ts'
import { tokens } from '../metadata/sign-in-schema.ts'
import { testPassword } from '../testing/access.ts'
import type { TestApp } from '../testing/app.ts'
import { imageNames } from './images.ts'
import type { Kind, TokenLimits } from './model.ts'

/** From where the walk's requests come. */
export const clientAddress = '192.0.2.7'

/** What limited tokens are limited to. */
export interface Targets {
  readonly organizationId: string
  readonly repositoryIds: readonly string[]
  readonly elsewhereOrganizationId: string
  readonly elsewhereRepositoryId: string
  readonly packages: readonly string[]
}

/** Whom credentials are made for. */
export interface Holder {
  /** A user's or robot's. */
  readonly id: string
  readonly username: string
}

/** What a request of this kind carries. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  /** What a page's form carries. */
  readonly csrf: string
}

const formSecret = 'of-a-browser-that-is-not-signed-in'

/** Makes the credentials of one kind of principal, and lets happen to them what happened. */
export async function credentialsOf(
  t: TestApp,
  kind: Kind,
  holder: Holder | undefined,
  on: Targets,
): Promise<Credentials> {
  const form = { cookie: `stowage_form=${formSecret}`, csrf: csrfToken(formSecret) }
  if (!holder && kind.by !== 'registry token') return { headers: { cookie: form.cookie }, csrf: form.csrf }
  if (kind.by === 'cookie' && holder) return byCookie(t, kind, holder)
  const authorization = await authorizationOf(t, kind, holder, on)
  return { headers: { authorization, cookie: form.cookie }, csrf: form.csrf }
}

async function authorizationOf(t: TestApp, kind: Kind, holder: Holder | undefined, on: Targets): Promise<string> {
  if (!holder) return `Bearer ${await registryTokenOf(t, {})}`
  switch (kind.by) {
    case 'password':
      return basic(holder.username, testPassword)
    case 'session':
      return `Bearer ${await accessTokenOf(t, kind, holder)}`
    case 'token as password':
      return basic('whoever', await tokenOf(t, kind, holder, on))
    case 'registry token':
      return `Bearer ${await fromTheService(t, kind, holder, on)}`
    default:
      return `Bearer ${await tokenOf(t, kind, holder, on)}`
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function byCookie({ access }: TestApp, { lapse }: Kind, { id }: Holder): Promise<Credentials> {
  const user = await access.users.get(id)
  if (!user) throw new Error('a browser belongs to a user')
  const { secret } = await access.sessions.start(user)
  if (lapse === 'ended') await access.sessions.end(secret)
  const csrf = csrfToken(secret)
  return { headers: { cookie: `${sessionCookie}=${secret}`, 'x-csrf-token': csrf }, csrf }
}

async function accessTokenOf({ access }: TestApp, { lapse }: Kind, { id }: Holder): Promise<string> {
  const user = await access.users.get(id)
  if (!user) throw new Error('a session belongs to a user')
  const { accessToken, sessionId } = await access.sessions.open(user)
  if (lapse === 'ended') await access.sessions.endById(id, sessionId)
  return accessToken
}

/** What the token service gives for a token, which may be revoked afterwards. */
async function fromTheService(t: TestApp, kind: Kind, holder: Holder, on: Targets): Promise<string> {
  const { lapse, ...valid } = kind
  const token = await tokenOf(t, valid, holder, on)
  const given = await registryTokenOf(t, { authorization: basic('whoever', token) })
  if (lapse !== 'revoked') return given
  const { items } = await t.engine.collection(tokens).find('byUser', { equals: { userId: holder.id } })
  for (const { id } of items) await t.access.tokens.revoke(holder.id, id)
  return given
}

async function registryTokenOf(t: TestApp, headers: Readonly<Record<string, string>>): Promise<string> {
  const scopes = imageNames.map((name) => `scope=repository:${name}:pull,push,delete`)
  const answer = await t.request('GET', `/v2/token?${scopes.join('&')}&scope=registry:catalog:*`, { headers })
  const { token } = JSON.parse(await answer.text()) as { token: string }
  return token
}

async function tokenOf({ access, engine }: TestApp, kind: Kind, { id }: Holder, on: Targets): Promise<string> {
  const made = await access.tokens.create({ userId: id, name: 'walk', ...scopeOf(kind.limits ?? {}, on) })
  if (kind.lapse === 'revoked') await access.tokens.revoke(id, made.token.id)
  if (kind.lapse === 'rotated') await access.tokens.rotate(id, made.token.id, 0)
  if (kind.lapse === 'rotating') await access.tokens.rotate(id, made.token.id, 3600)
  if (kind.lapse === 'expired') {
    const { revision, value } = made.token
    await engine.collection(tokens).update(made.token.id, revision, { ...value, expiresAt: Date.now() - 1 })
  }
  return made.text
}

function scopeOf(limits: TokenLimits, on: Targets): Pick<NewToken, 'actions'> & Partial<NewToken> {
  const { actions = allActions, protocol, organization, repository, packages, address } = limits
  const isHere = (side: 'here' | 'elsewhere') => side === 'here'
  return {
    actions,
    ...(protocol && { protocols: isHere(protocol) ? ['npm', 'oci'] : ['maven'] }),
    ...(organization && { organizations: [isHere(organization) ? on.organizationId : on.elsewhereOrganizationId] }),
    ...(repository && { repositories: isHere(repository) ? on.repositoryIds : [on.elsewhereRepositoryId] }),
    ...(packages && { packages: isHere(packages) ? on.packages : ['elsewhere*'] }),
    ...(address && { cidrs: [isHere(address) ? '192.0.2.0/24' : '198.51.100.0/24'] }),
  }
}
