import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../http/testing.ts'
import * as schema from '../metadata/schema.ts'
import { openTestEngine } from '../testing/stores.ts'
import { takeLease } from './lease.ts'
import { type Job, startJobs } from './scheduler.ts'

/** A job, and a promise for its next run. */
function aJob(overrides: Partial<Job> = {}) {
  let next = Promise.withResolvers<void>()
  let runs = 0
  const job: Job = {
    name: 'test',
    everySeconds: 0.01,
    exclusive: false,
    ...overrides,
    async run() {
      runs += 1
      next.resolve()
      next = Promise.withResolvers()
      await overrides.run?.()
    },
  }
  return { job, ran: () => next.promise, runs: () => runs }
}

test('a job runs again and again, also after a failure', async () => {
  await using engine = await openTestEngine(schema.collections)
  const { job, ran, runs } = aJob({
    run: async () => {
      throw new Error('once more')
    },
  })
  const scheduler = startJobs([job], engine.store, silentLog)
  await ran()
  await ran()
  await scheduler.stop()
  assert.ok(runs() >= 2)
})

test('stopping waits for what runs and gives a job with a share of its own its last turn', async () => {
  await using engine = await openTestEngine(schema.collections)
  const share = aJob({ everySeconds: 3600 })
  const shared = aJob({ everySeconds: 3600, exclusive: true })
  await startJobs([share.job, shared.job], engine.store, silentLog).stop()
  assert.deepEqual([share.runs(), shared.runs()], [1, 0])
})

test('an exclusive job runs in one of two processes', async () => {
  await using engine = await openTestEngine(schema.collections)
  const first = aJob({ exclusive: true, everySeconds: 0.5 })
  const second = aJob({ exclusive: true, everySeconds: 0.5 })
  await takeLease(engine.store, 'job-test', 'somebody else', 3600)
  const schedulers = [first, second].map(({ job }) => startJobs([job], engine.store, silentLog))
  await engine.store.collection(schema.leases).delete('job-test')
  await Promise.race([first.ran(), second.ran()])
  await Promise.all(schedulers.map((scheduler) => scheduler.stop()))
  assert.equal(Math.min(first.runs(), second.runs()), 0)
})

test('a lease is one holder’s until it expires; of fifty who want it one gets it', async () => {
  await using engine = await openTestEngine(schema.collections)
  const now = Date.now()
  const holders = Array.from({ length: 50 }, (_, i) => `holder-${i}`)
  const taken = await Promise.all(holders.map((holder) => takeLease(engine.store, 'lease', holder, 60, now)))
  assert.equal(taken.filter(Boolean).length, 1)
  const winner = holders[taken.indexOf(true)] ?? ''
  assert.equal(await takeLease(engine.store, 'lease', winner, 60, now + 1), true)
  assert.equal(await takeLease(engine.store, 'lease', 'another', 60, now + 60_000), false)
  assert.equal(await takeLease(engine.store, 'lease', 'another', 60, now + 60_002), true)
})
