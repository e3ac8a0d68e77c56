import type { Hono } from 'hono'
import type { Env } from '../protocols/protocol.ts'
import { kinds } from './kinds.ts'
import type { Row } from './row.ts'
import type { Names } from './world.ts'

/** Runs before every route and answers nothing itself. */
const middleware = 'ALL /*'
/** Registered, and never reached: the server's own root comes before npm's. */

/** Routes without a row and rows without a route. */
export function unlisted(app: Hono<Env>, rows: readonly Row[]): string[] {
  const registered = new Set(app.routes.map(({ method, path }) => `${method} ${path}`))
  const listed = new Set(rows.map(({ route }) => route))
  registered.delete(middleware)
  return [
    ...[...registered].filter((route) => !listed.has(route)).map((route) => `${route} has no row`),
    ...[...listed].filter((route) => !registered.has(route)).map((route) => `no route is ${route}`),
  ]
}

/** Rows whose request would be answered by another route than theirs. */
export function astray(app: Hono<Env>, rows: readonly Row[], names: Names): string[] {
  const [anonymous] = kinds
  if (!anonymous) return []
  return rows.flatMap((row) => {
    const { method, path } = row.request(names, anonymous)
    const request = new Request(`http://registry.example.com${path}`, { method })
    const [matches] = app.router.match(method, app.getPath(request))
    const first = matches.map(([[, route]]) => `${route.method} ${route.path}`).find((route) => route !== middleware)
    const isThere = first === row.route || (first === 'ALL /ui/*' && row.surface === 'pages')
    return isThere ? [] : [`${method} ${path} goes to ${first}, not to ${row.route}`]
  })
}
