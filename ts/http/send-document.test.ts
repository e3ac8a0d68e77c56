import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { type SendableDocument, sendDocument } from './send-document.ts'
import { aServer } from './testing.ts'

const document: SendableDocument = {
  body: Buffer.from('{"a":1}'),
  etag: '"one"',
  contentType: 'application/json',
  encoding: 'identity',
  lastModified: new Date('2026-03-01T10:00:00Z'),
  vary: 'accept',
  headers: { 'x-own': 'yes' },
}
const app = new Hono()
app.get('/', (c) => sendDocument(c, document))
app.get('/packed', (c) => sendDocument(c, { ...document, encoding: 'gzip', cacheControl: 'max-age=60' }))

const content = { 'content-type': 'application/json', 'content-length': '7' }
const common = { etag: '"one"', vary: 'accept-encoding, accept', 'cache-control': 'no-cache', 'x-own': 'yes' }
const cases: {
  name: string
  init?: RequestInit
  status: number
  body: string
  headers: Record<string, string | null>
}[] = [
  { name: 'GET', status: 200, body: '{"a":1}', headers: { ...content, ...common, 'x-frame-options': 'DENY' } },
  { name: 'HEAD', init: { method: 'HEAD' }, status: 200, body: '', headers: { ...content, ...common } },
  {
    name: 'the same tag',
    init: { headers: { 'if-none-match': '"zero", W/"one"' } },
    status: 304,
    body: '',
    headers: { ...common, 'content-type': null, 'x-content-type-options': 'nosniff' },
  },
  {
    name: 'HEAD with the same tag',
    init: { method: 'HEAD', headers: { 'if-none-match': '"one"' } },
    status: 304,
    body: '',
    headers: common,
  },
  {
    name: 'unchanged since',
    init: { headers: { 'if-modified-since': 'Sun, 01 Mar 2026 10:00:00 GMT' } },
    status: 304,
    body: '',
    headers: { ...common, 'last-modified': 'Sun, 01 Mar 2026 10:00:00 GMT' },
  },
]
for (const over of ['a socket', 'no socket']) {
  for (const t of cases) {
    test(`${t.name}, over ${over}, answers ${t.status}`, async () => {
      await using server = over === 'a socket' ? await aServer(app.fetch) : undefined
      const res = server ? await fetch(server.url, t.init) : await app.request('/', t.init)
      assert.equal(res.status, t.status)
      assert.equal(await res.text(), t.body)
      for (const [name, value] of Object.entries(t.headers)) assert.equal(res.headers.get(name), value, name)
    })
  }
}

test('the encoding is named, and the caching is as the handler said', async () => {
  const res = await app.request('/packed')
  assert.equal(res.headers.get('content-encoding'), 'gzip')
  assert.equal(res.headers.get('cache-control'), 'max-age=60')
})
