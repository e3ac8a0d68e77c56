import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MetadataEngine, Write } from '../../metadata/engine.ts'
import * as schema from '../../metadata/schema.ts'
import { openTestEngine } from '../../testing/stores.ts'
import { pullCounter } from './pull-counter.ts'

const digest = `sha256:${'a'.repeat(64)}`
const noDownloads = { count: () => {} }

test('pulls are added up by tag and digest, also from two processes', async () => {
  await using engine = await openTestEngine(schema.collections)
  const counters = [1000, 2000].map((at) =>
    pullCounter({ engine: engine.store, downloads: noDownloads, now: () => at }),
  )
  for (const counter of counters) {
    counter.count('pkg_a', ['latest', digest])
    counter.count('pkg_a', [digest])
  }
  await Promise.all(counters.map((counter) => counter.flush()))
  const told = await counters[0]?.of('pkg_a', ['latest', digest, 'never'])
  assert.deepEqual(
    [...(told ?? [])],
    [
      ['latest', { pulls: 2, lastPulledAt: 2000 }],
      [digest, { pulls: 4, lastPulledAt: 2000 }],
    ],
  )
  assert.equal((await counters[0]?.of('pkg_b', ['latest']))?.size, 0)
})

test('the time of the last pull never moves back, whichever process writes last', async () => {
  await using engine = await openTestEngine(schema.collections)
  const late = pullCounter({ engine: engine.store, downloads: noDownloads, now: () => 2000 })
  const early = pullCounter({ engine: engine.store, downloads: noDownloads, now: () => 1000 })
  for (const counter of [late, early]) counter.count('pkg_a', ['latest'])
  await late.flush()
  await early.flush()
  assert.deepEqual((await early.of('pkg_a', ['latest'])).get('latest'), { pulls: 2, lastPulledAt: 2000 })
})

test('a look moves the time and counts nothing, also of what was never pulled', async () => {
  await using engine = await openTestEngine(schema.collections)
  let now = 1000
  const downloads: string[][] = []
  const counted = { count: (...what: string[]) => void downloads.push(what) }
  const counter = pullCounter({ engine: engine.store, downloads: counted, now: () => now })
  counter.count('pkg_a', ['latest'])
  await counter.flush()
  now = 2000
  counter.look('pkg_a', ['latest', digest])
  await counter.flush()
  const told = await counter.of('pkg_a', ['latest', digest])
  assert.deepEqual(
    [told.get('latest'), told.get(digest)],
    [
      { pulls: 1, lastPulledAt: 2000 },
      { pulls: 0, lastPulledAt: 2000 },
    ],
  )
  assert.deepEqual(downloads, [])
})

test('a digest is a download of its package, a tag is not', async () => {
  await using engine = await openTestEngine(schema.collections)
  const downloads: string[][] = []
  const counter = pullCounter({ engine: engine.store, downloads: { count: (...what) => downloads.push(what) } })
  counter.count('pkg_a', ['latest', digest])
  assert.deepEqual(downloads, [['pkg_a', digest]])
})

/** The engine, whose batches go through `change`. */
function withBatches(engine: MetadataEngine, batch: MetadataEngine['batch']): MetadataEngine {
  return { ...engine, collection: (spec) => engine.collection(spec), batch }
}

test('what cannot be written is kept for the next time, and told', async () => {
  await using engine = await openTestEngine(schema.collections)
  const failures: ((writes: readonly Write[]) => ReturnType<MetadataEngine['batch']>)[] = [
    async () => {
      throw new Error('gone')
    },
    async (writes) => writes.map(() => ({ status: 'rejected', reason: new Error('full') })),
  ]
  const failing = withBatches(engine.store, (writes) => (failures.shift() ?? engine.store.batch)(writes))
  const counter = pullCounter({ engine: failing, downloads: noDownloads })
  counter.count('pkg_a', ['latest'])
  await assert.rejects(counter.flush(), /gone/)
  counter.count('pkg_a', ['latest'])
  await assert.rejects(counter.flush(), /full/)
  await counter.flush()
  assert.equal((await counter.of('pkg_a', ['latest'])).get('latest')?.pulls, 2)
})

test('a time that cannot be written is kept, and its pull counted once', async () => {
  await using engine = await openTestEngine(schema.collections)
  let isFull = false
  const failing = withBatches(engine.store, async (writes) => {
    if (isFull && writes.some(({ kind }) => kind === 'update')) throw new Error('full')
    return engine.store.batch(writes)
  })
  let now = 1000
  const counter = pullCounter({ engine: failing, downloads: noDownloads, now: () => now })
  counter.count('pkg_a', ['latest'])
  await counter.flush()
  now = 2000
  isFull = true
  counter.count('pkg_a', ['latest'])
  await assert.rejects(counter.flush())
  isFull = false
  await counter.flush()
  assert.deepEqual((await counter.of('pkg_a', ['latest'])).get('latest'), { pulls: 2, lastPulledAt: 2000 })
})

test('memory is bounded: beyond it only what waits already is counted, until that is written', async () => {
  await using engine = await openTestEngine(schema.collections)
  let isFull = true
  const failing = withBatches(engine.store, async (writes) => {
    if (isFull) throw new Error('full')
    return engine.store.batch(writes)
  })
  const counter = pullCounter({ engine: failing, downloads: noDownloads, maxPending: 2 })
  const tags = ['a', 'b', 'c']
  for (const tag of [...tags, ...tags]) counter.count('pkg_a', [tag])
  const flushed = assert.rejects(counter.flush())
  counter.count('pkg_a', ['d'])
  await flushed
  isFull = false
  await counter.flush()
  counter.count('pkg_a', ['c'])
  await counter.flush()
  const told = [...(await counter.of('pkg_a', [...tags, 'd']))].map(([tag, { pulls }]) => [tag, pulls])
  assert.deepEqual(told, [
    ['a', 2],
    ['b', 2],
    ['c', 1],
  ])
})

test('what is forgotten begins anew', async () => {
  await using engine = await openTestEngine(schema.collections)
  const counter = pullCounter({ engine: engine.store, downloads: noDownloads })
  counter.count('pkg_a', ['old', 'kept'])
  await counter.flush()
  counter.count('pkg_a', ['old'])
  await counter.forget('pkg_a', ['old'])
  await counter.flush()
  assert.deepEqual([...(await counter.of('pkg_a', ['old', 'kept'])).keys()], ['kept'])
})
