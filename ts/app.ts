import { Hono } from 'hono'
import { statusOf, toRegistryError } from './errors.ts'
import { preferredType } from './http/accept.ts'
import type { Arrival, ExternalAddress } from './http/address.ts'
import { errorHeaders } from './http/error-headers.ts'
import { exchange } from './http/exchange.ts'
import { backendHealth, type HealthOptions, health } from './http/health.ts'
import type { Metrics } from './http/metrics.ts'
import { metricsAnswer } from './http/metrics-answer.ts'
import { uploadGate } from './http/uploads.ts'
import type { Log } from './log.ts'
import { pages } from './pages/pages.ts'
import { protocols } from './protocols/all.ts'
import { mountRepositories, mountRoot } from './protocols/mount.ts'
import type { Env, ProtocolDeps } from './protocols/protocol.ts'

export interface AppDeps extends ProtocolDeps {
  readonly log: Log
  readonly metrics: Metrics
  /** See `addressReader`. */
  readonly readAddress: (arrival: Arrival) => ExternalAddress
  readonly health: Pick<HealthOptions, 'version' | 'backends' | 'timeoutMs'>
  readonly metricsToken: string | undefined
}

/** The whole server as one Hono app: the order of its middleware and its mounts, nothing else. */
export function createApp(deps: AppDeps): Hono<Env> {
  const { log, metrics, readAddress, access, limits } = deps
  const app = new Hono<Env>()
  const uploads = uploadGate(limits)
  metrics.gauge('uploads_running', 'Uploads that run now', uploads.running)

  app.onError((err, c) => {
    const error = toRegistryError(err)
    if (c.var.protocol) return c.var.protocol.renderError(error, c)
    return c.json({ error: error.message }, statusOf[error.code], errorHeaders(error))
  })
  app.use(exchange({ readAddress, log, metrics, protocolOf: (c) => c.get('protocol')?.id ?? '' }))

  app.get('/health', health)
  app.get('/healthz', backendHealth({ ...deps.health, metrics, log }))
  app.get('/metrics', metricsAnswer(metrics, deps.metricsToken))
  app.get('/', (c) =>
    preferredType(c.req.header('accept'), ['application/json', 'text/html']) === 'text/html'
      ? c.redirect(`${c.var.external.prefix}/ui/`)
      : c.json({ name: 'stowage', version: deps.health.version }),
  )
  pages(app, { access, limits, clientSetups: protocols.map(({ label, setup }) => ({ label, linesOf: setup })) })

  const mounted = { ...deps, uploads: uploads.middleware }
  for (const protocol of protocols) mountRepositories(app, protocol, mounted)
  for (const { protocol, prefix } of rootsInOrder()) mountRoot(app, protocol, prefix, mounted)
  app.notFound((c) => {
    const detail = `There is no endpoint ${c.req.method} ${c.req.path}.`
    if (!c.req.path.startsWith('/api/v1/')) return c.json({ error: detail }, 404)
    const problem = { title: 'Not Found', status: 404, code: 'route_unknown', detail }
    return c.body(JSON.stringify(problem), 404, { 'content-type': 'application/problem+json' })
  })
  return app
}

/** Longer prefixes before shorter ones, so that `/{name}` at the root comes last of all. */
function rootsInOrder() {
  return protocols
    .flatMap((protocol) => protocol.rootPrefixes.map((prefix) => ({ protocol, prefix })))
    .sort((a, b) => b.prefix.length - a.prefix.length)
}
