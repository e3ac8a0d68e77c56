import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aPublish, aRepository, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import type { ListingQuery } from './listing.ts'
import type { SearchScope } from './search-walk.ts'

async function publishAll(t: TestRegistry, ...names: string[]) {
  for (const name of names) await t.registry.publish(await aPublish(t, name, '1.0.0'))
}

async function pages(t: TestRegistry, query: Partial<ListingQuery> & { scope: SearchScope }, between = async () => {}) {
  const all: string[][] = []
  let after: string | undefined
  do {
    const page = await t.registry.packages.newest({ mayRead: async () => true, limit: 2, ...query, after })
    all.push(page.items.map((item) => item.package.value.name))
    after = page.next
    if (after !== undefined) await between()
  } while (after !== undefined)
  return all
}

describe('a listing', () => {
  test('has every package once, the newest first, however many audiences find it', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'a', 'b', 'c', 'd', 'e')
    const { organizationId } = t.repository.value
    const audiences = [organizationId, t.repository.id, 'public', ...Array.from({ length: 200 }, (_, i) => `org_${i}`)]
    const scopes: SearchScope[] = [
      { kind: 'all' },
      { kind: 'repository', repositoryId: t.repository.id },
      { kind: 'audiences', audiences },
    ]
    for (const scope of scopes) assert.deepEqual(await pages(t, { scope }), [['e', 'd'], ['c', 'b'], ['a']])
  })

  test('merges what several repositories hold', async () => {
    await using t = await openTestRegistry()
    const other = await aRepository(t.engine)
    await publishAll(t, 'a')
    await publishAll({ ...t, repository: other }, 'b')
    await publishAll(t, 'c')
    const both: SearchScope = {
      kind: 'audiences',
      audiences: [t.repository.value.organizationId, other.value.organizationId],
    }
    assert.deepEqual((await pages(t, { scope: both })).flat(), ['c', 'b', 'a'])
    const one: SearchScope = { kind: 'audiences', audiences: [other.value.organizationId] }
    assert.deepEqual((await pages(t, { scope: one })).flat(), ['b'])
  })

  test('of very many audiences passes over what strangers hold, without a look at it', async () => {
    await using t = await openTestRegistry()
    const other = await aRepository(t.engine)
    await publishAll(t, 'a')
    await publishAll({ ...t, repository: other }, 'b', 'c', 'd')
    await publishAll(t, 'e')
    const audiences = [t.repository.value.organizationId, ...Array.from({ length: 200 }, (_, i) => `org_${i}`)]
    const asked: string[] = []
    const mayRead: ListingQuery['mayRead'] = async (_, { name }) => asked.push(name) > 0
    assert.deepEqual(await pages(t, { scope: { kind: 'audiences', audiences }, mayRead }), [['e', 'a']])
    assert.deepEqual(asked, ['e', 'a'])
  })

  test('is not disturbed by what is published meanwhile', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'a', 'b', 'c', 'd', 'e')
    let made = 0
    const scope: SearchScope = { kind: 'all' }
    const found = await pages(t, { scope }, () => publishAll(t, `new-${made++}`))
    assert.deepEqual(found.flat(), ['e', 'd', 'c', 'b', 'a'])
  })

  test('asks the gate for each package, and fills its pages with what may be read', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, ...Array.from({ length: 30 }, (_, i) => `p-${i}`))
    const mayRead: ListingQuery['mayRead'] = async (_repository, { name }) => name === 'p-1' || name === 'p-3'
    assert.deepEqual(await pages(t, { scope: { kind: 'all' }, mayRead, limit: 1 }), [['p-3'], ['p-1'], []])
    const matches = ({ name }: { name: string }) => name === 'p-0'
    assert.deepEqual((await pages(t, { scope: { kind: 'all' }, matches })).flat(), ['p-0'])
  })

  test('of nothing is empty, and a strange cursor is refused', async () => {
    await using t = await openTestRegistry()
    await publishAll(t, 'a')
    assert.deepEqual(await pages(t, { scope: { kind: 'audiences', audiences: [] } }), [[]])
    for (const after of ['', 'x', 'pkg_', 'pkg_%']) {
      const asking = t.registry.packages.newest({ scope: { kind: 'all' }, mayRead: async () => true, limit: 1, after })
      await assert.rejects(asking, { code: 'payload_invalid' }, after)
    }
  })
})
