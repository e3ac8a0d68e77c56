import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Hono } from 'hono'
import { RegistryError, statusOf, toRegistryError } from '../errors.ts'
import type { ByteRange } from './byte-source.ts'
import { hotAnswers } from './hot-answers.ts'
import { sendBlob } from './send-blob.ts'
import { aServer, rawClient, silentLog } from './testing.ts'

const chunkBytes = 64 * 1024

/** Bytes in memory, handed out as a store would, that tells when each reader ended and how far it came. */
function blobsOf(blobs: Record<string, Buffer>, failAt = Number.POSITIVE_INFINITY) {
  const state = { readers: 0, bytesRead: 0 }
  async function* chunks(bytes: Buffer) {
    state.readers++
    try {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        if (at >= failAt) throw new Error('the disk is gone')
        state.bytesRead += chunkBytes
        yield bytes.subarray(at, at + chunkBytes)
      }
    } finally {
      state.readers--
    }
  }
  const read = async (name: string, range?: ByteRange) => {
    const bytes = blobs[name]
    return bytes && chunks(range ? bytes.subarray(range.start, range.end + 1) : bytes)
  }
  return { read, localPath: () => undefined, state }
}

const small = Buffer.from('0123456789')
const large = randomBytes(5 * 1024 * 1024)

function app(failAt?: number) {
  const blobs = blobsOf({ small, large }, failAt)
  const r = new Hono()
  r.onError((err, c) => {
    const { code, details } = toRegistryError(err)
    return c.json({ code, ...details }, statusOf[code])
  })
  r.get('/:name', (c) => {
    const digest = c.req.param('name')
    const sizeBytes = digest === 'large' ? large.length : small.length
    const filename = digest === 'small' ? 'ä "b".tgz' : 'a.tgz'
    return sendBlob(c, { blobs, digest, sizeBytes, contentType: 'application/octet-stream', etag: '"d"', filename })
  })
  return { fetch: r.fetch, request: r.request, state: blobs.state }
}

const range = (value: string, more = {}) => ({ headers: { range: value, ...more } })
const cases: {
  name: string
  path: string
  init?: RequestInit
  status: number
  body: Buffer
  length?: number
  contentRange?: string
}[] = [
  { name: 'a small blob', path: '/small', status: 200, body: small },
  { name: 'a large blob', path: '/large', status: 200, body: large },
  {
    name: 'HEAD of a large blob',
    path: '/large',
    init: { method: 'HEAD' },
    status: 200,
    body: Buffer.of(),
    length: large.length,
  },
  {
    name: 'HEAD with a range',
    path: '/small',
    init: { method: 'HEAD', ...range('bytes=0-1') },
    status: 200,
    body: Buffer.of(),
    length: 10,
  },
  {
    name: 'a range',
    path: '/small',
    init: range('bytes=2-4'),
    status: 206,
    body: Buffer.from('234'),
    contentRange: 'bytes 2-4/10',
  },
  {
    name: 'a suffix',
    path: '/large',
    init: range('bytes=-7'),
    status: 206,
    body: large.subarray(-7),
    contentRange: `bytes ${large.length - 7}-${large.length - 1}/${large.length}`,
  },
  {
    name: 'a large range',
    path: '/large',
    init: range('bytes=1000000-'),
    status: 206,
    body: large.subarray(1_000_000),
    contentRange: `bytes 1000000-${large.length - 1}/${large.length}`,
  },
  { name: 'several ranges', path: '/small', init: range('bytes=0-1,3-4'), status: 200, body: small },
  {
    name: 'If-Range of the same bytes',
    path: '/small',
    init: range('bytes=0-1', { 'if-range': '"d"' }),
    status: 206,
    body: Buffer.from('01'),
    contentRange: 'bytes 0-1/10',
  },
  {
    name: 'If-Range of other bytes',
    path: '/small',
    init: range('bytes=0-1', { 'if-range': '"e"' }),
    status: 200,
    body: small,
  },
  {
    name: 'If-None-Match',
    path: '/large',
    init: { headers: { 'if-none-match': '"d"' } },
    status: 304,
    body: Buffer.of(),
  },
]
for (const over of ['a socket', 'no socket']) {
  for (const t of cases) {
    test(`${t.name}, over ${over}, answers ${t.status}`, async () => {
      const { fetch: answer, request, state } = app()
      await using server = over === 'a socket' ? await aServer(answer) : undefined
      const res = server ? await fetch(server.url + t.path, t.init) : await request(t.path, t.init)
      assert.equal(res.status, t.status)
      assert.ok(Buffer.from(await res.arrayBuffer()).equals(t.body))
      assert.equal(res.headers.get('content-range'), t.contentRange ?? null)
      if (t.status !== 304) assert.equal(res.headers.get('content-length'), String(t.length ?? t.body.length))
      assert.equal(state.readers, 0)
    })
  }
}

test('a range behind the end is refused with the size', async () => {
  const res = await app().request('/small', range('bytes=10-'))
  assert.deepEqual([res.status, await res.json()], [416, { code: 'range_invalid', sizeBytes: 10 }])
})

test('missing bytes are a fault of the server, told before anything is sent', async () => {
  await using server = await aServer(app().fetch)
  const res = await fetch(`${server.url}/none`)
  assert.deepEqual([res.status, await res.json()], [503, { code: 'unavailable' }])
})

test('a name that is not ASCII is offered in both forms', async () => {
  const res = await app().request('/small')
  const expected = `attachment; filename="_ _b_.tgz"; filename*=UTF-8''%C3%A4%20%22b%22.tgz`
  assert.equal(res.headers.get('content-disposition'), expected)
})

test('the bytes arrive as they are', async () => {
  await using server = await aServer(app().fetch)
  const got = Buffer.from(await (await fetch(`${server.url}/large`)).arrayBuffer())
  assert.equal(createHash('sha256').update(got).digest('hex'), createHash('sha256').update(large).digest('hex'))
})

test('a client that does not read stops the readers, and one that goes away frees them', async () => {
  const { fetch: answer, state } = app()
  await using server = await aServer(answer)
  using client = rawClient(server.port)
  client.socket.pause()
  client.socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(8))
  await settled(() => state.bytesRead)
  assert.ok(state.readers > 0)
  assert.ok(state.bytesRead < 8 * large.length, `${state.bytesRead} bytes were read for nobody`)
  client.socket.destroy()
  await until(() => state.readers === 0)
})

test('a store that fails in the middle cuts the connection, so that nobody takes the part for the whole', async () => {
  await using server = await aServer(app(1024 * 1024).fetch)
  await assert.rejects(async () => (await fetch(`${server.url}/large`)).arrayBuffer())
})

for (const [path, bytes] of [
  ['/short', 'small'],
  ['/short?large', 'large'],
] as const) {
  test(`fewer ${bytes} bytes than were stored are an error at once, and logged with their digest`, async () => {
    const blobs = blobsOf({ short: large.subarray(0, bytes === 'small' ? 5 : 3 * 1024 * 1024) })
    const logged: { digest?: string; err?: Error }[] = []
    const r = new Hono<{ Variables: { log: unknown } }>()
    r.onError((err, c) => c.text(String(err.cause), statusOf[toRegistryError(err).code]))
    r.get('/:name', (c) => {
      c.set('log', { error: (facts: (typeof logged)[number]) => logged.push(facts) })
      const sizeBytes = bytes === 'small' ? 10 : large.length
      return sendBlob(c, { blobs, digest: c.req.param('name'), sizeBytes, contentType: 'a/b', etag: '"d"' })
    })
    await using server = await aServer(r.fetch)
    const answer = async () => {
      const res = await fetch(server.url + path, { signal: AbortSignal.timeout(5_000) })
      return [res.status, await res.text()]
    }
    if (bytes === 'small') {
      assert.deepEqual(await answer(), [503, 'Error: The store has 5 bytes for 10 of short'])
    } else {
      await assert.rejects(answer, { name: 'TypeError' })
      assert.deepEqual(
        logged.map(({ digest, err }) => [digest, err?.message]),
        [['short', `the store has fewer bytes than the ${large.length} announced`]],
      )
    }
    assert.equal(blobs.state.readers, 0)
  })
}

test('of missing bytes that clients can bring again they hear what the caller says; HEAD too, where it reads', async () => {
  const logged: unknown[] = []
  const r = new Hono<{ Variables: { log: unknown } }>()
  r.onError((err, c) => c.text('', statusOf[toRegistryError(err).code]))
  r.get('/:size', (c) => {
    c.set('log', { error: (facts: unknown) => logged.push(facts) })
    const blob = { digest: 'none', sizeBytes: Number(c.req.param('size')), contentType: 'a/b', etag: '"d"' }
    const whenMissing = () => new RegistryError('blob_unknown', 'Bring it.')
    return sendBlob(c, { ...blob, blobs: blobsOf({}), whenMissing, readsForHead: true })
  })
  await using server = await aServer(r.fetch)
  for (const [path, method] of [
    ['/9', 'GET'],
    ['/9', 'HEAD'],
    ['/9999999', 'GET'],
  ] as const) {
    assert.equal((await fetch(server.url + path, { method })).status, 404)
  }
  assert.deepEqual(logged, Array(3).fill({ digest: 'none' }))
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5)
}

/** Resolves when a number above 0 stayed what it is for 200 ms. */
async function settled(read: () => number): Promise<void> {
  let last = read()
  for (let same = 0; same < 10; last = read()) {
    await setTimeout(20)
    same = read() === last && last > 0 ? same + 1 : 0
  }
}

test('the bytes that HEAD is about are remembered for what comes next, unless GET alone may be', async () => {
  for (const getOnly of [false, true]) {
    const blobs = blobsOf({ small })
    const hot = hotAnswers({ commitMark: () => 1, maxBytes: 1 << 20, log: silentLog })
    const r = new Hono()
    r.get('/', (c) =>
      sendBlob(c, {
        blobs,
        digest: 'small',
        sizeBytes: small.length,
        contentType: 'text/plain',
        etag: '"d"',
        remember: { getOnly },
      }),
    )
    await using server = await aServer(r.fetch, { hot })
    for (const method of ['HEAD', 'HEAD', 'GET']) {
      const res = await fetch(server.url, { method })
      assert.deepEqual([res.status, res.headers.get('content-length')], [200, '10'])
      assert.equal(await res.text(), method === 'GET' ? String(small) : '')
    }
    assert.equal(hot.counts.hits, getOnly ? 0 : 2)
  }
})
