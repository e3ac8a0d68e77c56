import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, type TestContext, test } from 'node:test'
import { CreateMultipartUploadCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { hasCode } from '../errors.ts'
import { startBlobProcess } from '../testing/blob-process.ts'
import { clientFor, removeBucket, skipWithoutS3, startS3Server } from '../testing/s3-server.ts'
import { put } from '../testing/stored-blobs.ts'
import { blobStoreContract } from './contract.ts'
import { assertLargeBlob } from './large-blob-contract.ts'
import { s3BlobStore } from './s3.ts'
import type { S3Options } from './s3-client.ts'
import { copyObject, deleteObject, putUnlessThere } from './s3-objects.ts'

const mib = 1024 * 1024
const skip = skipWithoutS3()
const server = skip ? undefined : await startS3Server()
after(() => server?.[Symbol.asyncDispose]())

blobStoreContract(
  's3',
  async () => {
    const options = newBucket()
    const store = await s3BlobStore(options)
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store.close()
        await removeBucket(options)
      },
    }
  },
  skip,
)

describe('s3 store', { skip: skip ?? false }, () => {
  test('2 GiB are stored in under 200 MiB of memory, and read in memory that does not grow with them', async (t) => {
    await assertLargeBlob({ kind: 's3', ...(await madeBucket(t)) })
  })

  test('a process killed between stage and commit leaves no blob, and staging that a sweep removes', async (t) => {
    const options = await madeBucket(t)
    const child = startBlobProcess('stage', { kind: 's3', ...options }, 9 * mib)
    await child.result()
    await child.kill()
    const store = await openStore(t, options)
    assert.deepEqual(await store.list({}), { items: [] })
    assert.equal(await store.sweep(86_400), 0)
    assert.equal(await store.sweep(-60), 1)
  })

  test('abandoned multipart uploads are aborted, those outside of the prefix are not', async (t) => {
    const options = await madeBucket(t)
    const store = await openStore(t, options)
    const client = clientFor(options)
    t.after(() => client.destroy())
    for (const Key of ['packages/staging/abandoned', 'packages/blobs/sha256/ab/abandoned', 'somebody/else']) {
      await client.send(new CreateMultipartUploadCommand({ Bucket: options.bucket, Key }))
    }
    assert.equal(await store.sweep(86_400), 0)
    assert.equal(await store.sweep(-60), 2)
    assert.equal(await store.sweep(-60), 0)
  })

  test('uploads beyond what memory is kept for go through files and arrive whole', async (t) => {
    const store = await openStore(t, await madeBucket(t))
    const blobs = Array.from({ length: 10 }, () => randomBytes(13 * mib + 1))
    const digests = await Promise.all(blobs.map((bytes) => put(store, bytes)))
    for (const [index, digest] of digests.entries()) {
      const chunks = await Array.fromAsync((await store.read(digest)) ?? [])
      assert.ok(Buffer.concat(chunks).equals(blobs[index] ?? Buffer.alloc(0)))
    }
    assert.equal(await store.sweep(-60), 0)
  })

  test('reads that end early free their connections', { timeout: 20_000 }, async (t) => {
    const store = await openStore(t, await madeBucket(t))
    const digest = await put(store, randomBytes(2 * mib))
    for (let reads = 0; reads < 300; reads++) {
      const chunks = (await store.read(digest))?.[Symbol.asyncIterator]()
      if (reads % 2 === 0) await chunks?.next()
      await chunks?.return?.()
    }
  })

  test('a blob above the limit of one copy is copied in parts', async (t) => {
    const options = await madeBucket(t)
    const client = clientFor(options)
    t.after(() => client.destroy())
    const bytes = randomBytes(11 * mib)
    await client.send(new PutObjectCommand({ Bucket: options.bucket, Key: 'packages/staging/a', Body: bytes }))
    const store = await openStore(t, options)
    const digest = `sha256:${'a'.repeat(64)}` as const
    const to = `packages/blobs/sha256/aa/${'a'.repeat(64)}`
    const request = { bucket: options.bucket, from: 'packages/staging/a', to, sizeBytes: bytes.byteLength }
    await copyObject(client, request, { atOnceBytes: 10 * mib, partBytes: 5 * mib })
    assert.ok(Buffer.concat(await Array.fromAsync((await store.read(digest)) ?? [])).equals(bytes))
  })

  test('a direct put replaces what is there only when its size is another', async (t) => {
    const options = await madeBucket(t)
    const client = clientFor(options)
    t.after(() => client.destroy())
    const at = { bucket: options.bucket, key: `packages/blobs/sha256/aa/${'a'.repeat(64)}` }
    const store = await openStore(t, options)
    const textNow = async () => {
      const chunks = await Array.fromAsync((await store.read(`sha256:${'a'.repeat(64)}`)) ?? [])
      return Buffer.concat(chunks).toString()
    }
    await putUnlessThere(client, at, Buffer.from('first'))
    await putUnlessThere(client, at, Buffer.from('other'))
    assert.equal(await textNow(), 'first')
    await putUnlessThere(client, at, Buffer.from('longer'))
    assert.equal(await textNow(), 'longer')
  })

  test('a removal whose time is over is not sent', async (t) => {
    const options = await madeBucket(t)
    const client = clientFor(options)
    t.after(() => client.destroy())
    const store = await openStore(t, options)
    const digest = await put(store, 'hello')
    const key = `packages/blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}`
    await assert.rejects(deleteObject(client, { bucket: options.bucket, key }, 0), /comes too late/)
    assert.ok(await store.stat(digest))
  })

  test('a missing bucket is refused in one sentence, and left missing, when making it is not allowed', async () => {
    const options = { ...newBucket(), createBucket: false }
    await assertUnavailable(s3BlobStore(options), /bucket ".+" at http.+ does not exist; create it/)
    await assert.rejects(clientFor(options).send(new HeadBucketCommand({ Bucket: options.bucket })))
  })

  test('wrong keys and an endpoint that does not answer are refused in one sentence without secrets', async () => {
    const options = { ...newBucket(), secretKey: 'not-the-secret' }
    await assertUnavailable(s3BlobStore(options), /cannot be opened \(403: check the keys and what they allow\)$/)
    const nowhere = { ...newBucket(), endpoint: 'http://127.0.0.1:1' }
    await assertUnavailable(s3BlobStore(nowhere), /at http:\/\/127\.0\.0\.1:1 cannot be opened \(ECONNREFUSED\)$/)
  })

  test('a server that stops answering is unavailable', async (t) => {
    const ownServer = await startS3Server()
    const store = await openStore(t, ownServer.newBucket())
    await ownServer[Symbol.asyncDispose]()
    const digest = `sha256:${'a'.repeat(64)}` as const
    await assertUnavailable(store.ping(), /does not answer/)
    await assertUnavailable(store.stat(digest), /cannot be reached \(ECONNREFUSED\)/)
    await assertUnavailable(store.read(digest), /cannot be reached \(ECONNREFUSED\)/)
    await assertUnavailable(put(store, 'hello'), /cannot be reached \(ECONNREFUSED\)/)
    await assertUnavailable(put(store, randomBytes(9 * mib)), /cannot be reached \(ECONNREFUSED\)/)
  })
})

function newBucket(): S3Options {
  assert.ok(server)
  return server.newBucket()
}

/** The options of a bucket that exists until the test's end. */
async function madeBucket(t: TestContext): Promise<S3Options> {
  const options = newBucket()
  const store = await s3BlobStore(options)
  await store.close()
  t.after(() => removeBucket(options))
  return options
}

async function openStore(t: TestContext, options: S3Options) {
  const store = await s3BlobStore(options)
  t.after(() => store.close())
  return store
}

async function assertUnavailable(attempt: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(attempt, (err) => {
    assert.ok(hasCode(err, 'unavailable'), String(err))
    assert.match(err.message, message)
    return true
  })
}
