import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { s3BlobStore } from '../blobs/s3.ts'
import type { BlobStore } from '../blobs/store.ts'
import { hasCode } from '../errors.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as platformSchema from '../metadata/platform-schema.ts'
import { defaultGraceSeconds } from '../registry/grace.ts'
import { type GarbageWorld, graceMs, openGarbageWorld, turn } from '../testing/garbage.ts'
import { removeBucket, skipWithoutS3, startS3Server } from '../testing/s3-server.ts'
import { checkStores } from './fsck.ts'
import { previewGarbage } from './gc-preview.ts'

test('after the grace period goes what nothing refers to, and nothing else', async () => {
  await using world = await openGarbageWorld()
  const orphan = await world.orphan()
  const file = await world.file()
  const abandoned = await world.link()
  const named = await world.link({ isNamed: true })
  await world.upload()
  world.pass(graceMs + 1)
  const fresh = await world.orphan()
  const run = await world.collect()
  assert.deepEqual(run.removed, { uploads: 1, links: 1, blobs: 2, sizeBytes: 72 })
  assert.deepEqual([run.phase, run.finishedAt], ['done', world.now()])
  for (const gone of [orphan, abandoned])
    assert.deepEqual([await world.blob(gone), await world.has(gone)], [undefined, false])
  for (const kept of [file, named, fresh]) {
    assert.deepEqual([(await world.blob(kept))?.value.state, await world.has(kept)], ['live', true])
  }
  assert.ok(await world.linkOf('app', named))
  assert.equal(await world.linkOf('app', abandoned), undefined)
})

test('what is in use is not written to', async () => {
  await using world = await openGarbageWorld()
  const file = await world.file()
  world.pass(graceMs * 10)
  await world.collect()
  assert.equal((await world.blob(file))?.revision, 1)
})

test('a second collection at the same time is refused, and says where the first one runs', async () => {
  await using world = await openGarbageWorld()
  await world.orphan()
  world.pass(graceMs + 1)
  const { first, goOn } = await stoppedCollection(world)
  await assert.rejects(world.collect(), (err) => hasCode(err, 'job_running') && /\(pid \d+\)/.test(err.message))
  goOn()
  assert.equal((await first).removed.blobs, 1)
  assert.equal((await world.collect()).removed.blobs, 0)
})

describe('a run that is cut off', () => {
  /** Old records without bytes: more than a page. */
  async function manyOrphans(world: GarbageWorld, count: number): Promise<void> {
    const touchedAt = world.now() - graceMs * 2
    const writes = Array.from({ length: count }, (_, i) => ({
      kind: 'insert' as const,
      in: packageSchema.blobs,
      id: `sha256:${i.toString(16).padStart(64, '0')}`,
      value: { state: 'live', touchedAt: touchedAt + i, sizeBytes: 1 },
    }))
    await world.engine.batch(writes)
  }

  test('by a stop is gone on with where it ended', async () => {
    await using world = await openGarbageWorld()
    await manyOrphans(world, 1200)
    const abort = new AbortController()
    const onProgress = ({ seen }: { seen: number }) => {
      if (seen > 0) abort.abort()
    }
    const first = await world.collector().collect({ signal: abort.signal, restShare: 0, onProgress })
    assert.deepEqual([first.phase, first.seen, first.removed.blobs], ['live', 500, 500])
    assert.equal(await world.collector().finishedAt(), undefined)
    world.pass(1000)
    const second = await world.collect()
    assert.deepEqual([second.phase, second.seen, second.removed.blobs], ['done', 1200, 1200])
    assert.deepEqual([second.startedAt, second.cutoff], [first.startedAt, first.cutoff])
    assert.equal(await world.collector().finishedAt(), world.now())
  })

  test('by another that has taken over, ends at once', async () => {
    await using world = await openGarbageWorld()
    await manyOrphans(world, 3)
    const { first, goOn } = await stoppedCollection(world)
    // Its process hangs for so long that its right ends.
    await world.engine.collection(platformSchema.leases).delete('garbage-collection')
    assert.equal((await world.collect()).phase, 'done')
    goOn()
    await assert.rejects(first, (err) => hasCode(err, 'job_running'))
  })

  test('is not gone on with by one that is asked for another grace period', async () => {
    await using world = await openGarbageWorld()
    await manyOrphans(world, 600)
    const abort = new AbortController()
    await world.collector().collect({ signal: abort.signal, restShare: 0, onProgress: () => abort.abort() })
    const run = await world.collector().collect({ ...turn, graceSeconds: 4 * defaultGraceSeconds })
    assert.deepEqual([run.phase, run.seen, run.cutoff], ['done', 0, world.now() - 4 * graceMs])
  })
})

test('what cannot be removed holds nobody up, and is told', async () => {
  await using world = await openGarbageWorld()
  const stuck = await world.orphan()
  const other = await world.orphan()
  world.pass(graceMs + 1)
  const blobs: BlobStore = {
    ...world.blobs,
    async delete(digest, confirm) {
      if (digest === stuck) throw new Error('the disk says no')
      await world.blobs.delete(digest, confirm)
    },
  }
  const isTold = (err: unknown) => hasCode(err, 'unavailable') && err.message.includes('One thing')
  await assert.rejects(world.collect({ blobs }), isTold)
  assert.equal(await world.blob(other), undefined)
  assert.equal((await world.blob(stuck))?.value.state, 'deleting')
  world.pass(3 * 3_600_000)
  assert.equal((await world.collect()).removed.blobs, 1)
  assert.equal(await world.has(stuck), false)
})

test('what another collector has begun to remove is ended when this one has seen it so for two minutes', async () => {
  for (const aheadMs of [-600_000, 600_000]) {
    await using world = await openGarbageWorld()
    const digest = await world.orphan()
    const touchedAt = world.now() - graceMs * 2
    const begun = { state: 'deleting', touchedAt, sizeBytes: 36, deletingSince: world.now() - aheadMs } as const
    await world.engine.collection(packageSchema.blobs).update(digest, 1, begun)
    const times = [0, 0, 119_980, 119_990]
    let asked = 0
    const elapsedMs = () => times[asked++] ?? 120_000
    const onStep = () => assert.ok(asked > times.length, 'it did not wait')
    assert.equal((await world.collect({ elapsedMs, onStep })).removed.blobs, 1)
    assert.deepEqual([await world.blob(digest), await world.has(digest)], [undefined, false])
  }
})

test('a dry run tells what the run takes, and touches nothing', async () => {
  await using world = await openGarbageWorld()
  const orphan = await world.orphan()
  const abandoned = await world.link()
  await world.link({ isNamed: true })
  await world.file()
  const upload = await world.upload()
  world.pass(graceMs + 1)
  await world.link({ image: 'fresh' })
  const options = { graceSeconds: defaultGraceSeconds, now: world.now(), rest: async () => {} }
  const items = await Array.fromAsync(previewGarbage(world.engine, options))
  const expected = [`upload ${upload}`, `link ${abandoned}`, ...[orphan, abandoned].map((digest) => `blob ${digest}`)]
  assert.deepEqual(items.map(({ kind, name }) => `${kind} ${name}`).sort(), expected.sort())
  assert.deepEqual([(await world.blob(orphan))?.revision, (await world.blob(abandoned))?.revision], [1, 1])
  assert.equal((await world.linkOf('app', abandoned))?.revision, 1)
  const { removed } = await world.collect()
  assert.deepEqual([removed.uploads, removed.links, removed.blobs], [1, 1, 2])
})

describe('with artifacts in S3', () => {
  const skip = skipWithoutS3()
  test('it collects and looks after damage as on disk', { skip: skip ?? false }, async () => {
    await using server = await startS3Server()
    const bucket = server.newBucket()
    const store = await s3BlobStore(bucket)
    const blobs = { store, [Symbol.asyncDispose]: () => store.close().then(() => removeBucket(bucket)) }
    await using world = await openGarbageWorld({ blobs })
    const orphan = await world.orphan()
    const file = await world.file()
    world.pass(graceMs + 1)
    assert.equal((await world.collect()).removed.blobs, 1)
    assert.deepEqual([await world.has(orphan), await world.has(file)], [false, true])
    const stray = await world.orphan()
    await world.engine.collection(packageSchema.blobs).delete(stray)
    const check = { graceSeconds: 1, isFast: false, rest: async () => {}, signal: turn.signal, againMs: 0 }
    const options = { ...check, engine: world.engine, blobs: store, now: world.now, repairs: true }
    const [finding, ...more] = await Array.fromAsync(checkStores(options))
    assert.match(finding?.repaired ?? '', /^The bytes were moved to s3:\/\/\S+\/quarantine\//)
    assert.deepEqual([more, await world.has(stray)], [[], false])
  })
})

/** A collection that has made its first step and waits to be told to go on. */
async function stoppedCollection(world: GarbageWorld) {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const first = world.collect({
    onStep() {
      begun.resolve()
      return gate.promise
    },
  })
  await begun.promise
  return { first, goOn: gate.resolve }
}
