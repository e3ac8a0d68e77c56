import { Hono } from 'hono'
import { RegistryError } from '../errors.ts'
import type { Env } from '../protocols/protocol.ts'
import { jobRoutes } from './admin-jobs.ts'
import { settingsRoutes } from './admin-settings.ts'
import { usageRoutes } from './admin-usage.ts'
import { answerRoute } from './answer-route.ts'
import { auditRoutes } from './audit.ts'
import { authRoutes } from './auth.ts'
import { deletionRoutes } from './deletions.ts'
import { docsRoutes } from './docs.ts'
import { explainRoutes } from './explain.ts'
import { memberRoutes } from './members.ts'
import { organizationRoutes } from './organizations.ts'
import { packageEditRoutes } from './package-edits.ts'
import { packageTagRoutes } from './package-tags.ts'
import { packageVersionRoutes } from './package-versions.ts'
import { packageRoutes } from './packages.ts'
import { problemAnswer } from './problem-answer.ts'
import { repositoryRoutes } from './repositories.ts'
import { repositoryPermissionRoutes } from './repository-permissions.ts'
import { retentionRoutes } from './retention.ts'
import { robotRoutes } from './robots.ts'
import type { ApiDeps, Method, Route } from './route.ts'
import { teamMemberRoutes } from './team-members.ts'
import { teamRepositoryRoutes } from './team-repositories.ts'
import { teamRoutes } from './teams.ts'
import { tokenRoutes } from './tokens.ts'
import { userRoutes } from './users.ts'

/** Every route of the REST API, in the order of its description. */
export function apiRoutes(deps: ApiDeps): Route[] {
  return [
    authRoutes,
    userRoutes,
    organizationRoutes,
    memberRoutes,
    teamRoutes,
    teamMemberRoutes,
    teamRepositoryRoutes,
    repositoryRoutes,
    retentionRoutes,
    repositoryPermissionRoutes,
    deletionRoutes,
    explainRoutes,
    robotRoutes,
    packageRoutes,
    packageVersionRoutes,
    packageEditRoutes,
    packageTagRoutes,
    tokenRoutes,
    settingsRoutes,
    usageRoutes,
    jobRoutes,
    auditRoutes,
  ].flatMap((routesOf) => routesOf(deps))
}

/**
 * Adds the REST API below `/api/v1`: its own paths alone, since protocols have some there too. `external`, `log` and
 * `requestId` of the request must be set before.
 */
export function api(app: Hono<Env>, deps: ApiDeps): void {
  const r = new Hono<Env>()
  r.onError(problemAnswer)
  const routes = apiRoutes(deps)
  docsRoutes(r, routes, deps.version)
  for (const route of routes) r.on(route.method, route.path, (c) => answerRoute(route, c, deps))
  for (const [path, methods] of methodsByPath(routes)) {
    r.all(path, (c) => {
      c.header('allow', methods.join(', '))
      throw new RegistryError(
        'method_not_allowed',
        `${c.req.method} is not for ${c.req.path}, but ${methods.join(', ')}.`,
      )
    })
  }
  app.route('/api/v1', r)
}

function methodsByPath(routes: readonly Route[]): Map<string, readonly Method[]> {
  const methods = new Map<string, readonly Method[]>()
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method])
  return methods
}
