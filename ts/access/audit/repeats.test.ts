import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anEntry, aRefusal, openTestTrail, type TestTrail } from './testing.ts'

async function counts({ trail }: TestTrail): Promise<number[]> {
  return (await trail.query({ order: 'ascending' })).items.map(({ value }) => value.count)
}

describe('equal refusals within a minute', () => {
  test('are the first entry, at once, and one more with the count of the others when the minute ends', async () => {
    await using opened = await openTestTrail()
    for (let i = 0; i < 5; i++) await opened.trail.record(aRefusal())
    assert.deepEqual(await counts(opened), [1])
    await opened.trail.flush()
    assert.deepEqual(await counts(opened), [1], 'the minute has not ended')
    opened.clock.now += 60_000
    await opened.trail.flush()
    assert.deepEqual(await counts(opened), [1, 4])
    await opened.trail.checkpoint()
    assert.deepEqual((await opened.trail.verify()).findings, [])
  })

  test('are written with their count when the process ends', async () => {
    await using opened = await openTestTrail()
    for (let i = 0; i < 3; i++) await opened.trail.record(aRefusal())
    await opened.trail.close()
    assert.deepEqual(await counts(opened), [1, 2])
  })

  test('begin anew when the minute has ended, and lose nothing when nobody flushed', async () => {
    await using opened = await openTestTrail()
    for (let i = 0; i < 3; i++) await opened.trail.record(aRefusal())
    opened.clock.now += 60_000
    await opened.trail.record(aRefusal())
    await opened.trail.flush()
    assert.deepEqual((await counts(opened)).toSorted(), [1, 1, 2])
  })

  test('are equal in actor, token, address, action and target alone', async () => {
    await using opened = await openTestTrail()
    const others = [
      {},
      { actor: { kind: 'user', id: 'usr_joe', name: 'joe' } },
      { actor: { kind: 'user', id: 'usr_jane', name: 'jane', tokenId: 'tok_1' } },
      { address: '192.0.2.8' },
      { action: 'token.refused' },
      { target: { kind: 'package', id: 'pkg_other', name: 'other' } },
    ]
    for (const each of others) await opened.trail.record(aRefusal(each))
    for (const each of others) await opened.trail.record(aRefusal({ ...each, userAgent: 'another' }))
    assert.deepEqual(
      await counts(opened),
      others.map(() => 1),
    )
  })

  test('that cannot be written are kept for the next time', async () => {
    await using opened = await openTestTrail()
    for (let i = 0; i < 3; i++) await opened.trail.record(aRefusal())
    opened.clock.now += 60_000
    const { engine } = opened
    const real = engine.batch
    engine.batch = () => Promise.reject(new Error('the store is gone'))
    await assert.rejects(opened.trail.flush())
    engine.batch = real
    await opened.trail.flush()
    assert.deepEqual(await counts(opened), [1, 2])
  })
})

test('what was not refused is always an entry of its own', async () => {
  await using opened = await openTestTrail()
  for (let i = 0; i < 3; i++) await opened.trail.record(anEntry())
  assert.deepEqual(await counts(opened), [1, 1, 1])
})
