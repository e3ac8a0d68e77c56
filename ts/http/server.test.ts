import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from './server.ts'
import { aServer, rawClient, roomyLimits, silentLog } from './testing.ts'

const hello = () => new Response('hello')

test('an answer comes over a kept-alive connection, and the next one over the same', async () => {
  await using server = await aServer(hello)
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(/hello$/)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(/hello[\s\S]+hello$/)
})

test('a taken port is reported in one sentence that names the variable', async () => {
  await using server = await aServer(hello)
  const second = { fetch: hello, host: '127.0.0.1', port: server.port, limits: roomyLimits, log: silentLog }
  await assert.rejects(startServer(second), /Cannot listen on 127\.0\.0\.1:\d+: another process uses the port.*PORT/)
})

test('headers over the limit answer 431 naming the limit, and the security headers are there', async () => {
  await using server = await aServer(hello, { limits: { maxHeaderBytes: 2048 } })
  using client = rawClient(server.port, `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(4096)}\r\n\r\n`)
  const text = await client.until(/raises the limit/)
  assert.match(text, /^HTTP\/1\.1 431 /)
  assert.match(text, /larger than 2048 bytes; MAX_HEADER_BYTES/)
  assert.match(text, /x-content-type-options: nosniff/)
  await client.closed
})

test('what is no HTTP answers 400 and closes', async () => {
  await using server = await aServer(hello)
  using client = rawClient(server.port, '\x16\x03\x01 hello\r\n\r\n')
  assert.match(await client.until(/HTTP\/1\.1"\}/), /^HTTP\/1\.1 400 /)
  await client.closed
})

test('headers that do not arrive in time answer 408', async () => {
  await using server = await aServer(hello, { limits: { headersSeconds: 0.2 } })
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n')
  assert.match(await client.until(/in time/), /^HTTP\/1\.1 408 /)
  await client.closed
})

test('a malformed Host answers 400 as JSON', async () => {
  await using server = await aServer(hello)
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: a b@c\r\n\r\n')
  assert.match(await client.until(/\}$/), /^HTTP\/1\.1 400 [\s\S]*application\/json[\s\S]*\{"error":"Bad request/)
})

test('a handler that throws answers 500 without the reason', async () => {
  await using server = await aServer(() => {
    throw new Error('secret detail')
  })
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const text = await client.until(/\}$/)
  assert.match(text, /^HTTP\/1\.1 500 /)
  assert.doesNotMatch(text, /secret detail/)
})

test('a refused upload is answered while it is still being written, and the connection serves the next request', async () => {
  await using server = await aServer(() => new Response('no', { status: 413 }))
  const size = 8 * 1024 * 1024
  using client = rawClient(server.port, `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`)
  await client.until(/413[\s\S]*no$/)
  await new Promise<void>((resolve) => client.socket.write(Buffer.alloc(size), () => resolve()))
  client.socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(/413[\s\S]*413[\s\S]*no$/)
})

test('the memo is asked first and Hono is not', async () => {
  const hot = {
    answer: (incoming: { url?: string | undefined }, outgoing: { end(text: string): void }) => {
      if (incoming.url !== '/hot') return false
      outgoing.end('from memory')
      return true
    },
  }
  await using server = await aServer(hello, { hot })
  assert.equal(await (await fetch(`${server.url}/hot`)).text(), 'from memory')
  assert.equal(await (await fetch(`${server.url}/cold`)).text(), 'hello')
})

test('a memo that fails leaves the request to the application', async () => {
  const hot = {
    answer: () => {
      throw new Error('broken')
    },
  }
  await using server = await aServer(hello, { hot })
  assert.equal(await (await fetch(server.url)).text(), 'hello')
})

test('connections over the limit are closed, and idle ones make room', async () => {
  await using server = await aServer(hello, { limits: { maxConnections: 2 } })
  using first = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await first.until(/hello$/)
  using second = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await Promise.all([first.closed, second.until(/hello$/)])
  using third = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await third.until(/hello$/)
})

test('an idle connection is closed after its time', async () => {
  await using server = await aServer(hello, { limits: { idleConnectionSeconds: 0.1 } })
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.closed
  assert.match(client.received(), /hello$/)
})

test('traffic counts the bytes of open and of closed connections', async () => {
  await using server = await aServer(hello)
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
  using first = rawClient(server.port, request)
  const sent = (await first.until(/hello$/)).length
  assert.deepEqual(server.traffic(), { receivedBytes: request.length, sentBytes: sent, connections: 1 })
  first.socket.destroy()
  while (server.traffic().connections > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(server.traffic(), { receivedBytes: request.length, sentBytes: sent, connections: 0 })
})
