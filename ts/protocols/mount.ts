import { Hono, type MiddlewareHandler } from 'hono'
import { RegistryError } from '../errors.ts'
import type { Env, Protocol, ProtocolDeps } from './protocol.ts'

export interface MountDeps extends ProtocolDeps {
  /** Bounds the uploads that run at a time. */
  readonly uploads: MiddlewareHandler
  /** The same for large bodies of who is not signed in. */
  readonly strangers: MiddlewareHandler
}

const name = '[a-z0-9]+(?:-[a-z0-9]+)*'

/**
 * Adds a protocol's routes below `/{id}/{organization}/{repository}`. Whatever else comes below that address is
 * answered by the protocol as an unknown endpoint; where it has no routes, nothing is there.
 */
export function mountRepositories(app: Hono<Env>, protocol: Protocol, deps: MountDeps): void {
  const prefix = `/${protocol.id}/:organization{${name}}/:repository{${name}}`
  const begin = beginning(protocol, deps, (c) => {
    const { organization, repository }: Partial<Record<string, string>> = c.req.param()
    return { path: `/${protocol.id}/${organization}/${repository}`, organization, repository }
  })
  const table = new Hono<Env>()
  protocol.routes(table, deps)
  if (table.routes.length === 0) return
  const bounded = placed(deps)
  for (const { method, path, handler } of table.routes) {
    for (const at of path === '/' ? [prefix, `${prefix}/`] : [prefix + path]) {
      app.on(method, at, begin, bounded, handler)
    }
  }
  app.all(`${prefix}/*`, begin, (c) => {
    throw new RegistryError('route_unknown', `${protocol.label} has no endpoint ${c.req.method} ${c.req.path}`)
  })
}

/** Adds a protocol's customary paths below one of its root prefixes: exact routes, nothing else is caught. */
export function mountRoot(app: Hono<Env>, protocol: Protocol, prefix: string, deps: MountDeps): void {
  const begin = beginning(protocol, deps, () => ({ path: prefix }))
  const table = new Hono<Env>()
  protocol.rootRoutes(table, deps, prefix)
  const bounded = placed(deps)
  // Where a protocol has the root of the server as well, the prefix without a slash may name a package there.
  const hasOwnPrefix = !protocol.rootPrefixes.includes('')
  for (const { method, path, handler } of table.routes) {
    for (const at of path === '/' && hasOwnPrefix ? [prefix, `${prefix}/`] : [prefix + path]) {
      app.on(method, at, begin, bounded, handler)
    }
  }
}

interface Place {
  readonly path: string
  readonly organization?: string | undefined
  readonly repository?: string | undefined
}

/**
 * The bound on uploads, of which strangers take no place: what they may send (to sign in, to ask about advisories) has
 * places of its own, so that they are in nobody's way but each other's.
 */
function placed({ uploads, strangers }: MountDeps): MiddlewareHandler<Env> {
  return (c, next) => (c.var.principal.kind === 'anonymous' ? strangers(c, next) : uploads(c, next))
}

/** Who renders errors, where the request came in and who asks: before every handler of a protocol. */
function beginning(
  protocol: Protocol,
  { access }: MountDeps,
  placeOf: (c: Parameters<MiddlewareHandler<Env>>[0]) => Place,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('protocol', protocol)
    const { path, organization, repository } = placeOf(c)
    const { origin, prefix } = c.var.external
    c.set('address', {
      base: `${origin}${prefix}${path}`,
      origin: `${origin}${prefix}`,
      ...(organization === undefined ? {} : { organization }),
      ...(repository === undefined ? {} : { repository }),
    })
    const credentials = protocol.readCredentials(c.req.raw)
    c.set('principal', await access.authenticate(credentials, c.var.external.clientAddress))
    await next()
  }
}
