import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../config.ts'
import { takeLease } from '../jobs/lease.ts'
import type { BlobDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { bytesOf } from '../testing/bytes.ts'
import { openCommandLine, type TestCommandLine } from '../testing/command-line.ts'
import { openStores } from './open-stores.ts'

const dayMs = 86_400_000

/** Stores bytes that nothing refers to, last touched some days ago. */
async function anOrphan(cli: TestCommandLine, text: string, days: number): Promise<string> {
  const { engine, blobs } = await openStores(loadConfig(cli.env))
  const staged = await blobs.stage(bytesOf(text))
  await staged.commit()
  const blob: BlobDocument = { state: 'live', touchedAt: Date.now() - days * dayMs, sizeBytes: staged.sizeBytes }
  await engine.collection(packageSchema.blobs).insert(staged.digest, blob)
  await blobs.close()
  await engine.close()
  return staged.digest
}

test('a dry run tells what would go and why, changes nothing, and the run takes just that', async () => {
  using cli = openCommandLine()
  const old = await anOrphan(cli, 'old', 3)
  await anOrphan(cli, 'fresh', 0)
  const expected = [
    `blob ${old}, 3 bytes: nothing refers to it; last touched 3 days ago`,
    '0 uploads, 0 links and 1 blob (3 bytes) would go.',
  ]
  assert.deepEqual((await cli.ok('gc', '--dry-run')).split('\n'), expected)
  assert.deepEqual((await cli.ok('gc', '--dry-run')).split('\n'), expected)
  assert.equal(await cli.ok('gc', '--dry-run', '--grace', '4d'), 'Nothing would go.')
  assert.equal(await cli.ok('gc'), 'Removed 0 uploads, 0 links and 1 blob (3 bytes); 1 old blob looked at.')
  assert.equal(await cli.ok('gc'), 'Nothing was there to remove; 0 old blobs looked at.')
})

test('a run is in the history of the job and in the audit trail; beside another one it is refused', async () => {
  using cli = openCommandLine()
  await cli.ok('gc')
  const [job] = (await cli.json('jobs')) as { name: string; outcome: string }[]
  assert.deepEqual([job?.name, job?.outcome], ['gc', 'success'])
  const [entry] = (await cli.json('audit', 'list', '--action', 'job.run')) as { target: { name: string } }[]
  assert.equal(entry?.target.name, 'gc')
  const { engine, blobs } = await openStores(loadConfig(cli.env))
  await takeLease(engine, 'garbage-collection', 'somebody', 60)
  await cli.refuses(
    ['gc'],
    1,
    /A garbage collection runs already on .+ \(pid \d+\)\. If that was killed, another can go on/,
  )
  await blobs.close()
  await engine.close()
})

test('as JSON both are one object', async () => {
  using cli = openCommandLine()
  const digests = [await anOrphan(cli, 'one', 3), await anOrphan(cli, 'three', 5)]
  const { items, ...totals } = JSON.parse(await cli.ok('gc', '--dry-run', '--json'))
  assert.deepEqual(items.map(({ name }: { name: string }) => name).sort(), digests.sort())
  assert.deepEqual(totals, { uploads: 0, links: 0, blobs: 2, sizeBytes: 8 })
  const { startedAt, finishedAt, cutoff, ...removed } = JSON.parse(await cli.ok('gc', '--json', '--grace', '4d'))
  assert.deepEqual(removed, { uploads: 0, links: 0, blobs: 1, sizeBytes: 5, seen: 1 })
  assert.ok(Date.parse(finishedAt) >= Date.parse(startedAt) && Date.parse(cutoff) < Date.parse(startedAt))
  const { items: none } = JSON.parse(await cli.ok('gc', '--dry-run', '--grace', '4d', '--json'))
  assert.deepEqual(none, [])
})

test('a grace period that clients cannot keep is refused', async () => {
  using cli = openCommandLine()
  await cli.refuses(['gc', '--grace', '5m'], 2, /a duration from 2h to 365d, not "5m"/)
  await cli.refuses(['gc', '--grace', 'soon'], 2, /a duration such as 30s/)
})
