import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestAccess, testPassword } from '../testing/access.ts'
import { csrfToken, isCsrfToken } from './sessions.ts'

describe('users', () => {
  test('called like properties of objects are users like any other', async () => {
    await using t = await openTestAccess()
    for (const name of ['hasOwnProperty', 'constructor', 'toString']) {
      assert.equal(await t.access.users.findByUsername(name), undefined)
      const { id } = await t.aUser(name)
      assert.equal((await t.access.users.findByUsername(name))?.id, id)
    }
  })

  test('never share a username, in whatever case, or an e-mail address', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    const other = { username: 'joe', email: 'joe@example.com', password: testPassword }
    const taken = { code: 'name_taken', details: { field: 'username' } }
    await assert.rejects(t.access.users.create({ ...other, username: 'JANE' }), taken)
    const email = { code: 'name_taken', details: { field: 'email' } }
    await assert.rejects(t.access.users.create({ ...other, email: 'Jane@example.com' }), email)
    const { id } = await t.access.users.create(other)
    await assert.rejects(t.access.users.setProfile(id, { email: 'jane@example.com' }), email)
    assert.equal((await t.access.users.get(id))?.value.email, 'joe@example.com')
  })

  test('have no password that is their username or e-mail address, in whatever case', async () => {
    await using t = await openTestAccess()
    const user = { username: 'wombat-builder', email: 'wombat@example.com' }
    const refused = { code: 'payload_invalid', details: { field: 'password' } }
    for (const password of ['Wombat-Builder', 'wombat@Example.com']) {
      await assert.rejects(t.access.users.create({ ...user, password }), refused)
    }
    const { id } = await t.access.users.create({ ...user, password: testPassword })
    for (const password of ['wombat-builder', 'wombat@example.com']) {
      await assert.rejects(t.access.users.setPassword(id, password), refused)
    }
  })

  test('change their profile and password', async () => {
    await using t = await openTestAccess()
    const { id } = await t.aUser('jane')
    await t.access.users.setProfile(id, { displayName: 'Jane Doe', email: 'New@example.com' })
    await t.access.users.setPassword(id, 'another long password')
    assert.equal(await t.access.users.checkPassword('jane', testPassword), undefined)
    const user = await t.access.users.checkPassword('new@example.com', 'another long password')
    assert.equal(user?.value.displayName, 'Jane Doe')
    await assert.rejects(t.access.users.setProfile('usr_0', {}), { code: 'user_unknown' })
  })
})

describe('organizations', () => {
  test('called like properties of objects are organizations like any other', async () => {
    await using t = await openTestAccess()
    const { id } = await t.access.organizations.create({ name: 'constructor' })
    assert.equal((await t.access.organizations.findByName('constructor'))?.id, id)
    assert.equal(await t.access.organizations.findByName('valueof'), undefined)
  })

  test('that show more or less than before have the search of their repositories follow', async () => {
    await using t = await openTestAccess()
    const { id: organizationId } = await t.access.organizations.create({ name: 'acme' })
    const place = { organizationId, protocol: 'npm', name: 'tools', createdBy: 'usr_1' }
    const { id } = await t.access.repositories.create(place)
    const repostSince = async () => (await t.access.repositories.get(id))?.value.repostSince
    await t.access.organizations.configure(organizationId, { displayName: 'Acme' })
    assert.equal(await repostSince(), undefined)
    await t.access.organizations.configure(organizationId, { visibility: 'internal' })
    assert.notEqual(await repostSince(), undefined)
  })

  test('with a taken or reserved name are not made and leave no membership', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const create = (name: string) => t.access.organizations.create({ name, ownerId: jane.id })
    await assert.rejects(create('main'), { code: 'name_taken', details: { field: 'name' } })
    await assert.rejects(create('api'), { code: 'payload_invalid', details: { field: 'name' } })
    await assert.rejects(create('Main'), { code: 'payload_invalid', details: { field: 'name' } })
    assert.deepEqual(await t.access.organizations.membershipsOf(jane.id), [])
  })

  test('have members with one role each, also when set by many at once', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { id } = await t.access.organizations.create({ name: 'acme' })
    await Promise.all(Array.from({ length: 10 }, () => t.access.organizations.setMember(id, jane.id, 'admin')))
    await t.access.organizations.setMember(id, jane.id, 'member')
    const { items } = await t.access.organizations.members(id, {})
    assert.deepEqual(
      items.map(({ value }) => [value.userId, value.role]),
      [[jane.id, 'member']],
    )
    await t.access.organizations.removeMember(id, jane.id)
    await t.access.organizations.removeMember(id, jane.id)
    assert.equal(await t.access.organizations.membership(id, jane.id), undefined)
  })
})

describe('repositories', () => {
  test('are unique by organization, protocol and name, and private unless said otherwise', async () => {
    await using t = await openTestAccess()
    const main = await t.access.organizations.findByName('main')
    const place = { organizationId: main?.id ?? '', protocol: 'npm', name: 'constructor', createdBy: 'usr_1' }
    const { id, value } = await t.access.repositories.create(place)
    assert.equal(value.visibility, 'private')
    await assert.rejects(t.access.repositories.create(place), { code: 'name_taken', details: { field: 'name' } })
    await t.access.repositories.create({ ...place, protocol: 'oci' })
    await t.access.repositories.create({ ...place, organizationId: 'org_2' })
    assert.equal((await t.access.repositories.find(place.organizationId, 'npm', 'constructor'))?.id, id)
    assert.equal((await t.access.repositories.list(place.organizationId, {})).items.length, 2)
  })

  test('refuse a wrong name, a long description and settings of none', async () => {
    await using t = await openTestAccess()
    const place = { organizationId: 'org_1', protocol: 'npm', name: 'A b', createdBy: 'usr_1' }
    await assert.rejects(t.access.repositories.create(place), { code: 'payload_invalid', details: { field: 'name' } })
    const description = 'x'.repeat(1001)
    const long = { code: 'payload_invalid', details: { field: 'description' } }
    await assert.rejects(t.access.repositories.create({ ...place, name: 'a', description }), long)
    await assert.rejects(t.access.repositories.configure('repo_0', {}), { code: 'repository_unknown' })
  })
})

describe('sessions', () => {
  test('are their user until they end', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { secret } = await t.access.sessions.start(jane)
    const authenticate = () => t.access.authenticate({ kind: 'session', secret }, '127.0.0.1')
    const as = await authenticate()
    assert.equal(as.kind === 'user' && as.user.id, jane.id)
    await t.access.sessions.end(secret)
    await assert.rejects(authenticate(), { code: 'credentials_invalid' })
    assert.equal(await t.access.sessions.find(secret), undefined)
  })

  test('end after seven days, and are swept', async (context) => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { secret, expiresAt } = await t.access.sessions.start(jane)
    assert.equal(await t.access.sessions.sweep(), 0)
    context.mock.timers.enable({ apis: ['Date'], now: expiresAt })
    const authenticating = t.access.authenticate({ kind: 'session', secret }, '127.0.0.1')
    await assert.rejects(authenticating, { code: 'credentials_invalid' })
    assert.equal(await t.access.sessions.find(secret), undefined)
    assert.equal(await t.access.sessions.sweep(), 1)
  })

  test('of a disabled user are refused', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { secret } = await t.access.sessions.start(jane)
    await t.access.users.setActive(jane.id, false)
    const authenticating = t.access.authenticate({ kind: 'session', secret }, '127.0.0.1')
    await assert.rejects(authenticating, { code: 'credentials_invalid' })
  })
})

test("a form's token fits one cookie alone", () => {
  const token = csrfToken('a')
  assert.equal(isCsrfToken('a', token), true)
  for (const [cookie, other] of [
    ['b', token],
    ['a', ''],
    ['a', `${token}x`],
    ['', token],
  ] as const) {
    assert.equal(isCsrfToken(cookie, other), false)
  }
})
