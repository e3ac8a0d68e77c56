import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aServer, rawClient } from './testing.ts'

const bodyBytes = 8 * 1024 * 1024
const head = `PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${bodyBytes}\r\n\r\n`
const refuse = () => new Response('refused', { status: 429 })

test('a refused upload that wants its connection closed is read to its end, then it is closed', async () => {
  await using server = await aServer(refuse)
  for (let round = 0; round < 5; round++) {
    using client = rawClient(server.port, head)
    // Without reading on, the kernel would reset the connection under the bytes that still come.
    client.socket.write(Buffer.alloc(bodyBytes / 2))
    await client.until(/refused/)
    let failed: Error | undefined
    client.socket.on('error', (err) => {
      failed = err
    })
    client.socket.write(Buffer.alloc(bodyBytes / 2))
    await client.closed
    assert.equal(failed, undefined)
  }
})

test('a client that stops in the middle of a refused upload is closed when the server closes', async () => {
  await using server = await aServer(refuse, { limits: { shutdownSeconds: 0.1 } })
  using client = rawClient(server.port, head)
  await client.until(/refused/)
  await Promise.all([server.close(), client.closed])
})
