import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { HistogramCells, type Series } from './histogram-cells.ts'

/** Counts the answers of one route; labels are resolved once, so counting is a few additions. */
export interface RouteMeter {
  count(method: string, status: number, seconds: number): void
}

/** Connections and their bytes, as the server knows them. */
export interface Traffic {
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly connections: number
}

export interface Metrics {
  /** The meter of a route pattern (never of a path: its values would be without bound). */
  meter(protocol: string, route: string): RouteMeter
  /** How long a call to a backend took. */
  backend(backend: string, operation: string, seconds: number): void
  /** Hits and misses of a cache, read at each scrape. */
  cache(name: string, counts: { readonly hits: number; readonly misses: number }): void
  /** Bytes and connections, read at each scrape. */
  traffic(read: () => Traffic): void
  /** A number of its own, read at each scrape; the name is given without its prefix. */
  gauge(name: string, help: string, read: () => number): void
  /** Lets the process that keeps this one gather its metrics; see prom-client's `AggregatorRegistry`. */
  share(): void
  /** The Prometheus text form and its content type. */
  text(): Promise<string>
  readonly contentType: string
}

const requestBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
const backendBuckets = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** Metrics of one process. prom-client's own counting costs 6 to 11 µs a request, so it only prints what we counted. */
export function createMetrics(prefix = 'stowage_'): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = requestCells(registry, prefix)
  const backends = backendCells(registry, prefix)
  const caches = cacheCounter(registry, prefix)
  return {
    meter: requests,
    backend: backends,
    cache: (name, counts) => void caches.set(name, counts),
    traffic: (read) => addTraffic(registry, prefix, read),
    gauge: (name, help, read) => addGauge(registry, prefix + name, help, read),
    share: () => AggregatorRegistry.setRegistries([registry]),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

interface Route extends RouteMeter {
  readonly protocol: string
  readonly route: string
  /** By method and status. */
  readonly answers: Map<string, { readonly method: string; readonly status: number; total: number }>
}

function requestCells(registry: Registry, prefix: string): Metrics['meter'] {
  const routes = new Map<string, Route>()
  const latency = new HistogramCells(
    { name: `${prefix}http_request_duration_seconds`, help: 'Time to the end of an answer', registers: [registry] },
    requestBuckets,
  )
  new Counter({
    name: `${prefix}http_requests_total`,
    help: 'Answers by route and status',
    labelNames: ['protocol', 'route', 'method', 'status'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { protocol, route, answers } of routes.values()) {
        for (const { method, status, total } of answers.values()) this.inc({ protocol, route, method, status }, total)
      }
    },
  })
  return (protocol, route) => {
    const key = `${protocol} ${route}`
    const known = routes.get(key) ?? newRoute(protocol, route, latency.series({ protocol, route }))
    routes.set(key, known)
    return known
  }
}

function newRoute(protocol: string, route: string, latency: Series): Route {
  const answers: Route['answers'] = new Map()
  return {
    protocol,
    route,
    answers,
    count(method, status, seconds) {
      const key = method + status
      let answer = answers.get(key)
      if (!answer) {
        answer = { method, status, total: 0 }
        answers.set(key, answer)
      }
      answer.total++
      latency.observe(seconds)
    },
  }
}

function backendCells(registry: Registry, prefix: string): Metrics['backend'] {
  const cells = new HistogramCells(
    { name: `${prefix}backend_duration_seconds`, help: 'Time of calls to a backend', registers: [registry] },
    backendBuckets,
  )
  const series = new Map<string, Series>()
  return (backend, operation, seconds) => {
    const key = `${backend} ${operation}`
    const known = series.get(key) ?? cells.series({ backend, operation })
    series.set(key, known)
    known.observe(seconds)
  }
}

function cacheCounter(registry: Registry, prefix: string) {
  const caches = new Map<string, { readonly hits: number; readonly misses: number }>()
  new Counter({
    name: `${prefix}cache_requests_total`,
    help: 'Look-ups in a cache by their result',
    labelNames: ['cache', 'result'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [cache, { hits, misses }] of caches) {
        this.inc({ cache, result: 'hit' }, hits)
        this.inc({ cache, result: 'miss' }, misses)
      }
    },
  })
  return caches
}

function addTraffic(registry: Registry, prefix: string, read: () => Traffic): void {
  new Counter({
    name: `${prefix}http_bytes_total`,
    help: 'Bytes over all connections, headers included',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      const { receivedBytes, sentBytes } = read()
      this.reset()
      this.inc({ direction: 'received' }, receivedBytes)
      this.inc({ direction: 'sent' }, sentBytes)
    },
  })
  addGauge(registry, `${prefix}http_connections`, 'Open connections', () => read().connections)
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}
