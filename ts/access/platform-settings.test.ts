import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MetadataEngine } from '../metadata/engine.ts'
import { collections } from '../metadata/schema.ts'
import { openTestAccess, type TestAccess } from '../testing/access.ts'
import { openTestEngine } from '../testing/stores.ts'
import { anonymous } from './principal.ts'

const tools = { protocol: 'npm', organization: 'acme', repository: 'tools' }
const change = (t: TestAccess, changes: Parameters<TestAccess['access']['platformSettings']['change']>[0]) =>
  t.access.platformSettings.change(changes)

async function aPublicRepository({ access }: TestAccess) {
  const { id } = await access.organizations.create({ name: 'acme' })
  const place = { organizationId: id, protocol: 'npm', name: 'tools', createdBy: 'usr_1' }
  await access.repositories.create({ ...place, visibility: 'public' })
}

test('what nobody has set is the default: anonymous access on, sign-up off, nothing else', async () => {
  await using t = await openTestAccess()
  const { revision, value } = await t.access.platformSettings.read()
  assert.deepEqual([revision, value], [0, { anonymousAccess: true, signUp: false, reservedNames: [] }])
  assert.deepEqual(await t.access.platformSettings.inForce(), value)
})

test('a change leaves the rest, and null takes away', async () => {
  await using t = await openTestAccess()
  const banner = { text: 'Hello', level: 'info' } as const
  await change(t, { signUp: true, maxTokenLifetimeDays: 90, banner })
  const kept = { anonymousAccess: true, signUp: true, reservedNames: ['root', 'zoe'] }
  const { value } = await change(t, { reservedNames: ['Zoe', 'root', 'ROOT'] })
  assert.deepEqual(value, { ...kept, maxTokenLifetimeDays: 90, banner })
  assert.deepEqual((await change(t, { maxTokenLifetimeDays: null, banner: null })).value, kept)
})

test('of two who change what they read, the second is told', async () => {
  await using t = await openTestAccess()
  const { platformSettings } = t.access
  await platformSettings.change({ signUp: true }, 0)
  await assert.rejects(platformSettings.change({ signUp: false }, 0), { code: 'precondition_failed' })
  const both = [platformSettings.change({ signUp: false }), platformSettings.change({ reservedNames: ['x'] })]
  await Promise.all(both)
  const { signUp, reservedNames } = (await platformSettings.read()).value
  assert.deepEqual([signUp, reservedNames], [false, ['x']])
})

test('what cannot be is refused, naming the field, and changes nothing', async () => {
  await using t = await openTestAccess()
  const level = 'info' as const
  const refused: [field: string, changes: Parameters<typeof change>[1]][] = [
    ['maxTokenLifetimeDays', { maxTokenLifetimeDays: 0 }],
    ['maxTokenLifetimeDays', { maxTokenLifetimeDays: 1.5 }],
    ['maxTokenLifetimeDays', { maxTokenLifetimeDays: 3651 }],
    ['reservedNames', { reservedNames: ['fine', 'not fine'] }],
    ['reservedNames', { reservedNames: Array.from({ length: 1001 }, (_, i) => `n${i}`) }],
    ['banner', { banner: { text: ' ', level } }],
    ['banner', { banner: { text: 'two\nlines', level } }],
    ['banner', { banner: { text: 'x'.repeat(501), level } }],
    ['banner', { banner: { text: 'x', level: 'loud' as never } }],
  ]
  for (const [field, changes] of refused) {
    await assert.rejects(change(t, { signUp: true, ...changes }), { code: 'payload_invalid', details: { field } })
  }
  assert.equal((await t.access.platformSettings.read()).revision, 0)
})

describe('anonymous access', () => {
  const cases = [
    { configured: true, set: true, reads: true },
    { configured: true, set: false, reads: false },
    { configured: false, set: true, reads: false },
    { configured: false, set: false, reads: false },
  ]
  for (const { configured, set, reads } of cases) {
    test(`${configured ? 'on' : 'off'} in the configuration, ${set ? 'on' : 'off'} in the settings`, async () => {
      await using t = await openTestAccess({ anonymousAccess: configured })
      await aPublicRepository(t)
      await change(t, { anonymousAccess: set })
      assert.equal((await t.access.platformSettings.inForce()).anonymousAccess, reads)
      assert.deepEqual(await t.access.audiences(anonymous), reads ? ['public'] : [])
      const entering = t.access.enter(anonymous, 'read', tools)
      if (reads) await entering
      else await assert.rejects(entering, { code: 'auth_required' })
    })
  }

  test('turned off holds for the next request, and for who is signed in it means nothing', async () => {
    await using t = await openTestAccess()
    await aPublicRepository(t)
    const jane = await t.aUser('jane')
    await t.access.enter(anonymous, 'read', tools)
    await change(t, { anonymousAccess: false })
    await assert.rejects(t.access.enter(anonymous, 'read', tools), { code: 'auth_required' })
    await t.access.enter(jane.as, 'read', tools)
    await change(t, { anonymousAccess: true })
    await t.access.enter(anonymous, 'read', tools)
  })

  test('turned off by another process holds at once where commits are seen', async () => {
    await using opened = await openTestEngine(collections)
    await using here = await openTestAccess({ engine: opened.store })
    await using there = await openTestAccess({ engine: opened.store })
    await aPublicRepository(here)
    await here.access.enter(anonymous, 'read', tools)
    await change(there, { anonymousAccess: false })
    await assert.rejects(here.access.enter(anonymous, 'read', tools), { code: 'auth_required' })
  })

  test('turned off by another process holds within 5 s where they are not, and here at once', async (context) => {
    await using opened = await openTestEngine(collections)
    const blind = withoutCommitMark(opened.store)
    await using here = await openTestAccess({ engine: blind })
    await using there = await openTestAccess({ engine: blind })
    await aPublicRepository(here)
    await here.access.enter(anonymous, 'read', tools)
    await change(there, { anonymousAccess: false })
    await assert.rejects(there.access.enter(anonymous, 'read', tools), { code: 'auth_required' })
    await here.access.enter(anonymous, 'read', tools)
    const now = performance.now.bind(performance)
    context.mock.method(performance, 'now', () => now() + 5000)
    await assert.rejects(here.access.enter(anonymous, 'read', tools), { code: 'auth_required' })
  })
})

/** As MongoDB is: nothing tells that others have committed. */
function withoutCommitMark(engine: MetadataEngine): MetadataEngine {
  return {
    kind: 'mongo',
    collection: engine.collection.bind(engine),
    batch: (writes) => engine.batch(writes),
    commitMark: () => undefined,
    ping: () => engine.ping(),
    close: () => engine.close(),
  }
}

describe('a reserved name', () => {
  test('is given to no organization and no user, nor one that looks like it; who has it keeps it', async () => {
    await using t = await openTestAccess()
    const { organizations, users, setup } = t.access
    await organizations.create({ name: 'support' })
    await t.aUser('Help')
    await change(t, { reservedNames: ['support', 'help', 'root1'] })
    const reserved = (field: string) => ({
      code: 'payload_invalid',
      details: { field },
      message: /is reserved on this/,
    })
    for (const name of ['root1', 'rootl', 'r00t1']) {
      await assert.rejects(organizations.create({ name }), reserved('name'))
      await assert.rejects(t.aUser(name.toUpperCase()), reserved('username'))
    }
    const admin = { username: 'help', email: 'help@example.com', password: 'correct horse battery' }
    await assert.rejects(setup.createAdministrator(admin), reserved('username'))
    assert.ok(await organizations.findByName('support'))
    await users.setProfile((await users.findByUsername('help'))?.id ?? '', { displayName: 'Help!' })
    await change(t, { reservedNames: [] })
    await organizations.create({ name: 'root1' })
  })
})
