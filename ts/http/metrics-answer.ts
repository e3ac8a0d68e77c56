import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { RegistryError } from '../errors.ts'
import { forwardedHeaders, membership, plainAddress } from './address.ts'
import { exchangeOf } from './answer.ts'
import type { Metrics } from './metrics.ts'

const isLoopback = membership(['127.0.0.0/8', '::1/128'])

/**
 * `GET /metrics`: to whoever connects from this machine itself, and not through a proxy on it, or presents the
 * token as a bearer. Throws `credentials_invalid` for another token; to everybody else the page does not exist
 * (`route_unknown`).
 */
export function metricsAnswer(metrics: Metrics, token: string | undefined): (c: Context) => Promise<Response> {
  const expected = token === undefined ? undefined : digest(token)
  return async (c) => {
    const presented = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (presented === undefined ? !isLocal(c) : !(expected && timingSafeEqual(digest(presented), expected))) {
      if (presented !== undefined && expected)
        throw new RegistryError('credentials_invalid', 'This is not METRICS_TOKEN')
      throw new RegistryError('route_unknown', 'There is no such page')
    }
    return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isLocal(c: Context): boolean {
  const peer = plainAddress(exchangeOf(c).incoming?.socket.remoteAddress ?? '')
  const isProxied = [...forwardedHeaders, 'forwarded', 'via'].some((name) => c.req.header(name) !== undefined)
  return !isProxied && isLoopback(peer)
}
