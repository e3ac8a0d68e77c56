import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { warmReads } from './warm-reads.ts'

/** A loader that answers 1, 2, 3, … and an engine whose mark the test moves. */
function setUp(options: { mark: number | undefined; ttlSeconds?: number; maxEntries?: number }) {
  const state = { mark: options.mark, nowMs: 0, loads: 0 }
  const reads = warmReads<number>(
    { commitMark: () => state.mark },
    { maxEntries: options.maxEntries ?? 10, ttlSeconds: options.ttlSeconds ?? 5, now: () => state.nowMs },
  )
  return { state, reads, load: async () => ++state.loads }
}

describe('warm reads with a commit mark', () => {
  test('an answer is told again while nothing was committed, however old', async () => {
    const { state, reads, load } = setUp({ mark: 1 })
    await reads('a', load)
    state.nowMs = 1e9
    assert.equal(await reads('a', load), 1)
  })

  test('a commit makes every answer old', async () => {
    const { state, reads, load } = setUp({ mark: 1 })
    await reads('a', load)
    state.mark = 2
    assert.equal(await reads('a', load), 2)
    assert.equal(await reads('a', load), 2)
  })

  test('a commit makes room: what can be told no more is not kept', async () => {
    const { state, reads, load } = setUp({ mark: 1 })
    await reads('a', load)
    state.mark = 2
    await reads('b', load)
    // No engine does so; it shows what is left.
    state.mark = 1
    assert.equal(await reads('a', load), 3)
  })

  test('a commit during a load makes its answer old', async () => {
    const { state, reads, load } = setUp({ mark: 1 })
    const slow = Promise.withResolvers<number>()
    const first = reads('a', () => slow.promise)
    state.mark = 2
    const second = reads('a', load)
    slow.resolve(100)
    assert.equal(await first, 100)
    assert.equal(await second, 1)
    assert.equal(await reads('a', load), 1)
  })

  test('readers of one key at a time share one load', async () => {
    const { state, reads, load } = setUp({ mark: 1 })
    assert.deepEqual(await Promise.all([reads('a', load), reads('a', load), reads('b', load)]), [1, 1, 2])
    assert.equal(state.loads, 2)
  })

  test('a failed load is not remembered', async () => {
    const { reads, load } = setUp({ mark: 1 })
    await assert.rejects(
      reads('a', () => Promise.reject(new Error('down'))),
      /down/,
    )
    assert.equal(await reads('a', load), 1)
  })

  test('absent is remembered like any other answer', async () => {
    const reads = warmReads<undefined>({ commitMark: () => 1 }, { maxEntries: 10, ttlSeconds: 0 })
    let loads = 0
    const load = async () => void loads++
    await reads('constructor', load)
    await reads('constructor', load)
    assert.equal(loads, 1)
  })

  test('the oldest entry goes when there are too many', async () => {
    const { reads, load } = setUp({ mark: 1, maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await reads(key, load)
    assert.equal(await reads('c', load), 3)
    assert.equal(await reads('a', load), 4)
  })

  test('the oldest is the one that was asked for the longest ago', async () => {
    const { reads, load } = setUp({ mark: 1, maxEntries: 2 })
    for (const key of ['a', 'b', 'a', 'c']) await reads(key, load)
    assert.equal(await reads('a', load), 1)
    assert.equal(await reads('b', load), 4)
  })
})

describe('warm reads without a commit mark', () => {
  test('an answer is told for the time to live, counted from the beginning of its load', async () => {
    const { state, reads, load } = setUp({ mark: undefined })
    const slow = Promise.withResolvers<number>()
    const first = reads('a', () => slow.promise)
    state.nowMs = 4999
    slow.resolve(100)
    assert.equal(await first, 100)
    assert.equal(await reads('a', load), 100)
    state.nowMs = 5000
    assert.equal(await reads('a', load), 1)
  })

  test('a time to live of zero loads always and shares nothing', async () => {
    const { reads, load } = setUp({ mark: undefined, ttlSeconds: 0 })
    assert.deepEqual(await Promise.all([reads('a', load), reads('a', load)]), [1, 2])
  })

  test('forgetting reaches what is being loaded', async () => {
    const { reads, load } = setUp({ mark: undefined })
    const slow = Promise.withResolvers<number>()
    const first = reads('a', () => slow.promise)
    reads.forget()
    const second = reads('a', load)
    slow.resolve(100)
    assert.deepEqual(await Promise.all([first, second]), [100, 1])
    assert.equal(await reads('a', load), 1)
  })
})
