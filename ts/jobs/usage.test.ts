import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { repositories } from '../metadata/access-schema.ts'
import { files } from '../metadata/package-schema.ts'
import { usageReports as reportsSpec } from '../metadata/platform-schema.ts'
import { aPublish, aRepository, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { usageReports } from './usage.ts'

const requested = { signal: new AbortController().signal, isRequested: true }
const onTime = { ...requested, isRequested: false }

/** Publishes, and resolves to the bytes of its file. */
async function published(t: TestRegistry, name: string, version: string, repository = t.repository): Promise<number> {
  const request = await aPublish(t, name, version, { repository })
  await t.registry.publish(request)
  return request.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

describe('the report', () => {
  test('is not there before the first count', async () => {
    await using t = await openTestRegistry()
    assert.equal(await usageReports(t.engine).report(), undefined)
  })

  test('has packages, versions, files, bytes and downloads by protocol and repository', async () => {
    await using t = await openTestRegistry()
    const usage = usageReports(t.engine)
    const other = await aRepository(t.engine, { protocol: 'oci', name: 'images' })
    await aRepository(t.engine, { protocol: 'oci', name: 'empty', deletedAt: 1 })
    const one =
      (await published(t, 'a', '1.0.0')) + (await published(t, 'a', '2.0.0')) + (await published(t, 'b', '1.0.0'))
    const two = await published(t, 'c', '1.0.0', other)
    const pkg = await t.registry.packages.find(t.repository.id, 'a')
    assert.ok(pkg)
    for (let i = 0; i < 3; i++) t.registry.downloads.count(pkg.id, '1.0.0')
    await t.registry.downloads.flush()
    await usage.count(requested)
    const report = await usage.report()
    assert.ok(report && report.countedAt > Date.now() - 60_000)
    const npm = { packages: 2, versions: 3, files: 3, sizeBytes: one, downloads: 3 }
    const oci = { packages: 1, versions: 1, files: 1, sizeBytes: two, downloads: 0 }
    assert.deepEqual(report.protocols, [
      { protocol: 'npm', repositories: 1, ...npm },
      { protocol: 'oci', repositories: 1, ...oci },
    ])
    assert.deepEqual(report.blobs, { count: 4, sizeBytes: one + two })
    assert.deepEqual(
      report.repositories.map(({ repositoryId, name, sizeBytes }) => [repositoryId, name, sizeBytes]),
      [
        [t.repository.id, 'npm', one],
        [other.id, 'images', two],
      ],
    )
  })

  test('counts no version that was deleted, and no package without versions', async () => {
    await using t = await openTestRegistry()
    await published(t, 'a', '1.0.0')
    await published(t, 'a', '2.0.0')
    await published(t, 'b', '1.0.0')
    for (const [name, version] of [
      ['a', '1.0.0'],
      ['b', '1.0.0'],
    ] as const) {
      const pkg = await t.registry.packages.find(t.repository.id, name)
      const unit = pkg && (await t.registry.packages.unit(pkg, version))
      assert.ok(pkg && unit)
      await t.registry.delete(pkg, [unit], { actor: 'usr_test', requestId: 'r' })
    }
    const usage = usageReports(t.engine)
    await usage.count(requested)
    const [npm] = (await usage.report())?.protocols ?? []
    assert.deepEqual([npm?.packages, npm?.versions], [1, 1])
  })

  test('names the hundred largest repositories', async () => {
    await using t = await openTestRegistry()
    await published(t, 'a', '1.0.0')
    const { organizationId } = t.repository.value
    for (let i = 0; i < 120; i++) {
      await t.engine
        .collection(repositories)
        .insert(`rep_${i}`, { ...t.repository.value, organizationId, name: `r${i}` })
    }
    const usage = usageReports(t.engine)
    await usage.count(requested)
    const report = await usage.report()
    assert.equal(report?.repositories.length, 100)
    assert.equal(report?.repositories[0]?.repositoryId, t.repository.id)
    assert.equal(report?.protocols[0]?.repositories, 121)
  })

  test('counts files beyond the first page', async () => {
    await using t = await openTestRegistry()
    await published(t, 'a', '1.0.0')
    const pkg = await t.registry.packages.find(t.repository.id, 'a')
    assert.ok(pkg)
    const file = { packageId: pkg.id, unitId: 'u', name: 'f', digest: `sha256:${'0'.repeat(64)}`, sizeBytes: 1 }
    await t.engine.batch(
      Array.from({ length: 1500 }, (_, i) => ({ kind: 'insert', in: files, id: `f${i}`, value: file }) as const),
    )
    const usage = usageReports(t.engine)
    await usage.count(requested)
    assert.equal((await usage.report())?.protocols[0]?.files, 1501)
  })
})

describe('counting', () => {
  const stored = (t: TestRegistry) => t.engine.collection(reportsSpec).get('usage')

  test('writes nothing while nothing has changed, until somebody asks or a quarter of an hour has passed', async () => {
    await using t = await openTestRegistry()
    const usage = usageReports(t.engine)
    await usage.count(onTime)
    await usage.count(onTime)
    assert.equal((await stored(t))?.revision, 1)
    await usage.count(requested)
    assert.equal((await stored(t))?.revision, 2)
    await published(t, 'a', '1.0.0')
    await waitOut(t)
    await usage.count(onTime)
    assert.equal((await stored(t))?.revision, 4)
  })

  test('that took long is made again the later', async () => {
    await using t = await openTestRegistry()
    const usage = usageReports(t.engine)
    await usage.count(onTime)
    const known = await stored(t)
    assert.ok(known)
    await t.engine.collection(reportsSpec).update('usage', known.revision, { ...known.value, durationMs: 60_000 })
    await published(t, 'a', '1.0.0')
    await usage.count(onTime)
    assert.deepEqual((await usage.report())?.protocols, known.value.protocols)
    await usage.count(requested)
    assert.equal((await usage.report())?.protocols[0]?.packages, 1)
  })

  test('ends where it is when the process stops, and keeps nothing', async () => {
    await using t = await openTestRegistry()
    await published(t, 'a', '1.0.0')
    const usage = usageReports(t.engine)
    await usage.count({ signal: AbortSignal.abort(), isRequested: true })
    assert.equal(await usage.report(), undefined)
  })

  /** As if the last count had taken no time. */
  async function waitOut(t: TestRegistry): Promise<void> {
    const known = await stored(t)
    assert.ok(known)
    await t.engine.collection(reportsSpec).update('usage', known.revision, { ...known.value, durationMs: 0 })
  }
})

test('the counts leave out what is deleted, and are remembered for a moment', async () => {
  await using t = await openTestRegistry()
  await aRepository(t.engine, { deletedAt: 1, organization: { deletingAt: 1 } })
  const usage = usageReports(t.engine)
  const counts = { users: 0, organizations: 1, teams: 0, robots: 0, tokens: 0, repositories: 1 }
  assert.deepEqual(await usage.counts(), counts)
  await aRepository(t.engine)
  assert.deepEqual(await usage.counts(), counts)
})
