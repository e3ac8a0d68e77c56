import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as packageSchema from '../metadata/package-schema.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { withMarks } from './edit.ts'
import type { Package } from './store.ts'

const author = { actor: 'usr_test', requestId: 'req_test' }

async function published(t: TestRegistry, ...versions: string[]): Promise<Package> {
  for (const version of versions) await t.registry.publish(await aPublish(t, 'lib', version))
  return found(t)
}

async function found(t: TestRegistry): Promise<Package> {
  const pkg = await t.registry.packages.find(t.repository.id, 'lib')
  assert.ok(pkg)
  return pkg
}

async function remove(t: TestRegistry, ...versions: string[]) {
  const pkg = await found(t)
  const units = await Promise.all(versions.map((version) => t.registry.packages.unit(pkg, version)))
  return t.registry.delete(
    pkg,
    units.filter((unit) => unit !== undefined),
    author,
  )
}

describe('editing a package', () => {
  test('fifty tags set at once are all there, each logged once', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const names = Array.from({ length: 50 }, (_, i) => `tag-${i}`)
    await Promise.all(
      names.map((name) =>
        t.registry.edit(pkg, { kind: 'tag' }, author, ({ tags, owners, marks }) => ({
          tags: [...tags, [name, '1.0.0']],
          owners,
          marks,
        })),
      ),
    )
    assert.deepEqual((await found(t)).value.tags.map(([name]) => name).sort(), ['latest', ...names].sort())
    const kinds = (await t.registry.changes.after(t.repository.id, 0)).map((change) => change.kind)
    assert.equal(kinds.filter((kind) => kind === 'tag').length, 50)
    assert.equal(await t.intents(), 0)
  })

  test('an edit that changes nothing writes nothing', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const after = await t.registry.edit(pkg, { kind: 'tag' }, author, () => undefined)
    assert.equal(after.revision, pkg.revision)
    assert.equal(await t.registry.changes.last(t.repository.id), 1)
  })

  test('an edit bound to a revision is refused on any other, and leaves no intent', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const edit = (revision: number, owner: string) =>
      t.registry.edit(pkg, { kind: 'owner', revision }, author, () => ({ owners: [owner] }))
    const after = await edit(pkg.revision, 'usr_a')
    await assert.rejects(edit(pkg.revision, 'usr_b'), { code: 'precondition_failed' })
    const both = await Promise.allSettled([edit(after.revision, 'usr_c'), edit(after.revision, 'usr_d')])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal(await t.intents(), 0)
  })

  test('an edit that throws leaves the package and no intent', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const refusing = () => {
      throw new TypeError('no')
    }
    await assert.rejects(t.registry.edit(pkg, { kind: 'tag' }, author, refusing), /no/)
    assert.equal((await found(t)).revision, pkg.revision)
    await t.registry.completeUnfinished(Date.now() + 1)
    assert.equal(await t.registry.changes.last(t.repository.id), 1)
    assert.equal(await t.intents(), 0)
  })

  test('a change whose process died before the log is completed by the job, once', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const stamp = { id: 'chg_lost', kind: 'owner' as const, unitKeys: [], ...author, at: Date.now() }
    await t.engine.collection(packageSchema.intents).insert(stamp.id, { packageId: pkg.id, startedAt: 1 })
    await t.engine
      .collection(packageSchema.packages)
      .update(pkg.id, pkg.revision, { ...pkg.value, owners: ['usr_other'], recentChanges: [stamp] })
    await t.registry.completeUnfinished(Date.now())
    await t.registry.completeUnfinished(Date.now())
    const kinds = (await t.registry.changes.after(t.repository.id, 0)).map((change) => change.kind)
    assert.deepEqual(kinds, ['publish', 'owner'])
  })

  test('marks merge, and a mark without facts goes', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0')
    const marked = { ...pkg.value, marks: withMarks(pkg.value, new Map([['1.0.0', { deprecated: 'old' }]])) }
    assert.deepEqual(marked.marks, [['1.0.0', { deprecated: 'old' }]])
    assert.deepEqual(withMarks(marked, new Map([['1.0.0', { deprecated: undefined }]])), [])
  })
})

describe('deleting', () => {
  test('a deleted version is gone, its file with it, and its number is never used again', async () => {
    await using t = await openTestRegistry()
    await published(t, '1.0.0', '1.1.0')
    const pkg = await remove(t, '1.0.0')
    assert.equal(await t.registry.packages.unit(pkg, '1.0.0'), undefined)
    assert.equal(await t.registry.packages.file(pkg, 'lib-1.0.0.tgz'), undefined)
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
    await assert.rejects(t.registry.publish(await aPublish(t, 'lib', '1.0.0')), /was deleted, and its number/)
  })

  test('deleting the last version makes the package unknown; publishing a higher one brings it back, owned anew', async () => {
    await using t = await openTestRegistry()
    await published(t, '1.0.0')
    await remove(t, '1.0.0')
    assert.equal(await t.registry.packages.find(t.repository.id, 'lib'), undefined)
    await t.registry.publish(await aPublish(t, 'lib', '1.0.1', { publisherId: 'usr_next' }))
    const pkg = await found(t)
    assert.deepEqual(pkg.value.owners, ['usr_next'])
    assert.deepEqual(pkg.value.tags, [['latest', '1.0.1']])
  })

  test('a deletion that died after its swap drops the references when the job completes it', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0', '1.1.0')
    const stamp = { id: 'chg_lost', kind: 'delete' as const, unitKeys: ['1.0.0'], ...author, at: Date.now() }
    await t.engine.collection(packageSchema.intents).insert(stamp.id, { packageId: pkg.id, startedAt: 1 })
    await t.engine
      .collection(packageSchema.packages)
      .update(pkg.id, pkg.revision, { ...pkg.value, marks: [['1.0.0', { deletedAt: 1 }]], recentChanges: [stamp] })
    await t.registry.completeUnfinished(Date.now())
    assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 1)
  })

  test('a publish and a deletion of the whole package at once leave no half of either', async () => {
    await using t = await openTestRegistry()
    await published(t, '1.0.0')
    await Promise.all([remove(t, '1.0.0'), t.registry.publish(await aPublish(t, 'lib', '2.0.0'))])
    const pkg = await found(t)
    assert.deepEqual(Object.fromEntries(pkg.value.tags), { latest: '2.0.0' })
    assert.equal((await t.registry.packages.file(pkg, 'lib-2.0.0.tgz'))?.unit.value.version, '2.0.0')
  })
})
