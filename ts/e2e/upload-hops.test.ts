import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { openTwoReplicas, skipWithoutReplicas } from './two-replicas.ts'

const mib = 1024 * 1024
const image = 'main/hopping/app'

describe('uploads at two servers', { skip: skipWithoutReplicas() ?? false }, () => {
  const opened = new AsyncDisposableStack()
  let urls: readonly [string, string]
  let authorization: string

  before(async () => {
    const { servers } = opened.use(await openTwoReplicas())
    urls = [servers[0].url, servers[1].url]
    authorization = `Bearer ${await servers[0].adminToken()}`
  })
  after(() => opened.disposeAsync())

  test('an upload goes on at the other with each request', async () => {
    const path = await begun(urls[0], authorization)
    const chunks = [randomBytes(5 * mib), randomBytes(8 * mib), randomBytes(100)]
    let sizeBytes = 0
    for (const [index, bytes] of chunks.entries()) {
      const [here, there] = index % 2 === 0 ? [urls[1], urls[0]] : urls
      const answer = await added(here + path, authorization, bytes, sizeBytes)
      assert.equal(answer.status, 202)
      sizeBytes += bytes.byteLength
      assert.equal(answer.headers.get('range'), `0-${sizeBytes - 1}`)
      const status = await fetch(there + path, { headers: { authorization } })
      assert.equal(status.headers.get('range'), `0-${sizeBytes - 1}`)
      assert.equal((await added(there + path, authorization, bytes, 0)).status, 416)
    }
    await assertFinished(urls[0], path, authorization, Buffer.concat(chunks), urls[1])
  })

  test('of two chunks for one place, sent to both at once, one is taken', async () => {
    const path = await begun(urls[0], authorization)
    const racers = [randomBytes(7 * mib), randomBytes(7 * mib)] as const
    const answers = await Promise.all(racers.map((bytes, at) => added(urls[at] + path, authorization, bytes, 0)))
    const taken = answers.findIndex(({ status }) => status === 202)
    assert.ok([409, 416].includes(answers[1 - taken]?.status ?? 0))
    await assertFinished(urls[1], path, authorization, racers[taken] ?? Buffer.alloc(0), urls[0])
  })
})

test('an upload outlives a restart of the server', async () => {
  await using folder = await openTestFolder()
  const bytes = randomBytes(3 * mib)
  const first = await startServerProcess({ dataDir: folder.path })
  const authorization = `Bearer ${await first.adminToken()}`
  const path = await begun(first.url, authorization)
  await added(first.url + path, authorization, bytes.subarray(0, mib), 0)
  assert.equal(await first.stop(), 0)
  await using second = await startServerProcess({ dataDir: folder.path })
  assert.equal((await added(second.url + path, authorization, bytes.subarray(mib), mib)).status, 202)
  await assertFinished(second.url, path, authorization, bytes, second.url)
})

/** Resolves to the path of a new upload. */
async function begun(url: string, authorization: string): Promise<string> {
  const answer = await fetch(`${url}/v2/${image}/blobs/uploads/`, { method: 'POST', headers: { authorization } })
  assert.equal(answer.status, 202, await answer.text())
  return new URL(answer.headers.get('location') ?? '', url).pathname
}

function added(
  location: string,
  authorization: string,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
): Promise<Response> {
  const range = { 'content-range': `${start}-${start + bytes.byteLength - 1}` }
  return fetch(location, { method: 'PATCH', headers: { authorization, ...range }, body: bytes })
}

async function assertFinished(url: string, path: string, authorization: string, whole: Buffer, reader: string) {
  const digest = `sha256:${createHash('sha256').update(whole).digest('hex')}`
  const answer = await fetch(`${url}${path}?digest=${digest}`, { method: 'PUT', headers: { authorization } })
  assert.equal(answer.status, 201, await answer.text())
  const blob = await fetch(`${reader}/v2/${image}/blobs/${digest}`, { headers: { authorization } })
  assert.ok(Buffer.from(await blob.arrayBuffer()).equals(whole))
  assert.equal((await fetch(url + path, { headers: { authorization } })).status, 404)
}
