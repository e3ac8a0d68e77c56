import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RegistryError } from '../../errors.ts'
import type { MetadataEngine } from '../../metadata/engine.ts'
import { collections, schemaVersion } from '../../metadata/schema.ts'
import { openSqliteEngine } from '../../metadata/sqlite.ts'
import { openTestFolder } from '../../testing/stores.ts'
import { secretSettings } from '../secret-settings.ts'
import { sealerOf } from '../secrets.ts'
import { createAuditTrail } from './audit-trail.ts'
import { restsAfterMs } from './stream-writer.ts'
import { anEntry, openTestTrail } from './testing.ts'

test('50 records at once are one unbroken chain', async () => {
  await using opened = await openTestTrail()
  await Promise.all(Array.from({ length: 50 }, () => opened.trail.record(anEntry())))
  const { items } = await opened.store.entries.find('bySequence', { limit: 1000 })
  assert.deepEqual(
    items.map(({ value }) => value.sequence),
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
  await opened.trail.checkpoint()
  const report = await opened.trail.verify()
  assert.deepEqual([report.findings, report.entries, report.unsignedEntries], [[], 50, 0])
})

test('an entry that could not be written keeps its place, and the chain goes on behind it', async () => {
  await using opened = await openTestTrail()
  const failing = failingEngine(opened.engine)
  const trail = opened.another(failing.engine)
  await trail.record(anEntry())
  failing.fail((i) => i === 1)
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => trail.record(anEntry())))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  failing.fail(() => true)
  await assert.rejects(trail.record(anEntry()), { code: 'unavailable' })
  failing.fail(() => false)
  await trail.record(anEntry())
  await trail.checkpoint()
  const report = await trail.verify()
  assert.deepEqual([report.findings, report.entries], [[], 5])
})

test('an entry whose answer was lost is not written twice', async () => {
  await using opened = await openTestTrail()
  const failing = failingEngine(opened.engine)
  const trail = opened.another(failing.engine)
  failing.loseAnswers(true)
  await assert.rejects(trail.record(anEntry()), { code: 'unavailable' })
  failing.loseAnswers(false)
  await trail.close()
  await opened.trail.checkpoint()
  const report = await opened.trail.verify()
  assert.deepEqual([report.findings, report.entries, report.unsignedEntries], [[], 1, 0])
})

test('a stream that rested for an hour is ended, and its process begins another', async () => {
  await using opened = await openTestTrail()
  await opened.trail.record(anEntry())
  opened.clock.now += restsAfterMs
  await opened.trail.record(anEntry())
  await opened.trail.checkpoint()
  const { items } = await opened.store.streams.find('byState', {})
  assert.deepEqual(
    items.map(({ value }) => [value.state, value.sequence]),
    [
      ['closed', 1],
      ['open', 1],
    ],
  )
})

test('a trail that recorded nothing leaves no stream', async () => {
  await using opened = await openTestTrail()
  await opened.trail.flush()
  await opened.trail.close()
  assert.equal(await opened.store.streams.count('byStream', {}), 0)
})

test('a process killed between writes leaves every answered entry and nothing to find', async () => {
  await using folder = await openTestFolder()
  const path = join(folder.path, 'metadata.sqlite')
  const program = fileURLToPath(new URL('../../testing/audit-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let answered = 0
  for await (const _ of createInterface({ input: child.stdout })) if (++answered === 120) child.kill('SIGKILL')
  await ended
  const engine = await openSqliteEngine({ path, collections, schemaVersion })
  const secretSetting = secretSettings(engine, sealerOf('s'.repeat(32)))
  const trail = createAuditTrail({ engine, secretSetting, process: 'a test' })
  await trail.checkpoint()
  const report = await trail.verify()
  await engine.close()
  assert.deepEqual([report.findings, report.streams, report.unsignedEntries], [[], 1, 0])
  assert.ok(report.entries >= answered, `${report.entries} of ${answered}`)
})

/** The engine, with batches of which some writes fail or whose answers are lost. */
function failingEngine(real: MetadataEngine) {
  const err = new RegistryError('unavailable', 'The store does not answer.')
  let fails = (_i: number) => false
  let losesAnswers = false
  const engine: MetadataEngine = {
    kind: real.kind,
    collection: (spec) => real.collection(spec),
    commitMark: () => real.commitMark(),
    ping: () => real.ping(),
    close: () => real.close(),
    async batch(writes) {
      const outcomes = await real.batch(writes.filter((_, i) => !fails(i)))
      if (losesAnswers) throw err
      return writes.map((_, i) =>
        fails(i) ? { status: 'rejected', reason: err } : (outcomes.shift() ?? assert.fail()),
      )
    },
  }
  return {
    engine,
    fail(which: (i: number) => boolean) {
      fails = which
    },
    loseAnswers(yes: boolean) {
      losesAnswers = yes
    },
  }
}
