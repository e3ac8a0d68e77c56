import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { filesystemBlobStore } from '../../blobs/filesystem.ts'
import { s3BlobStore } from '../../blobs/s3.ts'
import type { BlobStore, Digest } from '../../blobs/store.ts'
import { hasCode } from '../../errors.ts'
import { uploads } from '../../metadata/image-schema.ts'
import { openMongoEngine } from '../../metadata/mongo.ts'
import { openSqliteEngine } from '../../metadata/sqlite.ts'
import { bytesOf, patterned } from '../../testing/bytes.ts'
import { mongoSkip, openMongoServer } from '../../testing/mongo-server.ts'
import { removeBucket, skipWithoutS3, startS3Server } from '../../testing/s3-server.ts'
import { openSmallDisk, skipWithoutMounts } from '../../testing/small-disk.ts'
import { openTestFolder } from '../../testing/stores.ts'
import type { ChildStores } from '../../testing/upload-child.ts'
import { startUploadProcess } from '../../testing/upload-process.ts'
import { assertStored, openUploads, owner, recordedLink, sha256 } from '../../testing/uploads.ts'
import { usualLeaseTimes } from './upload-lease.ts'
import { uploadSessions } from './upload-sessions.ts'

const mib = 1024 * 1024

test('a process killed in the middle of an append: another goes on where that began', async (t) => {
  const stores = await childStores(t)
  const first = randomBytes(2 * mib)
  const { sessions, blobs } = await openHere(t, stores)
  const { id } = await sessions.start(owner)
  await sessions.append(id, owner, { bytes: bytesOf(first) })
  const child = startUploadProcess('stall', stores, id, 5 * mib)
  await child.result()
  await child.kill()
  assert.equal((await sessions.status(id, owner)).sizeBytes, 2 * mib)
  const rest = randomBytes(3 * mib)
  await sessions.append(id, owner, { bytes: bytesOf(rest), range: { start: 2 * mib, end: 5 * mib - 1 } })
  const whole = Buffer.concat([first, rest])
  await sessions.finish(id, owner, sha256(whole))
  await assertStored(blobs, whole)
})

test('a full disk answers storage_full; the upload is as before, and goes on with less', async (t) => {
  const skip = skipWithoutMounts()
  if (skip) return t.skip(skip)
  using disk = openSmallDisk(8)
  await using u = await openUploads({ dir: join(disk.path, 'packages') })
  const full = (err: unknown) => hasCode(err, 'storage_full')
  const { id } = await u.here.start(owner)
  const first = randomBytes(3 * mib)
  await u.here.append(id, owner, { bytes: bytesOf(first) })
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(u.here.append(id, owner, { bytes: patterned('too much', 16 * mib) }), full)
    assert.equal((await u.there.status(id, owner)).sizeBytes, 3 * mib)
  }
  await assert.rejects(u.here.finish(id, owner, sha256('x'), { bytes: patterned('too much', 16 * mib) }), full)
  await assert.rejects(u.here.put(owner, sha256('x'), patterned('too much', 16 * mib)), full)
  const rest = randomBytes(3 * mib)
  await u.here.append(id, owner, { bytes: bytesOf(rest) })
  await u.there.finish(id, owner, sha256(Buffer.concat([first, rest])))
  await u.assertStored(Buffer.concat([first, rest]))
  await u.assertNothingStaged()
})

test('each request at another replica, on MongoDB and S3', {
  skip: mongoSkip() ?? skipWithoutS3() ?? false,
}, async (t) => {
  const opened = new AsyncDisposableStack()
  t.after(() => opened.disposeAsync())
  const mongo = opened.use(await openMongoServer())
  const bucket = opened.use(await startS3Server()).newBucket()
  opened.defer(() => removeBucket(bucket))
  const linked = new Map<string, Digest>()
  async function replica() {
    const database = `uploads-${process.pid}`
    const engine = await openMongoEngine({ url: mongo.url, database, collections: [uploads], schemaVersion: 1 })
    opened.defer(() => engine.close())
    const blobs = await s3BlobStore(bucket)
    opened.defer(() => blobs.close())
    const link = recordedLink(linked)
    return { engine, blobs, sessions: uploadSessions({ engine, blobs, link, maxBlobBytes: 2 ** 40 }) }
  }
  const { id } = await (await replica()).sessions.start(owner)
  const chunks = [5 * mib, 7 * mib, 1, 6 * mib, 3 * mib].map((sizeBytes) => randomBytes(sizeBytes))
  let start = 0
  for (const bytes of chunks) {
    const { sessions } = await replica()
    const range = { start, end: start + bytes.byteLength - 1 }
    await assert.rejects(
      sessions.append(id, owner, { bytes: bytesOf(bytes), range: { start: start + 1, end: start + 9 } }),
    )
    await sessions.append(id, owner, { bytes: bytesOf(bytes), range })
    start += bytes.byteLength
    assert.equal((await (await replica()).sessions.status(id, owner)).sizeBytes, start)
  }
  const whole = Buffer.concat(chunks)
  const last = await replica()
  await last.sessions.finish(id, owner, sha256(whole))
  await assertStored(last.blobs, whole)
  assert.equal(linked.get(sha256(whole)), sha256(whole))
  assert.equal(await last.engine.collection(uploads).get(id), undefined)
  assert.equal(await last.blobs.sweep(-60), 0)
})

test('50 uploads at once to disk take a bounded memory', async (t) => {
  const stores = await childStores(t)
  await assertMany(t, stores, await filesystemBlobStore(stores.blobs), { appendBytes: 8 * mib, mostMib: 250 })
})

test('50 uploads at once to S3 take a bounded memory', { skip: skipWithoutS3() ?? false }, async (t) => {
  const server = await startS3Server()
  t.after(() => server[Symbol.asyncDispose]())
  const options = server.newBucket()
  const blobs = await s3BlobStore(options)
  t.after(() => blobs.close())
  const stores: ChildStores = { ...(await childStores(t)), blobs: { kind: 's3', ...options } }
  await assertMany(t, stores, blobs, { appendBytes: 5 * mib, mostMib: 400 })
})

/** 50 in two appends each. Of their 500 or 800 MiB the process never holds but a part, beside the 100 that it always has. */
async function assertMany(
  t: TestContext,
  stores: ChildStores,
  blobs: BlobStore,
  { appendBytes, mostMib }: { appendBytes: number; mostMib: number },
): Promise<void> {
  const child = startUploadProcess('many', stores, 50, appendBytes)
  t.after(() => child.kill())
  const { digests, most, peakMib } = (await child.result()) as { digests: Digest[]; most: number; peakMib: number }
  assert.equal(most, 50)
  assert.ok(peakMib < mostMib, `the process took ${peakMib} MiB`)
  t.diagnostic(`${peakMib} MiB`)
  assert.equal(new Set(digests).size, 50)
  const last = digests[49] ?? 'sha256:'
  const bytes = await buffer((await blobs.read(last)) ?? bytesOf('absent'))
  assert.equal(bytes.byteLength, 2 * appendBytes)
  assert.equal(sha256(bytes), last)
}

/** Fresh embedded stores for this test, to be opened in another process too. */
async function childStores(t: TestContext) {
  const folder = await openTestFolder()
  t.after(() => folder[Symbol.asyncDispose]())
  const times = { ...usualLeaseTimes, leaseMs: 500, renewMs: 100 }
  const blobs = { kind: 'filesystem' as const, dir: join(folder.path, 'packages') }
  return { metadataPath: join(folder.path, 'metadata.sqlite'), blobs, times }
}

async function openHere(t: TestContext, stores: Awaited<ReturnType<typeof childStores>>) {
  const engine = await openSqliteEngine({ path: stores.metadataPath, collections: [uploads], schemaVersion: 1 })
  t.after(() => engine.close())
  const blobs = await filesystemBlobStore(stores.blobs)
  const link = recordedLink(new Map())
  return { blobs, sessions: uploadSessions({ engine, blobs, link, maxBlobBytes: 2 ** 40, times: stores.times }) }
}
