import { explainQuery, explanation } from '../../ts_interfaces/explain.ts'
import type { Entered } from '../access/access.ts'
import { actorOf, anonymous, isRobotId, type Principal } from '../access/principal.ts'
import { allActions } from '../access/tokens.ts'
import { RegistryError } from '../errors.ts'
import type { RobotDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { enterSettings, permission } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Why somebody may do something, or may not. */
export function explainRoutes({ access }: ApiDeps): Route[] {
  const may = permission(
    'who may read the repository, of itself; who administers the repository, of others',
    ({ principal }) => principal,
  )

  return [
    route(
      'GET /access/explain',
      may,
      {
        summary: 'The rules that let a principal do something in a repository, or the one that refuses it',
        query: explainQuery,
        answer: explanation,
        refusals: [422],
      },
      async ({ on: asker, query }) => {
        const isSelf = names(asker, query.principal)
        const entered = await enterSettings(access, asker, isSelf ? 'read' : 'admin', query.repository)
        const principal = isSelf ? asker : await requirePrincipal(entered, query.principal)
        const limited = query.token === undefined ? principal : await withToken(asker, principal, query.token)
        const { allowed, rule, rules } = await access.explain(limited, query.action, entered, query.package)
        return {
          body: {
            principal: actorOf(principal).name,
            action: query.action,
            repository: entered.repository.id,
            ...(query.package !== undefined && { package: query.package }),
            allowed,
            rule,
            rules: [...rules],
          },
        }
      },
    ),
  ]

  /** Robots of other organizations have nothing here, and are nobody's business here. */
  async function requirePrincipal({ organization }: Entered, key: string): Promise<Principal> {
    if (key === anonymous.kind) return anonymous
    if (isRobotId(key)) {
      const robot = await access.robots.get(key)
      if (robot?.value.organizationId === organization.id) return { kind: 'robot', robot, token: unlimitedToken(robot) }
      throw noSuch('principal', 'There is no such robot in the organization of the repository.')
    }
    const user = key.startsWith('usr_') ? await access.users.get(key) : await access.users.findByUsername(key)
    if (user) return { kind: 'user', user }
    throw noSuch('principal', 'There is no such user.')
  }

  /** The tokens of others are told of to those alone who may list them. */
  async function withToken(asker: Principal, principal: Principal, id: string): Promise<Principal> {
    if (principal.kind === 'anonymous') throw noSuch('token', 'Who is not signed in has no token.')
    const { id: holderId } = actorOf(principal)
    if (principal.kind === 'robot') {
      await access.enterOrganization(asker, 'admin', { id: principal.robot.value.organizationId })
    } else if (holderId === actorOf(asker).id) access.enterAccount(asker, 'read')
    else access.enterPlatform(asker, 'read')
    const token = await access.tokens.get(id)
    if (token?.value.userId !== holderId) throw noSuch('token', 'The principal has no such token.')
    return { ...principal, token }
  }
}

function names(asker: Principal, key: string): boolean {
  if (asker.kind === 'anonymous') return key === asker.kind
  const { id, name } = actorOf(asker)
  return key === id || (asker.kind === 'user' && key.toLowerCase() === name.toLowerCase() && key !== anonymous.kind)
}

/** A robot comes with a token always: here with one that was never made and narrows nothing. */
function unlimitedToken({ id: userId }: Stored<RobotDocument>): Stored<TokenDocument> {
  const value = { hash: '', hint: '', userId, name: 'any', actions: allActions, cidrs: [], createdAt: 0 }
  return { id: 'tok_any', revision: 0, value }
}

function noSuch(field: string, message: string): RegistryError {
  return new RegistryError('unprocessable', message, { field })
}
