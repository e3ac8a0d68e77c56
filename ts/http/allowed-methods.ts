import type { Env, Hono } from 'hono'

const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const

/**
 * The methods that an application has a route for at this path; empty when it has none at all. What comes before every
 * route (`*`) says nothing, and a route of all methods in front of the others is taken for the one that refuses.
 */
export function allowedMethods<E extends Env>(app: Pick<Hono<E>, 'router'>, path: string): string[] {
  return methods.filter((method) => firstMethod(app, method, path) === method).flatMap(withHead)
}

function firstMethod<E extends Env>({ router }: Pick<Hono<E>, 'router'>, asked: string, path: string) {
  const [matches] = router.match(asked, path)
  const routes = matches.map(([[, route]]) => route)
  return routes.find((route) => route.path !== '*' && route.path !== '/*')?.method
}

/** Whoever answers GET answers HEAD. */
function withHead(method: string): string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}
