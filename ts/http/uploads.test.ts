import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { statusOf, toRegistryError } from '../errors.ts'
import { errorHeaders } from './error-headers.ts'
import { uploadGate } from './uploads.ts'

/** Answers an upload when the test says so; `fail` makes it throw instead. */
function anApp(maxConcurrentUploads: number) {
  const gate = uploadGate({ maxConcurrentUploads })
  const release = Promise.withResolvers<void>()
  const app = new Hono()
  app.onError((err, c) => {
    const known = toRegistryError(err)
    return c.text(known.message, statusOf[known.code], errorHeaders(known))
  })
  app.use(gate.middleware)
  app.put('/', async (c) => {
    await release.promise
    if (c.req.query('fail')) throw new Error('broken')
    return c.text('stored')
  })
  app.all('*', (c) => c.text('other'))
  const put = (length: number | 'chunked', path = '/') => {
    const header: [string, string] =
      length === 'chunked' ? ['transfer-encoding', 'chunked'] : ['content-length', `${length}`]
    return app.request(path, { method: 'PUT', headers: [header] })
  }
  return { app, gate, put, release: release.resolve }
}

test('one upload more than the limit is refused with 429 and a time, and there is room again afterwards', async () => {
  const { put, gate, release } = anApp(2)
  const running = [put(1_000_000), put('chunked')]
  const refused = await put(1_000_000)
  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.match(await refused.text(), /2 uploads are running already \(MAX_CONCURRENT_UPLOADS\)/)
  assert.equal(gate.running(), 2)
  release()
  for (const res of await Promise.all(running)) assert.equal(res.status, 200)
  assert.equal(gate.running(), 0)
  assert.equal((await put(1_000_000)).status, 200)
})

test('an upload that fails leaves its place', async () => {
  const { put, gate, release } = anApp(1)
  release()
  assert.equal((await put(1_000_000, '/?fail=1')).status, 500)
  assert.equal(gate.running(), 0)
})

test('reads and small bodies need no place', async () => {
  const { app, put, release } = anApp(1)
  const running = put(1_000_000)
  assert.equal((await app.request('/x', { headers: { 'content-length': '1000000' } })).status, 200)
  release()
  assert.equal((await put(1000)).status, 200)
  await running
})
