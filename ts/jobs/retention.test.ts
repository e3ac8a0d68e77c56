import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestRegistry } from '../testing/registry.ts'
import { openTestImages } from '../testing/registry-images.ts'
import { retentionJob } from './retention.ts'

const dayMs = 86_400_000
const settings = { retention: { olderThanDays: 7 }, retentionSince: 1 }
const turn = { signal: new AbortController().signal, isRequested: false }

async function setUp() {
  const t = await openTestRegistry()
  const [images, others] = [await openTestImages(t, settings), await openTestImages(t)]
  const aged = async (of: typeof images) => {
    await of.push({ tags: ['old'] })
    await of.ageTag('old', 8 * dayMs)
  }
  return { t, images, others, aged, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

test('repositories with a rule are cleared once a day, others never', async () => {
  await using s = await setUp()
  const job = retentionJob(s.t.registry, s.t.engine)
  for (const each of [s.images, s.others]) await s.aged(each)
  await job.run(turn)
  assert.deepEqual([await s.images.tags(), await s.others.tags()], [[], ['old']])
  await s.aged(s.images)
  await retentionJob(s.t.another(), s.t.engine).run(turn)
  assert.deepEqual(await s.images.tags(), ['old'])
  await job.run({ ...turn, isRequested: true })
  assert.deepEqual(await s.images.tags(), [])
})

test('one that was cut off goes on at the next turn', async () => {
  await using s = await setUp()
  await s.aged(s.images)
  const job = retentionJob(s.t.registry, s.t.engine)
  const stopped = new AbortController()
  stopped.abort()
  await job.run({ ...turn, signal: stopped.signal })
  assert.deepEqual(await s.images.tags(), ['old'])
  await job.run(turn)
  assert.deepEqual(await s.images.tags(), [])
})

test('one that cannot be cleared keeps no other from it, and is told', async () => {
  await using s = await setUp()
  const { retention } = s.t.registry
  const broken = await openTestImages(s.t, { ...settings, retentionSince: 0 })
  const failing: typeof retention = {
    ...retention,
    async run(repository, ...rest) {
      if (repository.id === broken.repository.id) throw new Error('broken')
      return retention.run(repository, ...rest)
    },
  }
  await s.aged(s.images)
  await assert.rejects(retentionJob({ retention: failing }, s.t.engine).run(turn), /broken/)
  assert.deepEqual(await s.images.tags(), [])
})
