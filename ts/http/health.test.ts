import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { backendHealth, health, type Ping } from './health.ts'
import { createMetrics } from './metrics.ts'
import { silentLog } from './testing.ts'

const up: Ping = async () => ({ latencyMs: 1.234, version: '3.50' })

function app(backends: Record<string, Ping>) {
  const r = new Hono()
  r.get('/health', health)
  r.get(
    '/healthz',
    backendHealth({ version: '1.2.3', backends, timeoutMs: 50, metrics: createMetrics(), log: silentLog }),
  )
  return r
}

test('the process is well whatever its backends do', async () => {
  const res = await app({ metadata: () => Promise.reject(new Error('down')) }).request('/health')
  assert.deepEqual([res.status, await res.json()], [200, { status: 'ok' }])
})

test('each backend is listed with latency and version', async () => {
  const res = await app({ metadata: up, blobs: up }).request('/healthz')
  const backend = { status: 'up', latencyMs: 1.23, version: '3.50' }
  assert.equal(res.status, 200)
  assert.deepEqual(await res.json(), {
    status: 'ok',
    version: '1.2.3',
    backends: { metadata: backend, blobs: backend },
  })
})

for (const [name, ping] of Object.entries<Ping>({
  'is unreachable': () => Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:27017')),
  'does not answer': () => new Promise(() => {}),
})) {
  test(`a backend that ${name} makes 503, and the reason is not told`, async () => {
    const res = await app({ metadata: ping, blobs: up }).request('/healthz')
    const text = await res.text()
    assert.equal(res.status, 503)
    assert.equal(JSON.parse(text).backends.metadata.status, 'down')
    assert.equal(JSON.parse(text).backends.blobs.status, 'up')
    assert.doesNotMatch(text, /ECONNREFUSED|10\.1/)
  })
}

test('many who ask at once ask a backend once', async () => {
  let asked = 0
  const counting = app({
    metadata() {
      asked++
      return up()
    },
  })
  await Promise.all(Array.from({ length: 20 }, () => counting.request('/healthz')))
  assert.equal(asked, 1)
})
