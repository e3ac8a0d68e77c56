import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { hasCode } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Arrival, ExternalAddress } from './address.ts'
import { exchangeOf } from './answer.ts'
import type { Metrics, RouteMeter } from './metrics.ts'
import { plainAnswer } from './plain-answers.ts'
import { newRequestId } from './request-id.ts'
import { reportAnswer } from './request-log.ts'
import { securityHeaders } from './security-headers.ts'

export interface ExchangeOptions {
  /** See `addressReader`. */
  readonly readAddress: (arrival: Arrival) => ExternalAddress
  readonly log: Log
  readonly metrics: Metrics
  /** The `protocol` label of the answer's metrics, asked after the handler ran. */
  readonly protocolOf: (c: Context) => string
}

/**
 * The outermost middleware: gives a request its id, log and external address (`requestId`, `log`, `external`), and
 * its answer the headers that all carry; counts and logs it. A `Host` that is none is answered 400 here.
 */
export function exchange({ readAddress, log, metrics, protocolOf }: ExchangeOptions): MiddlewareHandler {
  return async (c, next) => {
    const startedAt = performance.now()
    const requestId = newRequestId()
    const requestLog = log.child({ requestId })
    const meter = (): RouteMeter => metrics.meter(protocolOf(c), routePath(c))
    c.set('requestId', requestId)
    c.set('log', requestLog)
    // For answers given again from memory: the route is known only inside its handler.
    c.set('meter', meter)
    const external = addressOrRefusal(c, readAddress)
    if (external instanceof Response) c.res = external
    else {
      c.set('external', external)
      await next()
    }
    const status = finish(c, requestId)
    const seconds = (performance.now() - startedAt) / 1000
    meter().count(c.req.method, status, seconds)
    reportAnswer(requestLog, { method: c.req.method, url: c.req.url, status, seconds, error: c.error })
  }
}

function addressOrRefusal(c: Context, readAddress: ExchangeOptions['readAddress']): ExternalAddress | Response {
  const { incoming } = exchangeOf(c)
  const socket = incoming?.socket
  try {
    return readAddress({
      header: (name) => c.req.header(name),
      peerAddress: socket?.remoteAddress,
      encrypted: socket !== undefined && 'encrypted' in socket,
      fallbackHost: new URL(c.req.url).host,
    })
  } catch (err) {
    if (hasCode(err, 'payload_invalid')) return plainAnswer(400, err.message)
    throw err
  }
}

/** Adds what every answer carries, unless it was written to the socket and carries it already; returns the status. */
function finish(c: Context, requestId: string): number {
  const { outgoing, https } = exchangeOf(c)
  if (outgoing?.headersSent) return outgoing.statusCode
  const { headers } = c.res
  for (const [name, value] of Object.entries(securityHeaders(https))) if (!headers.has(name)) headers.set(name, value)
  headers.set('x-request-id', requestId)
  return c.res.status
}
