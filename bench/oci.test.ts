import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runClient } from './clients.ts'
import { blobOf, mebibyte, seedsOf } from './oci/content.ts'
import { manifestOf, sha256 } from './oci/image.ts'
import { writeLayout } from './oci/layout.ts'
import type { PullOrder, PullReport } from './oci/pull-client.ts'
import type { PushOrder, PushReport } from './oci/push-client.ts'
import type { RequestOrder, RequestReport } from './oci/request-client.ts'

test('equal seeds give equal bytes, so that every server gets the same', () => {
  const [one, other] = [blobOf({ seed: 'a', sizeBytes: 1000 }), blobOf({ seed: 'a', sizeBytes: 1000 })]
  assert.deepEqual([...one.pieces()], [...other.pieces()])
  assert.equal(one.digest, other.digest)
})

test('seeds of one prefix all name other bytes', () => {
  const digests = seedsOf('push', 20, 500).map((each) => blobOf(each).digest)
  assert.equal(new Set(digests).size, 20)
})

test('a blob has the size that was asked for and the digest of its bytes', () => {
  for (const sizeBytes of [0, 1, mebibyte, 2 * mebibyte + 7]) {
    const blob = blobOf({ seed: 'sized', sizeBytes })
    const bytes = Buffer.concat([...blob.pieces()])
    assert.equal(bytes.length, sizeBytes)
    assert.equal(blob.digest, sha256(bytes))
  }
})

test('no server gains by compressing', () => {
  const bytes = Buffer.concat([...blobOf({ seed: 'dense', sizeBytes: 100_000 }).pieces()])
  assert.ok(gzipSync(bytes).length >= bytes.length)
})

test('a manifest names its blobs in order and by their sizes', () => {
  const [config, ...layers] = seedsOf('image', 3, 10).map(blobOf)
  assert.ok(config)
  const { bytes, digest } = manifestOf(config, layers)
  const manifest = JSON.parse(bytes.toString())
  assert.equal(manifest.config.digest, config.digest)
  assert.deepEqual(
    manifest.layers.map((layer: { digest: string; size: number }) => [layer.digest, layer.size]),
    layers.map((layer) => [layer.digest, 10]),
  )
  assert.equal(digest, sha256(bytes))
})

test('every file of a layout has the digest that it is named by', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
  try {
    await writeLayout(dir, 'laid-out', 2, 3_000)
    const blob = async (digest: string) => {
      const bytes = await readFile(join(dir, 'blobs', digest.replace(':', '/')))
      assert.equal(sha256(bytes), digest)
      return bytes
    }
    const index = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))
    const manifest = JSON.parse((await blob(index.manifests[0].digest)).toString())
    await blob(manifest.config.digest)
    for (const layer of manifest.layers) assert.equal((await blob(layer.digest)).length, layer.size)
    assert.equal(manifest.layers.length, 2)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('the pull client counts what was answered to the end, of GET and of HEAD', async () => {
  await using server = await listen((_, response) =>
    response.writeHead(200, { 'content-length': 3 * mebibyte }).end(Buffer.alloc(3 * mebibyte)),
  )
  const order = { url: `${server.url}/a`, headers: {}, connections: 3, requestsEach: 2, seconds: 20 } as const
  const got = await runClient<PullOrder, PullReport>('oci/pull-client.ts', { ...order, method: 'GET' })
  assert.deepEqual([got.answered, got.problem], [6, undefined])
  assert.ok(got.receivedBytes > 6 * 3 * mebibyte)
  const asked = await runClient<PullOrder, PullReport>('oci/pull-client.ts', { ...order, method: 'HEAD' })
  assert.deepEqual([asked.answered, asked.problem], [6, undefined])
  assert.ok(asked.receivedBytes < 6_000)
})

test('an answer that is no 200 is a problem that says what came', async () => {
  await using server = await listen((_, response) => response.writeHead(404, { 'content-length': 2 }).end('{}'))
  const pull = { method: 'GET', headers: {}, connections: 1, requestsEach: 1, seconds: 20 } as const
  const pulled = await runClient<PullOrder, PullReport>('oci/pull-client.ts', { ...pull, url: `${server.url}/a` })
  assert.match(pulled.problem ?? '', /404/)
  const change = { method: 'DELETE', headers: {}, status: 202, clients: 1, seconds: 20 } as const
  const urls = [`${server.url}/a`]
  const changed = await runClient<RequestOrder, RequestReport>('oci/request-client.ts', { ...change, urls })
  assert.match(changed.problem ?? '', /DELETE .*404/)
})

for (const how of ['whole', 'streamed'] as const) {
  test(`the push client sends the bytes of the digest that it names, ${how}`, async () => {
    const sessions = new Map<string, ReturnType<typeof createHash>>()
    const kept: string[] = []
    await using server = await listen(async (request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost')
      const id = request.method === 'POST' ? String(sessions.size) : url.pathname.slice(1)
      const hash = sessions.get(id) ?? createHash('sha256')
      sessions.set(id, hash)
      for await (const piece of request) hash.update(piece)
      const isLast = request.method === 'PUT'
      if (isLast) kept.push(`${url.searchParams.get('state')} ${url.searchParams.get('digest')}`)
      if (isLast) assert.equal(`sha256:${hash.digest('hex')}`, url.searchParams.get('digest'))
      response.writeHead(isLast ? 201 : 202, { location: `/${id}?state=kept` }).end()
    })
    const blobs = seedsOf('pushed', 5, mebibyte + 3)
    const order = { registry: server.url, headers: {}, image: 'app', blobs, clients: 2, how }
    const report = await runClient<PushOrder, PushReport>('oci/push-client.ts', order)
    assert.deepEqual([report.pushed, report.problem], [5, undefined])
    assert.equal(report.sentBytes, 5 * (mebibyte + 3))
    assert.deepEqual(kept.toSorted(), blobs.map((blob) => `kept ${blobOf(blob).digest}`).toSorted())
  })
}

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
