import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { statusOf, toRegistryError } from '../../errors.ts'
import { aServer, type RawClient, rawClient, roomyLimits } from '../../http/testing.ts'
import type { Env } from '../protocol.ts'
import { digestOf, openOciServer, requireAnswer } from './testing.ts'
import { tokenForms } from './token-form.ts'

const slowPost = (path: string) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: registry.example.com',
    'Content-Type: application/x-www-form-urlencoded',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    '\r\n',
  ].join('\r\n')

/** Requests whose bodies do not come; each has reached the server. */
async function slowPosts(port: number, count: number, path = '/v2/token'): Promise<RawClient[]> {
  const clients = Array.from({ length: count }, () => rawClient(port, slowPost(path)))
  await Promise.all(clients.map((client) => client.until(/100 Continue/)))
  return clients
}

/** Answers with what the form has for `a`; each address is that which the client says. */
async function aService(seconds: number) {
  const read = tokenForms(roomyLimits, seconds)
  const app = new Hono<Env>()
  app.onError((err, c) => c.text(err.message, statusOf[toRegistryError(err).code]))
  app.post('/v2/token', async (c) => {
    const clientAddress = c.req.header('from') ?? '192.0.2.1'
    c.set('external', { clientAddress, origin: '', prefix: '' } as Env['Variables']['external'])
    return c.text((await read(c)).get('a') ?? '')
  })
  return aServer((request, env) => app.fetch(request, env))
}

const ask = (port: number, from = '192.0.2.1') =>
  fetch(`http://127.0.0.1:${port}/v2/token`, {
    method: 'POST',
    headers: { from },
    body: new URLSearchParams({ a: 'b' }),
  })

for (const stranger of ['/v2/token', '/-/npm/v1/security/advisories/bulk']) {
  test(`strangers whose bodies for ${stranger} do not come take no place of an upload, but those of strangers`, async () => {
    await using o = await openOciServer({ maxConcurrentUploads: 3 })
    const slow = await slowPosts(o.port, 3, stranger)
    const body = 'x'.repeat(100_000)
    const path = `/v2/${o.anImage()}/blobs/uploads/?digest=${digestOf(body)}`
    requireAnswer(await o.send({ method: 'POST', path, body }), 201)
    const { status } = await o.send({ method: 'POST', path: stranger, body, as: null })
    assert.equal(status, 429)
    for (const client of slow) client[Symbol.dispose]()
  })
}

test('a request for a token comes within seconds or is refused', async () => {
  await using server = await aService(0.05)
  const [client] = await slowPosts(server.port, 1)
  assert.match((await client?.until(/0\.05 seconds/)) ?? '', /HTTP\/1\.1 408/)
  client?.[Symbol.dispose]()
})

test('of one address twenty are read at a time; others and those after them are not kept waiting', async () => {
  await using server = await aService(60)
  const slow = await slowPosts(server.port, 20)
  assert.equal((await ask(server.port)).status, 429)
  assert.equal(await (await ask(server.port, '192.0.2.2')).text(), 'b')
  const [first] = slow
  first?.socket.write('0\r\n\r\n')
  await first?.until(/200 OK/)
  assert.equal(await (await ask(server.port)).text(), 'b')
  for (const client of slow) client[Symbol.dispose]()
})
