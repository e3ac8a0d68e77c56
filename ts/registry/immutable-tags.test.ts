import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as accessSchema from '../metadata/access-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { deletePackage, deleteVersions } from './delete-versions.ts'
import { replacingTags, retagging } from './package-tags.ts'
import { unitDocument } from './publish.ts'
import type { Package, Repository } from './store.ts'
import type { Edit } from './swap.ts'

const author = { actor: 'usr_test', requestId: 'req_test' }
const rules = {
  checkTag: (tag: string) => tag,
  latestOf: (versions: readonly string[]) => versions.at(-1) ?? '',
  movingTags: [],
  hasTagRecords: false,
}
const stays = { code: 'access_denied', message: /^The tag "lts-1" of lib stays at 1\.0\.0, .* match "lts-\*"\.$/ }

/** The repository once it keeps tags that begin with `lts-`. */
function keeping({ engine, repository }: TestRegistry): Promise<Repository> {
  const value = { ...repository.value, immutableTags: ['stable', 'lts-*'] }
  return engine.collection(accessSchema.repositories).update(repository.id, repository.revision, value)
}

/** With `lts-1` at 1.0.0, and `latest` at 2.0.0. */
async function withTag() {
  const t = await openTestRegistry()
  const repository = await keeping(t)
  const publish = async (version: string, ...tags: string[]) =>
    t.registry.publish(await aPublish(t, 'lib', version, { repository, tags }))
  await publish('1.0.0', 'lts-1')
  await publish('2.0.0', 'latest')
  const edit = async (change: Edit) => t.registry.edit(await found(t), { kind: 'tag' }, author, change)
  return { t, repository, publish, edit, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

async function found(t: TestRegistry): Promise<Package> {
  const pkg = await t.another().packages.find(t.repository.id, 'lib')
  assert.ok(pkg)
  return pkg
}

const tagsOf = async (t: TestRegistry) => Object.fromEntries((await found(t)).value.tags)
const setting = (tag: string, version: string) => retagging((tags) => tags.set(tag, version))

describe('a tag that a pattern matches', () => {
  test('is neither moved nor removed by an edit; others are, and it is set to what it has', async () => {
    await using s = await withTag()
    await assert.rejects(s.edit(setting('lts-1', '2.0.0')), stays)
    await assert.rejects(s.edit(retagging((tags) => tags.delete('lts-1'))), stays)
    await assert.rejects(s.edit(replacingTags(new Map([['latest', '2.0.0']]))), stays)
    await s.edit(setting('lts-1', '1.0.0'))
    await s.edit(setting('lts-2', '2.0.0'))
    await s.edit(setting('next', '1.0.0'))
    await s.edit(setting('next', '2.0.0'))
    assert.deepEqual(await tagsOf(s.t), { latest: '2.0.0', 'lts-1': '1.0.0', 'lts-2': '2.0.0', next: '2.0.0' })
    assert.equal(await s.t.intents(), 0)
  })

  test('is not moved by a publish, which leaves nothing, by a stage, or by an approval', async () => {
    await using s = await withTag()
    const { t, repository } = s
    const request = await aPublish(t, 'lib', '3.0.0', { repository, tags: ['lts-1'] })
    await assert.rejects(t.registry.precheck(request), stays)
    const before = await t.blobs.list({})
    await assert.rejects(t.registry.publish(request), stays)
    await assert.rejects(t.registry.stages.stage(request), stays)
    for (const { staged } of request.files) await staged?.discard()
    assert.deepEqual((await t.blobs.list({})).items, before.items)
    const stage = await t.registry.stages.stage(
      await aPublish(t, 'lib', '3.0.0', { repository, tags: ['lts-3'], publisherId: 'usr_other' }),
    )
    await s.edit(setting('lts-3', '1.0.0'))
    await assert.rejects(t.registry.stages.approve(repository, stage.id, { id: 'usr_test', requestId: 'r' }), {
      code: 'access_denied',
    })
    assert.deepEqual(await tagsOf(t), { latest: '2.0.0', 'lts-1': '1.0.0', 'lts-3': '1.0.0' })
    assert.equal(await t.intents(), 0)
  })

  test('keeps its version and the package, until the setting ends', async () => {
    await using s = await withTag()
    const { t, repository } = s
    const pkg = await found(t)
    await assert.rejects(deleteVersions(t.registry, rules, pkg, ['1.0.0'], author), stays)
    await assert.rejects(deletePackage(t.registry, rules, pkg, author), stays)
    await deleteVersions(t.registry, rules, pkg, ['2.0.0'], author)
    assert.deepEqual(await tagsOf(t), { latest: '1.0.0', 'lts-1': '1.0.0' })
    const value = { ...repository.value, immutableTags: [] }
    await t.engine.collection(accessSchema.repositories).update(repository.id, repository.revision, value)
    await deletePackage(t.registry, rules, await found(t), author)
    assert.equal(await t.another().packages.find(repository.id, 'lib'), undefined)
  })
})

describe('racing for a tag that a pattern matches', () => {
  test('of twenty publishes one wins, and the others leave nothing', async () => {
    await using t = await openTestRegistry()
    const repository = await keeping(t)
    const requests = await Promise.all(
      Array.from({ length: 20 }, (_, i) => aPublish(t, 'lib', `1.0.${i}`, { repository, tags: ['stable'] })),
    )
    const outcomes = await Promise.allSettled(
      requests.map((request, i) => (i % 2 ? t.registry : t.another()).publish(request)),
    )
    const won = requests.filter((_, i) => outcomes[i]?.status === 'fulfilled').map(({ version }) => version)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'access_denied', outcome.reason)
    }
    assert.equal(won.length, 1)
    const pkg = await found(t)
    assert.deepEqual([pkg.value.published, (await tagsOf(t))['stable']], [1, won[0]])
    assert.equal(await t.intents(), 0)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
  })

  for (const step of ['blobs-kept', 'files-referenced'] as const) {
    test(`a publish that an edit overtakes after "${step}" is refused`, async () => {
      await using s = await withTag()
      const { t, repository } = s
      const slow = t.another(async (at) => {
        if (at === step) await s.edit(setting('stable', '1.0.0'))
      })
      const request = await aPublish(t, 'lib', '3.0.0', { repository, tags: ['stable'] })
      await assert.rejects(slow.publish(request), { code: 'access_denied', message: /"stable".*stays at 1\.0\.0/ })
      assert.equal((await found(t)).value.published, 2)
      assert.equal(await t.intents(), 0)
    })
  }

  test('an edit that comes after the unit is refused: it completes the publish first', async () => {
    await using s = await withTag()
    const slow = s.t.another(async (at) => {
      if (at === 'unit-inserted') await assert.rejects(s.edit(setting('stable', '1.0.0')), { code: 'access_denied' })
    })
    await slow.publish(await aPublish(s.t, 'lib', '3.0.0', { repository: s.repository, tags: ['stable'] }))
    assert.equal((await tagsOf(s.t))['stable'], '3.0.0')
  })

  test('an edit between the last check and the unit keeps the tag; the version is published without it', async () => {
    await using s = await withTag()
    const { t, repository } = s
    const request = await aPublish(t, 'lib', '3.0.0', { repository, tags: ['stable', 'next'] })
    await s.edit(setting('stable', '1.0.0'))
    const { id } = await found(t)
    await t.engine.collection(packageSchema.units).insert('unt_late', unitDocument(id, 3, request))
    await s.publish('4.0.0', 'latest')
    const tags = { latest: '4.0.0', 'lts-1': '1.0.0', stable: '1.0.0', next: '3.0.0' }
    assert.deepEqual([(await found(t)).value.published, await tagsOf(t)], [4, tags])
    for (const { staged } of request.files) await staged?.discard()
  })
})
