import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Hono } from 'hono'
import { addressReader, type ExternalAddress } from './address.ts'
import { exchange } from './exchange.ts'
import { hotAnswers, type Remembering } from './hot-answers.ts'
import { createMetrics } from './metrics.ts'
import { sendDocument } from './send-document.ts'
import { aServer, silentLog } from './testing.ts'

/** A server of one route that tells who asks and how often it was computed, on a store that counts its commits. */
async function aStore(remember: Remembering = {}, maxBytes = 1_000_000) {
  const store = {
    mark: 1 as number | undefined,
    computed: 0,
    now: 1_000,
    whileComputing: () => {},
    onFound: (_: ServerResponse) => {},
  }
  const metrics = createMetrics()
  const hot = hotAnswers({ commitMark: () => store.mark, maxBytes, log: silentLog, now: () => store.now })
  const app = new Hono<{ Variables: { external: ExternalAddress } }>()
  const readAddress = addressReader({ publicUrl: undefined, trustedProxies: ['127.0.0.0/8'] })
  app.use(exchange({ readAddress, log: silentLog, metrics, protocolOf: () => 'test' }))
  app.get('/things/:name', async (c) => {
    const computed = ++store.computed
    await Promise.resolve(store.whileComputing())
    const text = `${c.req.header('authorization') ?? 'nobody'} ${c.get('external').origin} ${computed}`
    const etag = `"${computed}"`
    const body = Buffer.from(text)
    return sendDocument(c, { body, etag, contentType: 'text/plain', encoding: 'identity', remember })
  })
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const found = hot.answer(incoming, outgoing)
    if (found) store.onFound(outgoing)
    return found
  }
  const server = await aServer(app.fetch, { hot: { answer } })
  return { store, hot, metrics, server, [Symbol.asyncDispose]: () => server.close() }
}

/** Over node:http, which sends the `Host` and no header more than it is told. */
async function ask(port: number, headers: Record<string, string> = {}, method = 'GET', path = '/things/a') {
  const sent = request({ host: '127.0.0.1', port, path, method, headers }).end()
  const [res] = await once(sent, 'response')
  let body = ''
  for await (const chunk of res) body += chunk
  return { status: res.statusCode as number, headers: res.headers as Record<string, string>, body }
}

test('an equal request is answered again without its handler, every header included', async () => {
  await using s = await aStore()
  const first = await ask(s.server.port)
  const second = await ask(s.server.port)
  assert.equal(s.store.computed, 1)
  assert.equal(second.body, first.body)
  const { 'x-request-id': firstId, date: _, ...others } = first.headers
  const { 'x-request-id': secondId, date: __, ...again } = second.headers
  assert.deepEqual(again, others)
  assert.equal(again['x-content-type-options'], 'nosniff')
  assert.ok(firstId && secondId && firstId !== secondId)
  assert.deepEqual(s.hot.counts, { hits: 1, misses: 1 })
})

test('HEAD is answered with what GET was, unless its handler wants it', async () => {
  for (const getOnly of [false, true]) {
    await using s = await aStore({ getOnly })
    await ask(s.server.port)
    const { status, body } = await ask(s.server.port, {}, 'HEAD')
    assert.deepEqual([status, body], [200, ''])
    assert.equal(s.store.computed, getOnly ? 2 : 1)
  }
})

test('after a commit the handler is asked again', async () => {
  await using s = await aStore()
  await ask(s.server.port)
  s.store.mark = 2
  assert.match((await ask(s.server.port)).body, / 2$/)
  assert.match((await ask(s.server.port)).body, / 2$/)
})

test('an answer that was computed while something was committed is not given again', async () => {
  await using s = await aStore()
  s.store.whileComputing = () => {
    s.store.mark = 2
  }
  await ask(s.server.port)
  assert.match((await ask(s.server.port)).body, / 2$/)
})

test('a store that cannot tell is asked each time', async () => {
  await using s = await aStore()
  s.store.mark = undefined
  await ask(s.server.port)
  assert.match((await ask(s.server.port)).body, / 2$/)
})

const differences: Record<string, [Record<string, string>, string?]> = {
  'another Authorization': [{ authorization: 'Bearer b' }],
  'no Authorization': [{}],
  'an empty Authorization': [{ authorization: '' }],
  'another Accept': [{ authorization: 'Bearer a', accept: 'text/html' }],
  'another Accept-Encoding': [{ authorization: 'Bearer a', 'accept-encoding': 'gzip' }],
  'another Host': [{ authorization: 'Bearer a', host: 'other.example.com' }],
  'another scheme by a proxy': [{ authorization: 'Bearer a', 'x-forwarded-proto': 'https' }],
  'another prefix by a proxy': [{ authorization: 'Bearer a', 'x-forwarded-prefix': '/x' }],
  'a cookie': [{ authorization: 'Bearer a', cookie: 'session=1' }],
  'a range': [{ authorization: 'Bearer a', range: 'bytes=0-1' }],
  'another path': [{ authorization: 'Bearer a' }, '/things/b'],
  'a query': [{ authorization: 'Bearer a' }, '/things/a?x'],
}
for (const [name, [headers, path]] of Object.entries(differences)) {
  test(`${name} is another request`, async () => {
    await using s = await aStore()
    await ask(s.server.port, { authorization: 'Bearer a' })
    const other = await ask(s.server.port, headers, 'GET', path)
    assert.match(other.body, / 2$/)
    assert.equal(other.body.startsWith(headers['authorization'] ?? 'nobody'), true)
  })
}

test('the word undefined as a header is not taken for no header', async () => {
  await using s = await aStore()
  await ask(s.server.port)
  assert.match((await ask(s.server.port, { authorization: 'undefined' })).body, /^undefined .* 2$/)
})

test('who is behind the proxy does not matter', async () => {
  await using s = await aStore()
  await ask(s.server.port, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' })
  const second = await ask(s.server.port, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.2' })
  assert.match(second.body, /^nobody https:.* 1$/)
  assert.equal(second.headers['strict-transport-security'], 'max-age=31536000')
})

test('after its time the handler is asked again', async () => {
  await using s = await aStore({ validUntil: 2_000 })
  await ask(s.server.port)
  s.store.now = 1_999
  assert.match((await ask(s.server.port)).body, / 1$/)
  s.store.now = 2_000
  assert.match((await ask(s.server.port)).body, / 2$/)
})

test('HEAD has the headers of GET and no body, whichever came first', async () => {
  await using s = await aStore()
  const computed = await ask(s.server.port, {}, 'HEAD')
  const get = await ask(s.server.port)
  const head = await ask(s.server.port, {}, 'HEAD')
  assert.equal(s.store.computed, 1)
  assert.equal(head.body + computed.body, '')
  assert.ok(get.body.length > 0)
  for (const { headers } of [computed, head]) assert.equal(headers['content-length'], String(get.body.length))
})

test('who has the answer gets 304, with the tag and no content headers', async () => {
  await using s = await aStore()
  await ask(s.server.port)
  const same = await ask(s.server.port, { 'if-none-match': 'W/"1"' })
  assert.deepEqual(
    [same.status, same.body, same.headers['etag'], same.headers['content-type']],
    [304, '', '"1"', undefined],
  )
  assert.equal(same.headers['x-content-type-options'], 'nosniff')
  const other = await ask(s.server.port, { 'if-none-match': '"0"' })
  assert.deepEqual([other.status, s.store.computed], [200, 1])
})

test('a 304 of the handler is remembered as the whole answer', async () => {
  await using s = await aStore()
  assert.equal((await ask(s.server.port, { 'if-none-match': '"1"' })).status, 304)
  const whole = await ask(s.server.port)
  assert.deepEqual([whole.status, s.store.computed], [200, 1])
})

test('writes are never answered from memory', async () => {
  await using s = await aStore()
  await ask(s.server.port)
  assert.equal((await ask(s.server.port, {}, 'DELETE')).status, 404)
})

test('each answer from memory is told, and whether its bytes were sent', async () => {
  const served: boolean[] = []
  await using s = await aStore({ onServed: (bytesSent) => void served.push(bytesSent) })
  await ask(s.server.port)
  await ask(s.server.port)
  await ask(s.server.port, {}, 'HEAD')
  await ask(s.server.port, { 'if-none-match': '*' })
  assert.deepEqual(served, [true, false, false])
})

test('answers from memory count for their route', async () => {
  await using s = await aStore()
  for (let i = 0; i < 3; i++) await ask(s.server.port)
  await ask(s.server.port, { 'if-none-match': '"1"' })
  const text = await s.metrics.text()
  const line = (status: number) =>
    `stowage_http_requests_total{protocol="test",route="/things/:name",method="GET",status="${status}"}`
  assert.ok(text.includes(`${line(200)} 3\n`), text)
  assert.ok(text.includes(`${line(304)} 1\n`), text)
})

/** Sends as it is, and the end of all sending with it; all that came back. */
async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(bytes)
  return await text(socket)
}

const rawGet = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test('an answer is written when the requests of its turn were read, also to who will send no more', async () => {
  await using s = await aStore()
  await ask(s.server.port, { host: 'x' })
  const written: boolean[] = []
  s.store.onFound = ({ headersSent }) => void written.push(headersSent)
  const came = await sendRaw(s.server.port, rawGet('/things/a') + rawGet('/things/a'))
  assert.deepEqual(written, [false, false])
  assert.equal(came.match(/HTTP\/1.1 200 OK/g)?.length, 2)
})

test('requests of one connection are answered in their order, from memory or not', async () => {
  await using s = await aStore()
  for (const path of ['/things/a', '/things/b']) await ask(s.server.port, { host: 'x' }, 'GET', path)
  const socket = connect(s.server.port, '127.0.0.1')
  socket.write(['/things/b', '/things/new', '/things/a'].map(rawGet).join(''))
  let came = ''
  for await (const piece of socket) {
    came += piece
    if (came.match(/nobody/g)?.length === 3) break
  }
  assert.deepEqual(
    [...came.matchAll(/nobody \S+ (\d)/g)].map(([, computed]) => computed),
    ['2', '3', '1'],
  )
})

test('a client that went before its answer was written is passed over', async () => {
  const served: boolean[] = []
  await using s = await aStore({ onServed: (bytesSent) => void served.push(bytesSent) })
  await ask(s.server.port)
  s.store.onFound = (outgoing) => void outgoing.destroy()
  await assert.rejects(ask(s.server.port))
  s.store.onFound = () => {}
  assert.equal((await ask(s.server.port)).status, 200)
  assert.deepEqual(served, [true])
})

test('an answer from memory that fails leaves the server and other answers alone', async () => {
  let fails = true
  const onServed = () => {
    if (fails) throw new Error('not counted')
  }
  await using s = await aStore({ onServed })
  await ask(s.server.port, { host: 'x' })
  await sendRaw(s.server.port, rawGet('/things/a')).catch(() => undefined)
  fails = false
  assert.match((await ask(s.server.port, { host: 'x' })).body, / 1$/)
})

test('the memory is bounded: what was asked longest ago goes', async () => {
  await using s = await aStore({}, 5_000)
  await ask(s.server.port, {}, 'GET', '/things/first')
  for (let i = 0; i < 5; i++) await ask(s.server.port, {}, 'GET', `/things/${i}`)
  assert.match((await ask(s.server.port, {}, 'GET', '/things/first')).body, / 7$/)
})
