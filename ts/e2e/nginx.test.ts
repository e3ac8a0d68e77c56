import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import { type Nginx, skipWithoutNginx, startNginx } from '../testing/nginx.ts'

/** What arrived behind the proxy. */
interface Seen {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  readonly sha256: string
}

const skip = skipWithoutNginx()
const piece = Buffer.alloc(1024 * 1024, 'stowage ')

// With Stowage behind it: proxy.test.ts.
describe('docs/nginx.conf', { skip: skip ?? false }, () => {
  let upstream: Server
  let nginx: Nginx

  before(async () => {
    upstream = createServer(answerWhatArrived).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const address = upstream.address()
    nginx = await startNginx(typeof address === 'object' && address ? address.port : 0)
  })
  after(async () => {
    await nginx[Symbol.asyncDispose]()
    upstream.close()
    upstream.closeAllConnections()
  })

  for (const path of [
    '/@acme%2ftools',
    '/@acme%2Ftools',
    '/npm/acme/tools/@acme%2ftools/-/tools-1.0.0.tgz?a=%2f',
    '/a//b',
  ]) {
    test(`${path} arrives as it was sent`, async () => {
      assert.equal((await seenBehind(nginx, path)).url, path)
    })
  }

  test('the client is named, with the scheme and the host that it used', async () => {
    const { headers } = await seenBehind(nginx, '/')
    const port = new URL(nginx.url).port
    assert.deepEqual(
      [headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['host']],
      ['127.0.0.1', 'https', `127.0.0.1:${port}`],
    )
  })

  test('an upload of 64 MiB passes, whole, and not by the disk', async () => {
    const pieces = 64
    const hash = createHash('sha256')
    for (let i = 0; i < pieces; i++) hash.update(piece)
    const { bytes, sha256 } = await seenBehind(nginx, '/tools', pieces)
    assert.deepEqual([bytes, sha256], [pieces * piece.length, hash.digest('hex')])
  })

  test('a download of 64 MiB passes, whole, and not by the disk', async () => {
    let bytes = 0
    for await (const chunk of await get(nginx, '/download')) bytes += chunk.length
    assert.equal(bytes, 64 * piece.length)
  })
})

async function answerWhatArrived(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of incoming) {
    hash.update(chunk)
    bytes += chunk.length
  }
  if (incoming.url === '/download') return pipeline(repeated(64), outgoing)
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
  const seen: Seen = { url: incoming.url ?? '', headers, bytes, sha256: hash.digest('hex') }
  outgoing.end(JSON.stringify(seen))
}

function* repeated(count: number): Generator<Buffer> {
  for (let i = 0; i < count; i++) yield piece
}

async function seenBehind(nginx: Nginx, path: string, pieces = 0): Promise<Seen> {
  return JSON.parse(await textOf(await get(nginx, path, pieces)))
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A request with the path as it is (`fetch` would tidy it up), and a body of so many pieces. */
async function get(nginx: Nginx, path: string, pieces = 0): Promise<IncomingMessage> {
  const { hostname, port } = new URL(nginx.url)
  const method = pieces === 0 ? 'GET' : 'PUT'
  const outgoing = request({ hostname, port, path, method, rejectUnauthorized: false })
  const answered = once(outgoing, 'response')
  await Promise.all([answered, pipeline(repeated(pieces), outgoing)])
  const [response]: IncomingMessage[] = await answered
  assert.equal(response?.statusCode, 200)
  return response
}
