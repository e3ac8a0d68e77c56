import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as schema from '../metadata/schema.ts'
import { openTestEngine } from '../testing/stores.ts'
import { downloadCounter } from './downloads.ts'
import { openRegistryStore } from './store.ts'

const describe = () => ({ description: '', keywords: [], authors: [] })

test('downloads are added up by day, also from two processes', async () => {
  await using engine = await openTestEngine(schema.collections)
  const store = openRegistryStore(engine.store, describe)
  let now = Date.UTC(2026, 0, 31, 23, 59)
  const counters = [downloadCounter(store, () => now), downloadCounter(store, () => now)]
  for (const counter of counters) for (let i = 0; i < 5; i++) counter.count('pkg_a', '1.0.0')
  now += 120_000
  for (const counter of counters) counter.count('pkg_a', '__proto__')
  await Promise.all(counters.map((counter) => counter.flush()))
  assert.equal(await counters[0]?.total('pkg_a', 1), 2)
  assert.equal(await counters[0]?.total('pkg_a', 2), 12)
  assert.equal(await counters[0]?.total('pkg_b', 30), 0)
})

test('what cannot be written is kept for the next time', async () => {
  await using engine = await openTestEngine(schema.collections)
  let broken = true
  const failing = {
    ...engine.store,
    batch: async (writes: Parameters<typeof engine.store.batch>[0]) =>
      broken
        ? writes.map(() => ({ status: 'rejected' as const, reason: new Error('full') }))
        : engine.store.batch(writes),
  }
  const counter = downloadCounter(openRegistryStore({ ...engine.store, ...failing }, describe))
  counter.count('pkg_a', '1.0.0')
  await counter.flush()
  counter.count('pkg_a', '1.0.0')
  broken = false
  await counter.flush()
  assert.equal(await counter.total('pkg_a', 1), 2)
})
