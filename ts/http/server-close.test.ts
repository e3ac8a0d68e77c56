import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aServer, rawClient } from './testing.ts'

/** A server that cuts nobody while the test runs. */
const patient = { limits: { shutdownSeconds: 600 } }
const soon = { timeout: 5_000 }

/** A handler that answers when the test says so. */
function heldAnswer() {
  const started = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const fetch = async () => {
    started.resolve()
    await release.promise
    return new Response('late answer')
  }
  return { fetch, started: started.promise, release: release.resolve }
}

test('closing lets a running request finish, refuses new connections, and closes kept-alive ones', soon, async () => {
  const held = heldAnswer()
  await using server = await aServer(held.fetch, patient)
  using running = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  using unused = rawClient(server.port)
  await held.started
  const closed = server.close()
  await unused.closed
  using refused = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await refused.closed
  assert.equal(refused.received(), '')
  held.release()
  await running.until(/late answer$/)
  await Promise.all([closed, running.closed])
})

test('a connection that waits between requests does not hold up closing', soon, async () => {
  await using server = await aServer(() => new Response('hello'), patient)
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(/hello$/)
  await Promise.all([server.close(), client.closed])
})

test('what does not finish in time is cut', soon, async () => {
  const held = heldAnswer()
  await using server = await aServer(held.fetch, { limits: { shutdownSeconds: 0.1 } })
  using client = rawClient(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await held.started
  await server.close()
  await client.closed
  assert.equal(client.received(), '')
  held.release()
})

test('closing twice is closing once', soon, async () => {
  await using server = await aServer(() => new Response('hello'), patient)
  await Promise.all([server.close(), server.close()])
})
