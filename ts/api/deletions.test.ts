import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { advanceDeletions } from '../jobs/deletions.ts'
import { openTestApi } from './testing.ts'

async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  const [owner, admin] = [await t.someone('owner'), await t.someone('admin')]
  const { id } = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  await t.access.organizations.setMember(id, admin.id, 'admin')
  const place = { organizationId: id, protocol: 'npm', createdBy: owner.id }
  const tools = await t.access.repositories.create({ ...place, name: 'tools', visibility: 'public' })
  const sweep = async () => {
    const deps = { deletions: t.access.deletions, sweep: t.registry.sweep }
    for (let i = 0; i < 3; i++)
      await advanceDeletions(deps, Number.MAX_SAFE_INTEGER, { sweepAfterMs: 0, buryAfterMs: 0 })
  }
  return { t, root, owner, admin, id, tools, sweep, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

describe('deleting an organization', () => {
  test('is for its owners, who repeat its name, and holds for the next request', async () => {
    await using s = await setUp()
    const body = { name: 'acme' }
    assert.equal((await s.t.ask('DELETE /organizations/acme', { as: s.admin.token, body })).status, 403)
    assert.equal((await s.t.ask('DELETE /organizations/acme', { as: s.owner.token })).status, 415)
    const mistaken = await s.t.ask('DELETE /organizations/acme', { as: s.owner.token, body: { name: 'acne' } })
    assert.deepEqual([mistaken.status, mistaken.body.errors[0].field], [422, 'name'])
    const { status, body: told } = await s.t.ask('DELETE /organizations/acme', { as: s.owner.token, body })
    assert.deepEqual([status, told.id, told.kind, told.name], [202, s.id, 'organization', 'acme'])
    for (const as of [s.owner.token, s.root.token]) {
      assert.equal((await s.t.ask('GET /organizations/acme', { as })).status, 404)
      assert.equal((await s.t.ask('DELETE /organizations/acme', { as, body })).status, 404)
      assert.equal((await s.t.ask(`GET /repositories/${s.tools.id}`, { as })).status, 404)
      assert.deepEqual((await s.t.ask('GET /repositories', { as })).body.items, [])
    }
    assert.equal((await s.t.request('GET', '/npm/acme/tools/lib', { as: s.owner.token })).status, 404)
  })

  test('is refused for the default organization', async () => {
    await using s = await setUp()
    const told = await s.t.ask('DELETE /organizations/main', { as: s.root.token, body: { name: 'main' } })
    assert.equal(told.status, 422)
    assert.match(told.body.detail, /DEFAULT_ORGANIZATION/)
  })

  test('keeps its name until a platform admin frees it', async () => {
    await using s = await setUp()
    const as = s.root.token
    await s.t.ask('DELETE /organizations/acme', { as: s.owner.token, body: { name: 'acme' } })
    const create = async () => (await s.t.ask('POST /organizations', { as, body: { name: 'acme' } })).status
    const early = await s.t.ask('POST /organizations', { as, body: { name: 'acme' } })
    assert.deepEqual([early.status, /still being deleted/.test(early.body.detail)], [409, true])
    const waiting = (await s.t.ask('GET /admin/deleted-names', { as })).body.items
    assert.deepEqual([waiting.length, waiting[0].id, waiting[0].state], [1, s.id, 'deleting'])
    assert.equal((await s.t.ask(`DELETE /admin/deleted-names/${s.id}`, { as })).status, 404)
    await s.sweep()
    assert.equal(await create(), 409)
    const { items } = (await s.t.ask('GET /admin/deleted-names', { as })).body
    assert.deepEqual(
      items.map(({ id, kind, name, state }: Record<string, string>) => [id, kind, name, state]),
      [[s.id, 'organization', 'acme', 'deleted']],
    )
    assert.equal((await s.t.ask(`DELETE /admin/deleted-names/${s.id}`, { as })).status, 204)
    assert.equal(await create(), 201)
  })
})

describe('deleting a repository', () => {
  test('is for who administers it, also when it is disabled, and keeps its name until it is freed', async () => {
    await using s = await setUp()
    await s.t.access.repositories.configure(s.tools.id, { isDisabled: true })
    const as = s.owner.token
    const told = await s.t.ask(`DELETE /repositories/${s.tools.id}`, { as, body: { name: 'tools' } })
    assert.deepEqual([told.status, told.body.kind, told.body.name], [202, 'repository', 'tools'])
    assert.equal((await s.t.ask(`GET /repositories/${s.tools.id}`, { as })).status, 404)
    await s.sweep()
    const body = { protocol: 'npm', name: 'tools' }
    const create = async () => (await s.t.ask('POST /organizations/acme/repositories', { as, body })).status
    assert.equal(await create(), 409)
    const { items } = (await s.t.ask('GET /admin/deleted-names?kind=repository', { as: s.root.token })).body
    assert.deepEqual([items[0].id, items[0].protocol, items[0].organizationId], [s.tools.id, 'npm', s.id])
    await s.t.ask(`DELETE /admin/deleted-names/${s.tools.id}`, { as: s.root.token })
    assert.equal(await create(), 201)
  })
})

test('names are listed page by page, first those whose deletion is under way', async () => {
  await using s = await setUp()
  const as = s.root.token
  const remove = async (name: string) => s.t.ask(`DELETE /organizations/${name}`, { as, body: { name } })
  for (const name of ['a1', 'b1', 'c1', 'd1']) await s.t.access.organizations.create({ name })
  for (const name of ['c1', 'd1']) await remove(name)
  await s.sweep()
  for (const name of ['a1', 'b1']) await remove(name)
  for (const limit of [1, 2, 3, 4]) {
    const listed: string[] = []
    for (let cursor = ''; ; ) {
      const { items, next } = (await s.t.ask(`GET /admin/deleted-names?limit=${limit}${cursor}`, { as })).body
      assert.ok(items.length > 0 && items.length <= limit)
      listed.push(...items.map(({ name, state }: Record<string, string>) => `${name} ${state}`))
      if (next === undefined) break
      cursor = `&cursor=${encodeURIComponent(next)}`
    }
    assert.deepEqual(listed, ['a1 deleting', 'b1 deleting', 'c1 deleted', 'd1 deleted'])
  }
})

test('a repository of an organization that is being deleted is not listed by itself', async () => {
  await using s = await setUp()
  const as = s.root.token
  await s.t.ask(`DELETE /repositories/${s.tools.id}`, { as, body: { name: 'tools' } })
  const listed = async () => (await s.t.ask('GET /admin/deleted-names?kind=repository', { as })).body.items.length
  assert.equal(await listed(), 1)
  await s.t.ask('DELETE /organizations/acme', { as, body: { name: 'acme' } })
  assert.equal(await listed(), 0)
})
