import type { Context } from 'hono'
import type { Log } from '../log.ts'
import type { Metrics } from './metrics.ts'

/** What a backend answers when it is asked how it is. */
export type Ping = () => Promise<{ latencyMs: number; version: string }>

export interface HealthOptions {
  /** Of this server. */
  readonly version: string
  /** By the name that the answer has: `metadata`, `blobs`. */
  readonly backends: Readonly<Record<string, Ping>>
  /** A backend that takes longer counts as down. */
  readonly timeoutMs: number
  readonly metrics: Pick<Metrics, 'backend'>
  readonly log: Log
}

interface BackendHealth {
  readonly status: 'up' | 'down'
  readonly latencyMs: number
  readonly version?: string
}

/** `GET /health`: the process answers, so 200 whatever the backends do. For liveness probes. */
export function health(c: Context): Response {
  return c.json({ status: 'ok' }, 200, { 'cache-control': 'no-store' })
}

/**
 * `GET /healthz`: each backend with its latency in milliseconds and version; 503 when one is down. Why it is down is
 * logged and not told: the answer is public. However many ask, each backend is asked once at a time.
 */
export function backendHealth(options: HealthOptions): (c: Context) => Promise<Response> {
  let asking: Promise<Record<string, BackendHealth>> | undefined
  return async (c) => {
    asking ??= askAll(options).finally(() => {
      asking = undefined
    })
    const backends = await asking
    const up = Object.values(backends).every(({ status }) => status === 'up')
    const body = { status: up ? 'ok' : 'unavailable', version: options.version, backends }
    return c.json(body, up ? 200 : 503, { 'cache-control': 'no-store' })
  }
}

async function askAll(options: HealthOptions): Promise<Record<string, BackendHealth>> {
  const asked = Object.entries(options.backends).map(async ([name, ping]) => [name, await ask(name, ping, options)])
  return Object.fromEntries(await Promise.all(asked))
}

async function ask(name: string, ping: Ping, { timeoutMs, metrics, log }: HealthOptions): Promise<BackendHealth> {
  const startedAt = performance.now()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    const { latencyMs, version } = await Promise.race([ping(), late])
    metrics.backend(name, 'ping', latencyMs / 1000)
    return { status: 'up', latencyMs: rounded(latencyMs), version }
  } catch (err) {
    log.error({ err, backend: name }, 'A backend is down')
    return { status: 'down', latencyMs: rounded(performance.now() - startedAt) }
  } finally {
    clearTimeout(timer)
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
