import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { entryId } from './store.ts'
import { anEntry, openTestTrail, stoppingEngine, type TestTrail } from './testing.ts'

const dayMs = 86_400_000

/** Ten days with two entries each, signed at each day's end; every third day by a process that then ends. */
async function tenDays({ trail, clock, another }: TestTrail): Promise<number> {
  const start = clock.now
  for (let day = 0; day < 10; day++) {
    clock.now = start + day * dayMs
    const process = day % 3 === 0 ? another() : trail
    await process.record(anEntry())
    await process.record(anEntry())
    if (day % 3 === 0) await process.close()
    clock.now += 60_000
    await trail.checkpoint()
  }
  return start
}

describe('retention', () => {
  test('removes what is older, and the rest verifies', async () => {
    await using opened = await openTestTrail()
    const start = await tenDays(opened)
    const removed = await opened.trail.retain(start + 5 * dayMs)
    assert.equal(removed.entries, 10)
    assert.ok(removed.checkpoints >= 3, `${removed.checkpoints} checkpoints`)
    assert.ok(removed.streams >= 1, `${removed.streams} streams`)
    const report = await opened.trail.verify()
    assert.deepEqual([report.findings, report.entries], [[], 10])
    assert.equal(await opened.store.entries.count('byTime', { range: { before: start + 5 * dayMs } }), 0)
  })

  test('of everything leaves a trail that verifies and goes on', async () => {
    await using opened = await openTestTrail()
    await tenDays(opened)
    opened.clock.now += 30 * dayMs
    await opened.trail.checkpoint()
    await opened.trail.retain(opened.clock.now)
    const emptied = await opened.trail.verify()
    assert.deepEqual([emptied.findings, emptied.entries, emptied.checkpoints], [[], 0, 1])
    await opened.recordAndSign(2)
    const report = await opened.trail.verify()
    assert.deepEqual([report.findings, report.entries, report.checkpoints], [[], 2, 2])
  })

  test('cuts an open stream in its middle, and a change behind the cut is still found', async () => {
    await using opened = await openTestTrail()
    for (let i = 0; i < 6; i++) {
      await opened.recordAndSign(1)
      opened.clock.now += 600_000
    }
    await opened.trail.retain(opened.clock.now - 3 * 600_000)
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    assert.ok(stream)
    assert.equal(stream.value.base?.sequence, 3)
    assert.deepEqual((await opened.trail.verify()).findings, [])
    const id = entryId(stream.id, 4)
    const entry = await opened.store.entries.get(id)
    assert.ok(entry)
    await opened.store.entries.update(id, entry.revision, { ...entry.value, actorName: 'mallory' })
    assert.deepEqual(
      new Set((await opened.trail.verify()).findings.map(({ kind, sequence }) => `${kind} ${sequence}`)),
      new Set(['changed 4']),
    )
  })

  test('leaves a stream whose chain is broken as it is, and the checkpoints that signed it', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(1)
    await opened.recordAndSign(3)
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    await opened.store.entries.delete(entryId(stream?.id ?? '', 2))
    for (let day = 0; day < 5; day++) {
      opened.clock.now += dayMs
      await opened.recordAndSign(1)
    }
    opened.clock.now += 10 * dayMs
    const removed = await opened.trail.retain(opened.clock.now)
    assert.deepEqual([removed.entries, removed.checkpoints], [5, 1])
    await opened.store.entries.delete(entryId(stream?.id ?? '', 4))
    assert.deepEqual(
      new Set((await opened.trail.verify()).findings.map(({ kind, sequence }) => `${kind} ${sequence}`)),
      new Set(['missing 2', 'missing 4', 'cut 4']),
    )
  })

  test('stopped after any of its writes leaves a trail that verifies, and finishes when it runs again', async () => {
    for (let writes = 0; ; writes++) {
      await using opened = await openTestTrail()
      const start = await tenDays(opened)
      const before = start + 5 * dayMs
      const isStopped = await opened
        .another(stoppingEngine(opened.engine, writes))
        .retain(before)
        .then(
          () => false,
          () => true,
        )
      assert.deepEqual((await opened.trail.verify()).findings, [], `stopped after ${writes} writes`)
      await opened.trail.retain(before)
      const report = await opened.trail.verify()
      assert.deepEqual([report.findings, report.entries], [[], 10])
      if (!isStopped) return assert.ok(writes > 5)
    }
  })
})
