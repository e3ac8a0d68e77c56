import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { until } from '../e2e/until.ts'
import { silentLog } from '../http/testing.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as platformSchema from '../metadata/platform-schema.ts'
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
    summary: 'Does what the test says.',
    everySeconds: 0.01,
    exclusive: false,
    ...overrides,
    async run(turn) {
      runs += 1
      next.resolve()
      next = Promise.withResolvers()
      await overrides.run?.(turn)
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

test('a job that is due at a time waits for it, whenever it is asked, and says so', async () => {
  await using engine = await openTestEngine(schema.collections)
  let dueAt = Date.now() + 7 * 86_400_000
  let asked = 0
  const weekly = aJob({
    exclusive: true,
    dueAt: async () => {
      asked++
      return dueAt
    },
  })
  const scheduler = startJobs([weekly.job], engine.store, silentLog)
  await until('it was asked again', () => asked > 2)
  assert.equal((await scheduler.list())[0]?.nextAt, dueAt)
  assert.equal(weekly.runs(), 0)
  dueAt = 0
  await weekly.ran()
  await scheduler.stop()
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
  await engine.store.collection(platformSchema.leases).delete('job-test')
  await Promise.race([first.ran(), second.ran()])
  await Promise.all(schedulers.map((scheduler) => scheduler.stop()))
  assert.equal(Math.min(first.runs(), second.runs()), 0)
})

describe('a run on request', () => {
  test('begins at once, beside the timetable, and is told as running until it has ended', async () => {
    await using engine = await openTestEngine(schema.collections)
    const gate = Promise.withResolvers<void>()
    const { job, runs } = aJob({ everySeconds: 3600, exclusive: true, run: () => gate.promise })
    await takeLease(engine.store, 'job-test', 'who ran it last', 3600)
    const scheduler = startJobs([job], engine.store, silentLog)
    const begun = await scheduler.run('test')
    assert.match(begun.running?.process ?? '', new RegExp(`\\(pid ${process.pid}\\)$`))
    await assert.rejects(scheduler.run('test'), { code: 'job_running' })
    await until('it runs', () => runs() === 1)
    gate.resolve()
    await until('it has ended', async () => (await scheduler.list())[0]?.running === undefined)
    const [state] = await scheduler.list()
    assert.deepEqual([state?.last?.outcome, state?.last?.startedAt], ['success', begun.running?.startedAt])
    assert.ok((state?.nextAt ?? 0) > Date.now() + 3_500_000)
    await scheduler.stop()
    assert.equal(runs(), 1)
  })

  test('of a job that is none is refused with the names of those that are', async () => {
    await using engine = await openTestEngine(schema.collections)
    const scheduler = startJobs([aJob({ everySeconds: 3600 }).job], engine.store, silentLog)
    for (const name of ['other', '', '__proto__']) {
      await assert.rejects(scheduler.run(name), { code: 'job_unknown', message: /but test\.$/ })
    }
    await scheduler.stop()
  })

  test('is refused while it runs for long in another process', async () => {
    await using engine = await openTestEngine(schema.collections)
    const gate = Promise.withResolvers<void>()
    const there = startJobs([aJob({ everySeconds: 2, run: () => gate.promise }).job], engine.store, silentLog)
    const here = startJobs([aJob({ everySeconds: 3600 }).job], engine.store, silentLog)
    await there.run('test')
    await until('it is told', async () => (await here.list())[0]?.running !== undefined)
    await assert.rejects(here.run('test'), { code: 'job_running' })
    gate.resolve()
    await until('its end is told', async () => (await here.list())[0]?.running === undefined)
    assert.equal((await here.list())[0]?.last?.outcome, 'success')
    await Promise.all([here.stop(), there.stop()])
  })
})

describe('the history', () => {
  const historyOf = async (engine: MetadataEngine) => engine.collection(platformSchema.jobs).get('test')

  test('tells how a failed run ended, in any process', async () => {
    await using engine = await openTestEngine(schema.collections)
    const failing = aJob({ everySeconds: 3600, run: () => Promise.reject(new Error('no disk\n  at line 1')) })
    const scheduler = startJobs([failing.job], engine.store, silentLog)
    await scheduler.run('test')
    await until('it is kept', async () => (await historyOf(engine.store))?.value.last !== undefined)
    await scheduler.stop()
    const another = startJobs([aJob({ everySeconds: 3600, exclusive: true }).job], engine.store, silentLog)
    const [state] = await another.list()
    assert.deepEqual([state?.last?.outcome, state?.last?.error], ['failure', 'no disk'])
    await another.stop()
  })

  test('is not written for each of many runs that end alike: a commit makes remembered answers old', async () => {
    await using engine = await openTestEngine(schema.collections)
    let fails = false
    const { job, runs } = aJob({
      run: async () => {
        if (fails) throw new Error('no')
      },
    })
    const scheduler = startJobs([job], engine.store, silentLog)
    await until('eight runs', () => runs() > 8)
    assert.equal((await historyOf(engine.store))?.revision, 1)
    fails = true
    await until('the failure is kept', async () => (await historyOf(engine.store))?.revision === 2)
    const before = runs()
    await until('eight failures', () => runs() > before + 8)
    assert.equal((await historyOf(engine.store))?.revision, 2)
    await scheduler.stop()
  })

  test('tells of what runs long after the start before it ran', async () => {
    await using engine = await openTestEngine(schema.collections)
    const dueAt = Date.now() + 7 * 86_400_000
    const weekly = aJob({ everySeconds: 7 * 86_400, exclusive: true, dueAt: async () => dueAt })
    const scheduler = startJobs([weekly.job], engine.store, silentLog)
    await until('it is told', async () => (await historyOf(engine.store)) !== undefined)
    assert.deepEqual((await historyOf(engine.store))?.value, { name: 'test', firstAt: dueAt })
    await scheduler.run('test')
    await until('its run is told', async () => (await historyOf(engine.store))?.value.last !== undefined)
    assert.equal((await historyOf(engine.store))?.value.firstAt, undefined)
    await scheduler.stop()
  })

  test('does not believe a process that was killed while it ran something', async () => {
    await using engine = await openTestEngine(schema.collections)
    const running = { process: 'gone (pid 1)', startedAt: 1, until: Date.now() - 1 }
    await engine.store.collection(platformSchema.jobs).insert('test', { name: 'test', running })
    const scheduler = startJobs([aJob({ everySeconds: 3600, exclusive: true }).job], engine.store, silentLog)
    assert.equal((await scheduler.list())[0]?.running, undefined)
    await scheduler.run('test')
    await until('the run is kept', async () => (await historyOf(engine.store))?.value.last !== undefined)
    await scheduler.stop()
  })
})

test('a job that takes long is told when the process stops', async () => {
  await using engine = await openTestEngine(schema.collections)
  const run: Job['run'] = async ({ signal }) => void (await once(signal, 'abort'))
  const { job, runs } = aJob({ everySeconds: 3600, exclusive: true, run })
  const scheduler = startJobs([job], engine.store, silentLog)
  await scheduler.run('test')
  await until('it runs', () => runs() === 1)
  await scheduler.stop()
  await assert.rejects(scheduler.run('test'), { code: 'unavailable' })
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
