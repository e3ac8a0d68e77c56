import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { statusOf, toRegistryError } from '../errors.ts'
import { createMetrics } from './metrics.ts'
import { metricsAnswer } from './metrics-answer.ts'
import { aServer } from './testing.ts'

test('answers are counted by protocol, route, method and status, and their time falls in cumulated buckets', async () => {
  const metrics = createMetrics()
  metrics.meter('npm', '/:name').count('GET', 200, 0.003)
  metrics.meter('npm', '/:name').count('GET', 200, 0.2)
  metrics.meter('npm', '/:name').count('PUT', 409, 100)
  const text = await metrics.text()
  const expected = [
    'stowage_http_requests_total{protocol="npm",route="/:name",method="GET",status="200"} 2',
    'stowage_http_requests_total{protocol="npm",route="/:name",method="PUT",status="409"} 1',
    '# TYPE stowage_http_request_duration_seconds histogram',
    'stowage_http_request_duration_seconds_bucket{protocol="npm",route="/:name",le="0.001"} 0',
    'stowage_http_request_duration_seconds_bucket{protocol="npm",route="/:name",le="0.005"} 1',
    'stowage_http_request_duration_seconds_bucket{protocol="npm",route="/:name",le="0.25"} 2',
    'stowage_http_request_duration_seconds_bucket{protocol="npm",route="/:name",le="60"} 2',
    'stowage_http_request_duration_seconds_bucket{protocol="npm",route="/:name",le="+Inf"} 3',
    'stowage_http_request_duration_seconds_sum{protocol="npm",route="/:name"} 100.203',
    'stowage_http_request_duration_seconds_count{protocol="npm",route="/:name"} 3',
  ]
  for (const line of expected) assert.ok(text.includes(`${line}\n`), `${line}\nis not in\n${text}`)
})

test('caches, backends, traffic, the event loop and gauges are printed as they are at the scrape', async () => {
  const metrics = createMetrics()
  const counts = { hits: 1, misses: 2 }
  metrics.cache('documents', counts)
  metrics.traffic(() => ({ receivedBytes: 10, sentBytes: 20, connections: 3 }))
  metrics.gauge('uploads_running', 'Uploads', () => 4)
  metrics.backend('blobs', 'read', 0.002)
  await metrics.text()
  counts.hits = 5
  const text = await metrics.text()
  const expected = [
    'stowage_cache_requests_total{cache="documents",result="hit"} 5',
    'stowage_cache_requests_total{cache="documents",result="miss"} 2',
    'stowage_http_bytes_total{direction="sent"} 20',
    'stowage_http_connections 3',
    'stowage_uploads_running 4',
    'stowage_backend_duration_seconds_count{backend="blobs",operation="read"} 1',
  ]
  for (const line of expected) assert.ok(text.includes(`${line}\n`), `${line}\nis not in\n${text}`)
  assert.match(text, /nodejs_eventloop_lag_p99_seconds /)
})

function app(token?: string) {
  const r = new Hono()
  r.onError((err, c) => c.text('', statusOf[toRegistryError(err).code]))
  r.get('/metrics', metricsAnswer(createMetrics(), token))
  return r
}

const cases: { name: string; token?: string; headers?: Record<string, string>; local: boolean; status: number }[] = [
  { name: 'from this machine', local: true, status: 200 },
  { name: 'from this machine through a proxy', headers: { 'x-forwarded-for': '192.0.2.1' }, local: true, status: 404 },
  { name: 'from elsewhere', token: 'secret-token', local: false, status: 404 },
  {
    name: 'with the token',
    token: 'secret-token',
    headers: { authorization: 'Bearer secret-token' },
    local: false,
    status: 200,
  },
  {
    name: 'with another token',
    token: 'secret-token',
    headers: { authorization: 'Bearer other' },
    local: false,
    status: 401,
  },
  {
    name: 'with another token, from this machine',
    token: 'secret-token',
    headers: { authorization: 'Bearer other' },
    local: true,
    status: 401,
  },
  {
    name: 'with a token where none is configured',
    headers: { authorization: 'Bearer undefined' },
    local: false,
    status: 404,
  },
]
for (const t of cases) {
  test(`metrics ${t.name}: ${t.status}`, async () => {
    const init = { headers: t.headers ?? {} }
    await using server = t.local ? await aServer(app(t.token).fetch) : undefined
    const res = server ? await fetch(`${server.url}/metrics`, init) : await app(t.token).request('/metrics', init)
    assert.equal(res.status, t.status)
    assert.equal((await res.text()).includes('nodejs_'), t.status === 200)
  })
}
