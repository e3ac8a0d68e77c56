import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { collections } from '../metadata/schema.ts'
import { timedEngine } from '../metadata/timed-engine.ts'
import { openTestAccess } from '../testing/access.ts'
import { openTestEngine } from '../testing/stores.ts'

/** A member of acme, in a team that works on its repository `tools`, asked for by its token; and a count of reads. */
async function aWorld() {
  const opened = await openTestEngine(collections)
  let reads = 0
  const engine = timedEngine(opened.store, () => {
    reads++
  })
  const t = await openTestAccess({ engine })
  const { access } = t
  const jane = await t.aUser('jane')
  const acme = await access.organizations.create({ name: 'acme' })
  await access.organizations.setMember(acme.id, jane.id, 'member')
  const place = { organizationId: acme.id, protocol: 'npm', name: 'tools', createdBy: jane.id }
  const tools = await access.repositories.create(place)
  const web = await access.teams.create({ organizationId: acme.id, name: 'web' })
  await access.teams.setMember(web.id, jane.id, 'member')
  await access.grants.addTeam(tools.id, web.id)
  const { text } = await t.aToken(jane)
  /** The last use of the token is written beside the first request; until then it may count as a write. */
  const useWritten = async () => {
    while ((await access.tokens.find(text))?.value.lastUsedAt === undefined) await setImmediate()
  }
  const ask = async () => {
    const principal = await access.authenticate({ kind: 'token', token: text }, '127.0.0.1')
    await access.enter(principal, 'write', { protocol: 'npm', organization: 'acme', repository: 'tools' })
  }
  return {
    /** How many reads and writes of the store this took. */
    async costOf(run: () => Promise<unknown>) {
      const before = reads
      await run()
      return reads - before
    },
    ask,
    useWritten,
    changeSomething: () => access.users.setProfile(jane.id, { displayName: 'Jane' }),
    async [Symbol.asyncDispose]() {
      await t[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    },
  }
}

test('a decision costs one read beside token, user, settings, organization and repository, teams included', async () => {
  await using t = await aWorld()
  await t.ask()
  await t.useWritten()
  await t.changeSomething()
  assert.equal(await t.costOf(t.ask), 6)
})

test('a decision made before costs nothing while nothing was written', async () => {
  await using t = await aWorld()
  await t.ask()
  await t.useWritten()
  await t.ask()
  assert.equal(await t.costOf(t.ask), 0)
})
