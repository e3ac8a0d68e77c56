import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore, Digest, StagedBlob } from '../blobs/store.ts'
import { hasCode } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as schema from '../metadata/schema.ts'
import { bytesOf } from '../testing/bytes.ts'
import { openTestEngine, openTestFolder } from '../testing/stores.ts'
import { blobRecords } from './blob-records.ts'
import { blobRemoval, type RemovalStep, removalSteps } from './garbage/remove-blob.ts'
import { defaultGraceSeconds } from './grace.ts'

const graceMs = defaultGraceSeconds * 1000
const content = 'bytes that were stored before'

test('a kept blob is durable, live and touched', async () => {
  await using world = await openWorld()
  const staged = await world.stage()
  await world.records.keep([{ ...staged, staged }])
  assert.deepEqual((await world.record())?.value, { state: 'live', touchedAt: world.now(), sizeBytes: content.length })
  assert.ok(await world.blobs.stat(staged.digest))
})

test('a blob is touched once an hour, however often it is kept', async () => {
  await using world = await openWorld()
  await world.stored()
  const touchedAt = world.now()
  world.pass(3_599_000)
  await world.stored()
  assert.deepEqual([(await world.record())?.revision, (await world.record())?.value.touchedAt], [1, touchedAt])
  world.pass(1000)
  await world.stored()
  assert.deepEqual([(await world.record())?.revision, (await world.record())?.value.touchedAt], [2, world.now()])
})

test('50 publishers of one blob all succeed', async () => {
  await using world = await openWorld()
  const staged = await Promise.all(Array.from({ length: 50 }, () => world.stage()))
  await Promise.all(staged.map((one) => world.records.keep([{ ...one, staged: one }])))
  assert.equal((await world.record())?.value.state, 'live')
})

test('a blob without bytes is refused, whether it never was or was deleted meanwhile', async () => {
  await using world = await openWorld()
  const { digest, sizeBytes } = await world.stored()
  await world.records.keep([{ digest, sizeBytes }])
  await world.collect()
  assert.equal(await world.record(), undefined)
  await assert.rejects(world.records.keep([{ digest, sizeBytes }]), (err) => hasCode(err, 'blob_unknown'))
})

test('a touch that became old while the bytes were stored is made again', async () => {
  await using world = await openWorld()
  const staged = await world.stage()
  let commits = 0
  const slow: StagedBlob = {
    ...staged,
    async commit() {
      if (commits++ === 0) world.pass(graceMs / 2 + 1)
      await staged.commit()
    },
  }
  await world.records.keep([{ ...staged, staged: slow }])
  assert.equal((await world.record())?.value.touchedAt, world.now())
  assert.equal(commits, 2)
})

test('a deletion that its process left is ended by the publisher that waits for it', async () => {
  await using world = await openWorld()
  await world.stored()
  await world.collect('bytes-removed')
  const staged = await world.stage()
  const waiting = world.records.keep([{ ...staged, staged }])
  await world.attempts(waiting)
  assert.equal((await world.record())?.value.state, 'deleting')
  world.pass(121_000)
  await waiting
  assert.equal((await world.record())?.value.state, 'live')
  assert.ok(await world.blobs.stat(staged.digest))
})

test('a collector that was stopped for long removes nothing that was stored again meanwhile', async () => {
  await using world = await openWorld()
  await world.stored()
  const goOn = await world.collect('marked')
  await world.takeOver()
  await goOn()
  await world.requireStored()
})

for (const moment of ['before-bytes', 'bytes-removed'] as const) {
  test(`a collector that is stopped for long in the removal itself (${moment}) leaves what was stored again`, async () => {
    await using world = await openWorld()
    await world.stored()
    const goOn = await world.collect(moment)
    await world.takeOver()
    await goOn()
    await world.requireStored()
  })
}

test('a deletion is not ended by others before they have seen it for two minutes, however far clocks are apart', async () => {
  for (const aheadMs of [-600_000, 600_000]) {
    await using world = await openWorld()
    await world.stored()
    const goOn = await world.collect('marked')
    const staged = await world.stage()
    const publishing = world.ahead(aheadMs).keep([{ ...staged, staged }])
    await world.attempts(publishing)
    assert.equal((await world.record())?.value.state, 'deleting')
    await goOn()
    await publishing
    await world.requireStored()
  }
})

test('whoever meets a deletion that does not end is told soon, and when to come again', async () => {
  await using world = await openWorld()
  await world.stored()
  await world.collect('marked')
  const staged = await world.stage()
  for (const [passedMs, retryAfterSeconds] of [
    [21_000, 99],
    [50_000, 49],
  ] as const) {
    const publishing = world.records.keep([{ ...staged, staged }])
    const refused = assert.rejects(publishing, (err) => {
      return hasCode(err, 'unavailable') && err.details.retryAfterSeconds === retryAfterSeconds
    })
    await world.attempts(refused)
    world.pass(passedMs)
    await refused
  }
  world.pass(49_000)
  await world.records.keep([{ ...staged, staged }])
  await world.requireStored()
})

describe('a collector that is stopped', () => {
  for (const step of removalSteps) {
    test(`after "${step}", goes on after a publisher came, and takes nothing from it`, async () => {
      await using world = await openWorld()
      await world.stored()
      const goOn = await world.collect(step)
      const staged = await world.stage()
      const publishing = world.publish(staged)
      // A publisher waits while the blob is being deleted; else it has finished before the collector goes on.
      if ((await world.record())?.value.state === 'deleting') await world.attempts(publishing)
      else await publishing
      await goOn()
      await publishing
      assert.equal((await world.record())?.value.state, 'live')
      assert.ok(await world.blobs.stat(staged.digest), 'the bytes are gone')
      world.pass(graceMs * 2)
      await world.collect()
      assert.ok(await world.blobs.stat(staged.digest), 'the bytes went though they are referred to')
    })
  }
})

describe('a publisher that is stopped', () => {
  test('after its touch, before its bytes are stored, keeps a collector away', async () => {
    await using world = await openWorld()
    await world.stored()
    const staged = await world.stage()
    const collecting: StagedBlob = {
      ...staged,
      async commit() {
        await world.collectNow()
        await staged.commit()
      },
    }
    await world.records.keep([{ ...staged, staged: collecting }])
    await world.collectNow()
    assert.ok(await world.blobs.stat(staged.digest))
  })

  test('before its reference, and never goes on, leaves what a collector removes after the grace period', async () => {
    await using world = await openWorld()
    const { digest } = await world.stored()
    await world.collectNow()
    assert.ok(await world.blobs.stat(digest))
    await world.collect()
    assert.equal(await world.blobs.stat(digest), undefined)
    assert.equal(await world.record(), undefined)
  })
})

interface World extends AsyncDisposable {
  readonly blobs: BlobStore
  readonly records: ReturnType<typeof blobRecords>
  now(): number
  pass(ms: number): void
  /** The records as a process sees them whose clock is ahead. */
  ahead(ms: number): ReturnType<typeof blobRecords>
  /** Publishes the bytes over a deletion that does not go on for two minutes. */
  takeOver(): Promise<void>
  requireStored(): Promise<void>
  /** Resolves after two failed attempts to touch, each of which asks for the time; or with the publisher's end. */
  attempts(publishing: Promise<void>): Promise<void>
  stage(): Promise<StagedBlob>
  /** Kept, but nothing refers to it. */
  stored(): Promise<StagedBlob>
  publish(staged: StagedBlob): Promise<void>
  record(): Promise<Stored<packageSchema.BlobDocument> | undefined>
  /** Collects after the grace period, up to and with a step; resolves to what does the rest. */
  collect(last?: RemovalStep | 'before-bytes'): Promise<() => Promise<void>>
  /** Collects at once. */
  collectNow(): Promise<void>
}

async function openWorld(): Promise<World> {
  const engine = await openTestEngine(schema.collections)
  const folder = await openTestFolder()
  const blobs = await filesystemBlobStore({ dir: join(folder.path, 'packages') })
  let clock = Date.now()
  let asked = 0
  const now = () => clock
  const count = () => {
    asked++
    return clock
  }
  const records = blobRecords(engine.store, blobs, { now: count, elapsedMs: () => clock })
  const stage = () => blobs.stage(bytesOf(content))
  const { digest, discard } = await stage()
  await discard()
  const world: World = {
    blobs,
    records,
    now,
    pass(ms) {
      clock += ms
    },
    ahead: (ms) => blobRecords(engine.store, blobs, { now: () => count() + ms, elapsedMs: () => clock }),
    async takeOver() {
      const staged = await stage()
      const publishing = records.keep([{ ...staged, staged }])
      await world.attempts(publishing)
      clock += 121_000
      await publishing
    },
    async requireStored() {
      assert.equal((await world.record())?.value.state, 'live')
      assert.ok(await blobs.stat(digest), 'the bytes are gone')
      assert.equal(await blobs.sweep(-60), 0)
    },
    async attempts(publishing) {
      let ended = false
      const end = publishing.finally(() => {
        ended = true
      })
      for (const from = asked; asked < from + 2 && !ended; ) await Promise.race([setTimeout(5), end])
    },
    stage,
    async stored() {
      const staged = await stage()
      await records.keep([{ ...staged, staged }])
      return staged
    },
    async publish(staged) {
      await records.keep([{ ...staged, staged }])
      const reference = { packageId: 'pkg_1', unitId: 'unt_1', name: 'a.tgz', digest, sizeBytes: content.length }
      await engine.store.collection(packageSchema.files).insert('unt_1.0', reference)
    },
    record: () => engine.store.collection(packageSchema.blobs).get(digest),
    async collect(last) {
      clock += graceMs + 1
      const goOn = await collect(engine.store, blobs, digest, now, last)
      if (last === undefined) await goOn()
      return goOn
    },
    async collectNow() {
      await (await collect(engine.store, blobs, digest, now))()
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
  return world
}

/** Runs the collector up to and with `last`; resolves to what lets it go on. */
async function collect(
  engine: MetadataEngine,
  blobs: BlobStore,
  digest: Digest,
  now: () => number,
  last: RemovalStep | 'before-bytes' = 'record-removed',
): Promise<() => Promise<void>> {
  const stopped = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  function onStep(step: typeof last) {
    if (step !== last) return
    stopped.resolve()
    return goOn.promise
  }
  const stopping: BlobStore = {
    ...blobs,
    async delete(...of) {
      await onStep('before-bytes')
      await blobs.delete(...of)
    },
  }
  const remove = blobRemoval({ engine, blobs: stopping, now, onStep })
  const blob = await engine.collection(packageSchema.blobs).get(digest)
  const removing = blob ? remove(blob, now() - graceMs) : Promise.resolve(false)
  await Promise.race([stopped.promise, removing])
  return async () => {
    goOn.resolve()
    await removing
  }
}
