import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collections } from '../metadata/schema.ts'
import { openTestAccess } from '../testing/access.ts'
import { heardReads } from '../testing/heard-reads.ts'
import { openTestEngine } from '../testing/stores.ts'

test('a stranger looks for the repositories of an organization in the same way whether it is there or not', async () => {
  await using opened = await openTestEngine(collections)
  const asked: string[] = []
  await using t = await openTestAccess({ engine: heardReads(opened.store, asked) })
  const stranger = await t.aUser('stranger')
  const { id } = await t.access.organizations.create({ name: 'acme' })
  for (const name of ['one', 'two', 'three']) {
    await t.access.repositories.create({ organizationId: id, protocol: 'npm', name, createdBy: 'usr_1' })
  }
  async function costOf(filter: { organizationId: string; protocol?: string; name?: string }): Promise<string> {
    asked.length = 0
    assert.deepEqual(await t.access.listRepositories(stranger.as, filter, { limit: 50 }), { items: [] })
    return asked.join()
  }
  const exact = { protocol: 'npm', name: 'one' }
  // What the stranger is, is remembered for a while.
  await costOf({ organizationId: id })
  for (const more of [{}, exact]) {
    assert.equal(await costOf({ organizationId: id, ...more }), await costOf({ organizationId: 'org_never', ...more }))
  }
})
