import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../errors.ts'
import { graceMs, openGarbageWorld } from '../testing/garbage.ts'

test('after the grace period goes what nothing refers to, and nothing else', async () => {
  await using world = await openGarbageWorld()
  const orphan = await world.orphan()
  const file = await world.file()
  const abandoned = await world.link()
  const named = await world.link({ isNamed: true })
  await world.upload()
  world.pass(graceMs + 1)
  const fresh = await world.orphan()
  const run = await world.collect()
  assert.deepEqual(run.removed, { uploads: 1, links: 1, blobs: 2, sizeBytes: 72 })
  assert.deepEqual([run.phase, run.finishedAt], ['done', world.now()])
  for (const gone of [orphan, abandoned])
    assert.deepEqual([await world.blob(gone), await world.has(gone)], [undefined, false])
  for (const kept of [file, named, fresh]) {
    assert.deepEqual([(await world.blob(kept))?.value.state, await world.has(kept)], ['live', true])
  }
  assert.ok(await world.linkOf('app', named))
  assert.equal(await world.linkOf('app', abandoned), undefined)
})

test('what is in use is not written to', async () => {
  await using world = await openGarbageWorld()
  const file = await world.file()
  world.pass(graceMs * 10)
  await world.collect()
  assert.equal((await world.blob(file))?.revision, 1)
})

test('a second collection that runs at the same time is refused, and a killed one is gone on with', async () => {
  await using world = await openGarbageWorld()
  await world.orphan()
  world.pass(graceMs + 1)
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const first = world.collect({
    onStep() {
      begun.resolve()
      return gate.promise
    },
  })
  await begun.promise
  await assert.rejects(world.collect(), (err) => hasCode(err, 'job_running') && /\(pid \d+\)/.test(err.message))
  gate.resolve()
  assert.equal((await first).removed.blobs, 1)
  assert.equal((await world.collect()).removed.blobs, 0)
})
