import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestOrganization } from './organization-builder.ts'

const refusal = 'The cursor is not one that this list gave out; start again without it.'

describe('the cursor of a list', () => {
  test('is sealed, goes into an address as it is, and is the same for the same page, whatever the limit after', async () => {
    await using s = await openTestOrganization()
    const as = s.root.token
    for (const name of ['beta', 'gamma', 'delta']) {
      const { id: organizationId } = await s.access.organizations.create({ name })
      await s.access.repositories.create({ organizationId, protocol: 'npm', name, createdBy: s.root.id })
    }
    for (const list of ['/users', '/repositories', '/organizations', '/audit']) {
      const first = await s.t.ask(`GET ${list}?limit=1`, { as })
      assert.match(first.body.next, /^[\w-]{38,}$/, list)
      const again = await s.t.ask(`GET ${list}?limit=1`, { as })
      // What was read may be an entry of the audit trail itself.
      if (list !== '/audit') assert.equal(again.body.next, first.body.next, list)
      const more = await s.t.ask(`GET ${list}?limit=100&cursor=${first.body.next}`, { as })
      assert.equal(more.status, 200, list)
      const keyOf = (item: { id: string }) => item.id
      assert.ok(more.body.items.length > 0 && !more.body.items.map(keyOf).includes(keyOf(first.body.items[0])), list)
    }
  })

  test('holds for no other list, path or filter, and none is made by hand', async () => {
    await using s = await openTestOrganization()
    const as = s.root.token
    const { next } = (await s.t.ask('GET /users?limit=1', { as })).body
    const ofRepositories = (await s.t.ask('GET /repositories?limit=1', { as })).body.next
    for (const asked of [
      `/organizations/acme/repositories?cursor=${next}`,
      `/repositories?cursor=${next}`,
      `/repositories?protocol=npm&cursor=${ofRepositories}`,
      `/organizations/acme/repositories?cursor=${ofRepositories}`,
      '/users?cursor=jane',
      '/users?cursor=',
      '/packages?cursor=W10',
      '/audit?cursor=zzz',
      `/teams/${s.web.id}/repositories?cursor=${s.tools.id}`,
      `/repositories/${s.tools.id}/permissions?cursor=usr_`,
    ]) {
      const { status, body } = await s.t.ask(`GET ${asked}`, { as })
      assert.deepEqual([asked, status, body.detail, body.errors?.[0].field], [asked, 400, refusal, 'cursor'])
    }
  })
})
