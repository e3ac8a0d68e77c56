import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { deletePackage, deleteVersions } from './delete-versions.ts'
import type { Registry } from './registry.ts'
import type { Package } from './store.ts'

const author = { actor: 'usr_test', requestId: 'req_test' }
/** The last of the list. */
const rules = {
  checkTag: (tag: string) => tag,
  latestOf: (versions: readonly string[]) => versions.at(-1) ?? '',
  movingTags: [],
  hasTagRecords: false,
}

async function published(t: TestRegistry, ...versions: string[]): Promise<Package> {
  for (const version of versions) await t.registry.publish(await aPublish(t, 'lib', version))
  return found(t)
}

async function found(t: TestRegistry): Promise<Package> {
  const pkg = await t.registry.packages.find(t.repository.id, 'lib')
  assert.ok(pkg)
  return pkg
}

/** The registry in which something else happens just before the first deletion. */
function after(registry: Registry, happening: () => Promise<unknown>): Pick<Registry, 'packages' | 'delete'> {
  let isFirst = true
  return {
    packages: registry.packages,
    async delete(...args) {
      if (isFirst) {
        isFirst = false
        await happening()
      }
      return registry.delete(...args)
    },
  }
}

const tagsOf = (pkg: Package) => Object.fromEntries(pkg.value.tags)

describe('when the version of latest is deleted', () => {
  test('latest moves to what the rules choose, or to what is wanted if that is left', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0', '2.0.0', '3.0.0', '4.0.0')
    const once = await deleteVersions(t.registry, rules, pkg, ['4.0.0'], author)
    assert.deepEqual(tagsOf(once), { latest: '3.0.0' })
    const wanted = await deleteVersions(t.registry, rules, once, ['3.0.0'], author, '1.0.0')
    assert.deepEqual(tagsOf(wanted), { latest: '1.0.0' })
    const gone = await deleteVersions(t.registry, rules, wanted, ['1.0.0'], author, '1.0.0')
    assert.deepEqual(tagsOf(gone), { latest: '2.0.0' })
  })

  test('and another is published first, latest stays at that', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0', '2.0.0')
    const registry = after(t.registry, () => published(t, '3.0.0'))
    await deleteVersions(registry, rules, pkg, ['2.0.0'], author)
    assert.deepEqual(tagsOf(await found(t)), { latest: '3.0.0' })
  })

  test('and what latest would move to is deleted first, it moves further', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0', '2.0.0', '3.0.0')
    const registry = after(t.registry, () => deleteVersions(t.registry, rules, pkg, ['2.0.0'], author))
    await deleteVersions(registry, rules, pkg, ['3.0.0'], author)
    assert.deepEqual(tagsOf(await found(t)), { latest: '1.0.0' })
  })

  test('and latest came there after it was looked at, it moves all the same', async () => {
    await using t = await openTestRegistry()
    const pkg = await published(t, '1.0.0', '2.0.0')
    const registry = after(t.registry, () =>
      t.registry.edit(pkg, { kind: 'tag' }, author, () => ({ tags: [['latest', '1.0.0']] })),
    )
    await deleteVersions(registry, rules, pkg, ['1.0.0'], author)
    assert.deepEqual(tagsOf(await found(t)), { latest: '2.0.0' })
  })
})

test('a version that is gone already is passed over, and nothing is logged', async () => {
  await using t = await openTestRegistry()
  const pkg = await published(t, '1.0.0', '2.0.0')
  const registry = after(t.registry, () => deleteVersions(t.registry, rules, pkg, ['1.0.0'], author))
  await deleteVersions(registry, rules, pkg, ['1.0.0'], author)
  const kinds = (await t.registry.changes.after(t.repository.id, 0)).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['publish', 'publish', 'delete'])
})

test('of a package that is deleted as a whole, what is published meanwhile stays, and is latest', async () => {
  await using t = await openTestRegistry()
  const pkg = await published(t, '1.0.0', '2.0.0')
  const publish = async () => t.registry.publish(await aPublish(t, 'lib', '3.0.0', { tags: ['next'] }))
  await deletePackage(after(t.registry, publish), rules, pkg, author)
  const left = await found(t)
  assert.deepEqual(tagsOf(left), { next: '3.0.0', latest: '3.0.0' })
  assert.deepEqual(
    (await t.registry.packages.versions(left, {})).items.map(({ version }) => version),
    ['3.0.0'],
  )
})
