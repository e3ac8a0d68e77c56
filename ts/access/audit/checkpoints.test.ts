import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anEntry, openTestTrail, stoppingEngine } from './testing.ts'

describe('a checkpoint', () => {
  test('names the streams that grew, and is not written when none did', async () => {
    await using opened = await openTestTrail()
    const other = opened.another()
    await other.record(anEntry())
    await opened.recordAndSign(2)
    await opened.trail.checkpoint()
    await opened.recordAndSign(1)
    const { items } = await opened.store.checkpoints.find('bySequence', {})
    assert.deepEqual(
      items.map(({ value }) => value.heads.map(([, sequence]) => sequence).toSorted()),
      [[1, 2], [3]],
    )
  })

  test('closes the streams that ended, once their last entry is signed', async () => {
    await using opened = await openTestTrail()
    await opened.trail.record(anEntry())
    await opened.trail.close()
    const stateOf = async () => (await opened.store.streams.find('byStream', {})).items[0]?.value.state
    assert.equal(await stateOf(), 'ended')
    await opened.another().checkpoint()
    assert.equal(await stateOf(), 'closed')
    assert.deepEqual((await opened.trail.verify()).findings, [])
  })

  test('asked for by several processes at once leaves one unbroken chain', async () => {
    await using opened = await openTestTrail()
    for (let round = 0; round < 3; round++) {
      const processes = Array.from({ length: 4 }, () => opened.another())
      await Promise.all(processes.map((process) => process.record(anEntry())))
      await Promise.all(processes.map((process) => process.checkpoint()))
    }
    const report = await opened.trail.verify()
    assert.deepEqual([report.findings, report.unsignedEntries], [[], 0])
  })

  test('stopped after any of its writes, again and again, leaves a trail that verifies', async () => {
    for (let writes = 1; writes < 6; writes++) {
      await using opened = await openTestTrail()
      for (let round = 0; round < 3; round++) {
        await opened.another().record(anEntry())
        await opened.trail.record(anEntry())
        await opened
          .another(stoppingEngine(opened.engine, writes))
          .checkpoint()
          .catch(() => undefined)
        assert.deepEqual((await opened.trail.verify()).findings, [], `stopped after ${writes} writes`)
      }
      await opened.trail.checkpoint()
      const report = await opened.trail.verify()
      assert.deepEqual([report.findings, report.unsignedEntries], [[], 0])
    }
  })
})
