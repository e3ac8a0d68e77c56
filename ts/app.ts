import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { AuditTrail } from './access/audit/audit-trail.ts'
import { api } from './api/api.ts'
import { RegistryError, statusOf, toRegistryError } from './errors.ts'
import { preferredType } from './http/accept.ts'
import type { Arrival, ExternalAddress } from './http/address.ts'
import { allowedMethods } from './http/allowed-methods.ts'
import { exchangeOf } from './http/answer.ts'
import { hasDotSegment } from './http/dot-segments.ts'
import { errorHeaders } from './http/error-headers.ts'
import { exchange } from './http/exchange.ts'
import { backendHealth, type HealthOptions, health } from './http/health.ts'
import type { Metrics } from './http/metrics.ts'
import { metricsAnswer } from './http/metrics-answer.ts'
import { uploadGate } from './http/uploads.ts'
import type { Scheduler } from './jobs/scheduler.ts'
import type { UsageReports } from './jobs/usage.ts'
import type { Log } from './log.ts'
import { pages } from './pages/pages.ts'
import { protocols } from './protocols/all.ts'
import { mountRepositories, mountRoot } from './protocols/mount.ts'
import type { Env, ProtocolDeps } from './protocols/protocol.ts'
import { witnessed } from './protocols/witnessed.ts'

export interface AppDeps extends ProtocolDeps {
  readonly log: Log
  /** What `access` and `registry` record in, too. */
  readonly trail: AuditTrail
  readonly metrics: Metrics
  /** See `addressReader`. */
  readonly readAddress: (arrival: Arrival) => ExternalAddress
  readonly health: Pick<HealthOptions, 'version' | 'backends' | 'timeoutMs'>
  readonly metricsToken: string | undefined
  readonly jobs: Scheduler
  readonly usage: UsageReports
}

/** The whole server as one Hono app: the order of its middleware and its mounts, nothing else. */
export function createApp(deps: AppDeps): Hono<Env> {
  const { log, metrics, readAddress, access, limits } = deps
  const app = new Hono<Env>()
  const uploads = uploadGate(limits)
  metrics.gauge('uploads_running', 'Uploads that run now', uploads.running)

  app.onError((err, c) => {
    const thrown = toRegistryError(err)
    const error = thrown.code === 'route_unknown' ? unknownRoute(app, c, thrown.message) : thrown
    // What the client is told is what is logged.
    if (error !== thrown) c.error = error
    if (c.var.protocol) return c.var.protocol.renderError(error, c)
    return c.json({ error: error.message }, statusOf[error.code], errorHeaders(error))
  })
  app.use(exchange({ readAddress, log, metrics, protocolOf: (c) => c.get('protocol')?.id ?? '' }))
  app.use(witnessed(deps.trail.record))
  app.use(withoutDotSegments)

  app.get('/health', health)
  app.get('/healthz', backendHealth({ ...deps.health, metrics, log }))
  app.get('/metrics', metricsAnswer(metrics, deps.metricsToken))
  app.get('/', (c) =>
    preferredType(c.req.header('accept'), ['application/json', 'text/html']) === 'text/html'
      ? c.redirect(`${c.var.external.prefix}/ui/`)
      : c.json({ name: 'stowage', version: deps.health.version }),
  )
  pages(app, { access, limits, clientSetups: protocols.map(({ label, setup }) => ({ label, linesOf: setup })) })
  api(app, { ...deps, protocols, version: deps.health.version })

  const mounted = { ...deps, uploads: uploads.middleware, strangers: uploadGate(limits).middleware }
  for (const protocol of protocols) mountRepositories(app, protocol, mounted)
  for (const { protocol, prefix } of rootsInOrder()) mountRoot(app, protocol, prefix, mounted)
  app.notFound((c) => {
    const unknown = unknownRoute(app, c, `There is no endpoint ${c.req.method} ${c.req.path}.`)
    c.error = unknown
    const { code, message } = unknown
    const status = statusOf[code]
    if (!c.req.path.startsWith('/api/v1/')) return c.json({ error: message }, status)
    const title = status === 405 ? 'Method Not Allowed' : 'Not Found'
    const problem = { title, status, code, detail: message }
    return c.body(JSON.stringify(problem), status, { 'content-type': 'application/problem+json' })
  })
  return app
}

/** Refuses paths that mean another place than the one that is written, in the words of the protocol that is asked. */
const withoutDotSegments: MiddlewareHandler<Env> = async (c, next) => {
  const target = exchangeOf(c).incoming?.url ?? ''
  if (!hasDotSegment(target)) return next()
  const asked = rootsInOrder().find(({ prefix }) => prefix !== '' && target.startsWith(`${prefix}/`))
  if (asked) c.set('protocol', asked.protocol)
  const message = 'The path has a part "." or "..", plain or percent-encoded. Write the path without.'
  throw new RegistryError('name_invalid', message)
}

/** For a path that other methods have a route at: `method_not_allowed`, with `Allow`; else `route_unknown`. */
function unknownRoute(app: Hono<Env>, c: Context<Env>, message: string): RegistryError {
  const allowed = allowedMethods(app, c.req.path)
  if (allowed.length === 0 || allowed.includes(c.req.method)) return new RegistryError('route_unknown', message)
  c.header('allow', allowed.join(', '))
  const instead = `${c.req.method} is not allowed at ${c.req.path}; it takes ${allowed.join(', ')}.`
  return new RegistryError('method_not_allowed', instead)
}

/** Longer prefixes before shorter ones, so that `/{name}` at the root comes last of all. */
function rootsInOrder() {
  return protocols
    .flatMap((protocol) => protocol.rootPrefixes.map((prefix) => ({ protocol, prefix })))
    .sort((a, b) => b.prefix.length - a.prefix.length)
}
