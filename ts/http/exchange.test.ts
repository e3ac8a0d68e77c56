import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { RegistryError, statusOf, toRegistryError } from '../errors.ts'
import { createLog } from '../log.ts'
import { addressReader } from './address.ts'
import { exchange } from './exchange.ts'
import { createMetrics } from './metrics.ts'
import { aServer, rawClient } from './testing.ts'

type Line = Record<string, unknown>

/** An application with the middleware, what it logs, and its metrics. */
function anApp(publicUrl?: string) {
  const lines: Line[] = []
  const log = createLog({
    level: 'debug',
    pretty: false,
    stream: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const metrics = createMetrics()
  const app = new Hono<{ Variables: { requestId: string; external: { origin: string } } }>()
  app.use(
    exchange({ readAddress: addressReader({ publicUrl, trustedProxies: [] }), log, metrics, protocolOf: () => 'p' }),
  )
  const mounted = new Hono<{ Variables: { requestId: string; external: { origin: string } } }>()
  mounted.onError((err, c) => c.json({ error: err.message }, statusOf[toRegistryError(err).code]))
  mounted.get('/fine/:x', (c) => c.json({ id: c.get('requestId'), origin: c.get('external').origin }))
  mounted.put('/fine/:x', (c) => c.body(null, 204))
  mounted.get('/page', (c) => c.html('<p>', 200, { 'content-security-policy': "default-src 'self'" }))
  mounted.get('/refused', () => {
    throw new RegistryError('access_denied', 'not yours')
  })
  mounted.get('/broken', () => {
    throw new RegistryError('internal', 'Internal error', {}, { cause: new Error('the reason') })
  })
  app.route('/m', mounted)
  return { app, lines, metrics }
}

test('every answer has an id of its own, which its handler and its log line have too, and the security headers', async () => {
  const { app, lines } = anApp()
  const res = await app.request('/m/fine/1')
  const id = res.headers.get('x-request-id')
  assert.deepEqual(await res.json(), { id, origin: 'http://localhost' })
  assert.equal(lines[0]?.['requestId'], id)
  assert.notEqual((await app.request('/m/fine/1')).headers.get('x-request-id'), id)
  for (const path of ['/m/fine/1', '/m/refused', '/m/broken', '/nowhere']) {
    const { headers } = await app.request(path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('x-frame-options'), 'DENY', path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path)
    assert.equal(headers.get('strict-transport-security'), null, path)
  }
})

test('a page keeps its own policy', async () => {
  const res = await anApp().app.request('/m/page')
  assert.equal(res.headers.get('content-security-policy'), "default-src 'self'")
})

test('over HTTPS browsers are told to stay with it', async () => {
  const res = await anApp('https://registry.example.com').app.request('/m/fine/1')
  assert.equal(res.headers.get('strict-transport-security'), 'max-age=31536000')
})

const logged: { name: string; method: string; path: string; line: Line }[] = [
  {
    name: 'a read at debug',
    method: 'GET',
    path: '/m/fine/1?a=b',
    line: { level: 20, url: '/m/fine/1?a=b', status: 200 },
  },
  { name: 'a write at info', method: 'PUT', path: '/m/fine/1', line: { level: 30, status: 204 } },
  {
    name: 'a refusal at info with its reason',
    method: 'GET',
    path: '/m/refused',
    line: { level: 30, status: 403, msg: 'not yours' },
  },
  { name: 'a fault at error', method: 'GET', path: '/m/broken', line: { level: 50, status: 500 } },
]
for (const t of logged) {
  test(`the log has ${t.name}`, async () => {
    const { app, lines } = anApp()
    await app.request(t.path, { method: t.method })
    assert.equal(lines.length, 1)
    const [line = {}] = lines
    for (const [key, value] of Object.entries(t.line)) assert.equal(line[key], value, key)
    assert.equal(typeof line['ms'], 'number')
  })
}

test('the log has the cause of a fault, the client has not', async () => {
  const { app, lines } = anApp()
  const res = await app.request('/m/broken')
  assert.doesNotMatch(await res.text(), /the reason/)
  assert.match(JSON.stringify(lines), /the reason/)
})

test('answers count for the pattern of their route, not for their path', async () => {
  const { app, metrics } = anApp()
  await app.request('/m/fine/1')
  await app.request('/m/fine/2')
  await app.request('/m/refused')
  await app.request('/nowhere/at/all')
  const text = await metrics.text()
  assert.match(text, /requests_total\{protocol="p",route="\/m\/fine\/:x",method="GET",status="200"\} 2\n/)
  assert.match(text, /requests_total\{protocol="p",route="\/m\/refused",method="GET",status="403"\} 1\n/)
  assert.doesNotMatch(text, /nowhere/)
})

test('a Host that is none is answered 400 and says what a host looks like', async () => {
  const { app } = anApp()
  await using server = await aServer(app.fetch)
  using client = rawClient(server.port, 'GET /m/fine/1 HTTP/1.1\r\nHost: exa_mple.com:99999\r\n\r\n')
  assert.match(await client.until(/\}$/), /^HTTP\/1\.1 400 [\s\S]*x-frame-options/i)
})
