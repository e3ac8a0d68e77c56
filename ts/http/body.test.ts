import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import type { Limits } from '../config.ts'
import { statusOf, toRegistryError } from '../errors.ts'
import { readBody, readJson, readWhole } from './body.ts'
import { aServer, rawClient, roomyLimits } from './testing.ts'

/** Answers with what it read: the JSON value, or how many bytes came. */
function app(limits: Partial<Limits> = {}, ended?: (err?: Error) => void) {
  const all = { ...roomyLimits, ...limits }
  const r = new Hono()
  r.onError((err, c) => {
    const { code, message } = toRegistryError(err)
    ended?.(err)
    return c.json({ code, message }, statusOf[code])
  })
  r.post('/json', async (c) => c.json((await readJson(c, all)) as object))
  r.post('/form', async (c) => c.json((await readWhole(c, all, { maxBytes: 50, what: 'A form' })).length))
  r.put('/bytes', async (c) => {
    let bytes = 0
    for await (const chunk of readBody(c, all, 'maxPublishBytes')) bytes += chunk.length
    ended?.()
    return c.json({ bytes })
  })
  r.put('/refused', (c) => c.json({ code: 'access_denied' }, 403))
  return r
}

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body,
  headers,
})
const small = { maxDocumentBytes: 100 }

const cases: { name: string; request: RequestInit; status: number; body: object }[] = [
  { name: 'JSON', request: post('{"a":1}'), status: 200, body: { a: 1 } },
  {
    name: 'gzipped JSON',
    request: post(gzipSync('{"a":1}'), { 'content-encoding': 'gzip' }),
    status: 200,
    body: { a: 1 },
  },
  {
    name: 'a body over the limit',
    request: post(JSON.stringify('a'.repeat(100))),
    status: 413,
    body: {
      code: 'payload_too_large',
      message: 'The body is larger than 100 bytes; MAX_DOCUMENT_BYTES raises the limit.',
    },
  },
  {
    name: 'gzip that unpacks to more than the limit',
    request: post(gzipSync(JSON.stringify('a'.repeat(5000))), { 'content-encoding': 'gzip' }),
    status: 413,
    body: {
      code: 'payload_too_large',
      message: 'The body is larger than 100 bytes; MAX_DOCUMENT_BYTES raises the limit.',
    },
  },
  {
    name: 'gzip that is none',
    request: post('{"a":1}', { 'content-encoding': 'gzip' }),
    status: 400,
    body: { code: 'payload_invalid', message: 'The body is not valid gzip.' },
  },
  {
    name: 'another encoding',
    request: post('x', { 'content-encoding': 'br' }),
    status: 415,
    body: {
      code: 'media_type_unsupported',
      message: 'Content-Encoding "br" is not supported: send gzip or none.',
    },
  },
  {
    name: 'no JSON',
    request: post('{"a":'),
    status: 400,
    body: { code: 'payload_invalid', message: 'The body is not valid JSON (at line 1, column 6)' },
  },
]
for (const over of ['a socket', 'no socket']) {
  for (const t of cases) {
    test(`${t.name}, over ${over}, answers ${t.status}`, async () => {
      await using server = over === 'a socket' ? await aServer(app(small).fetch) : undefined
      const res = server ? await fetch(`${server.url}/json`, t.request) : await app(small).request('/json', t.request)
      assert.equal(res.status, t.status)
      assert.deepEqual(await res.json(), t.body)
    })
  }
}

test('a bound of its own is named as such, gzipped or not, and no variable for it', async () => {
  const tooLong = 'a'.repeat(51)
  for (const request of [post(tooLong), post(gzipSync(tooLong), { 'content-encoding': 'gzip' })]) {
    const res = await app({ maxDocumentBytes: 10 }).request('/form', request)
    assert.equal(res.status, 413)
    assert.deepEqual(await res.json(), {
      code: 'payload_too_large',
      message: 'A form has at most 50 bytes. Send less.',
    })
  }
  assert.equal((await app({ maxDocumentBytes: 10 }).request('/form', post('a'.repeat(50)))).status, 200)
})

test('a body of many megabytes comes whole', async () => {
  await using server = await aServer(app().fetch)
  const res = await fetch(`${server.url}/bytes`, { method: 'PUT', body: Buffer.alloc(20_000_000) })
  assert.deepEqual(await res.json(), { bytes: 20_000_000 })
})

test('a body without a length is cut at the limit, and the client reads why after it wrote everything', async () => {
  await using server = await aServer(app({ maxPublishBytes: 1000 }).fetch)
  using client = rawClient(server.port, 'PUT /bytes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const piece = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 8; i++) {
    await new Promise<void>((resolve) => {
      client.socket.write('100000\r\n')
      client.socket.write(piece)
      client.socket.write('\r\n', () => resolve())
    })
  }
  client.socket.write('0\r\n\r\n')
  assert.match(
    await client.until(/raises the limit/),
    /^HTTP\/1\.1 413 [\s\S]*larger than 1000 bytes; MAX_PUBLISH_BYTES/,
  )
  client.socket.write('PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  await client.until(/ 403 [\s\S]*access_denied/)
})

test('a length over the limit is refused before a byte of the body came', async () => {
  await using server = await aServer(app({ maxPublishBytes: 1000 }).fetch)
  using client = rawClient(server.port, 'PUT /bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n')
  await client.until(/ 413 [\s\S]*MAX_PUBLISH_BYTES/)
})

test('an upload that stands still is refused with 408', async () => {
  await using server = await aServer(app({ uploadRateWindowSeconds: 0.1 }).fetch)
  using client = rawClient(server.port, 'PUT /bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc')
  await client.until(/ 408 [\s\S]*less than 1024 bytes a second over 0\.1 seconds/)
})

test('a client that goes away ends the read with an error', async () => {
  const ended = Promise.withResolvers<Error | undefined>()
  await using server = await aServer(app({}, ended.resolve).fetch)
  using client = rawClient(server.port, 'PUT /bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc')
  client.socket.destroySoon()
  assert.match(String(await ended.promise), /closed before the whole body/)
})

test('a body that nobody read is drained, and the connection serves the next request', async () => {
  await using server = await aServer(app().fetch)
  using client = rawClient(server.port, 'PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n')
  await client.until(/ 403 /)
  client.socket.write(Buffer.alloc(3_000_000))
  client.socket.write('PUT /bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
  await client.until(/ 200 [\s\S]*"bytes":3/)
})
