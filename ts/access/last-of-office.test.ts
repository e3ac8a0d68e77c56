import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestAccess } from '../testing/access.ts'

const refused = { code: 'unprocessable' }

describe('the last platform admin', () => {
  test('is neither demoted, disabled nor deleted', async () => {
    await using t = await openTestAccess()
    const { users } = t.access
    const root = await t.aUser('root', { isPlatformAdmin: true })
    await assert.rejects(users.update(root.id, { isPlatformAdmin: false }), refused)
    await assert.rejects(users.setActive(root.id, false), refused)
    await assert.rejects(t.access.removeUser(root.id), refused)
    assert.equal((await users.get(root.id))?.value.isActive, true)
    const other = await t.aUser('other', { isPlatformAdmin: true })
    await users.setActive(other.id, false)
    await assert.rejects(users.update(root.id, { isPlatformAdmin: false }), refused)
    await users.setActive(other.id, true)
    await users.update(root.id, { isPlatformAdmin: false })
    await assert.rejects(t.access.removeUser(other.id), refused)
  })

  test('is left by two who demote each other', async () => {
    await using t = await openTestAccess()
    const both = [await t.aUser('a', { isPlatformAdmin: true }), await t.aUser('b', { isPlatformAdmin: true })]
    const demoting = both.map(({ id }) => t.access.users.update(id, { isPlatformAdmin: false }))
    const outcomes = await Promise.allSettled(demoting)
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })
})

describe('the last owner of an organization', () => {
  test('neither leaves nor becomes less, and is not deleted', async () => {
    await using t = await openTestAccess()
    const { organizations } = t.access
    const [jane, joe] = [await t.aUser('jane'), await t.aUser('joe')]
    const { id } = await organizations.create({ name: 'acme', ownerId: jane.id })
    await organizations.setMember(id, joe.id, 'admin')
    await assert.rejects(organizations.removeMember(id, jane.id), refused)
    await assert.rejects(organizations.setMember(id, jane.id, 'member'), refused)
    await assert.rejects(t.access.removeUser(jane.id), refused)
    assert.equal((await t.access.users.get(jane.id))?.value.isActive, true)
    await organizations.setMember(id, joe.id, 'owner')
    await t.access.removeUser(jane.id)
    assert.equal(await t.access.users.get(jane.id), undefined)
    assert.deepEqual(await organizations.membershipsOf(jane.id), [])
    await assert.rejects(organizations.removeMember(id, joe.id), refused)
  })

  test('is left by owners who all leave at once', async () => {
    await using t = await openTestAccess()
    const { organizations } = t.access
    const owners = await Promise.all(['a', 'b', 'c', 'd'].map((name) => t.aUser(name)))
    const { id } = await organizations.create({ name: 'acme', ownerId: owners[0]?.id ?? '' })
    await Promise.all(owners.map((owner) => organizations.setMember(id, owner.id, 'owner')))
    const outcomes = await Promise.allSettled(owners.map((owner) => organizations.removeMember(id, owner.id)))
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1)
    assert.equal((await organizations.members(id, {})).items.length, 1)
  })
})

test('an owner of several organizations who may not be deleted keeps all offices', async () => {
  await using t = await openTestAccess()
  const { organizations, users } = t.access
  const [jane, joe] = [await t.aUser('jane', { isPlatformAdmin: true }), await t.aUser('joe')]
  await t.aUser('root', { isPlatformAdmin: true })
  const ids: string[] = []
  for (const name of ['first', 'second', 'third']) {
    const { id } = await organizations.create({ name, ownerId: jane.id })
    if (name === 'first') await organizations.setMember(id, joe.id, 'owner')
    ids.push(id)
  }
  await assert.rejects(t.access.removeUser(jane.id), { message: /last owner of the organizations second and third\./ })
  const roles = await Promise.all(ids.map(async (id) => (await organizations.membership(id, jane.id))?.value.role))
  assert.deepEqual(roles, ['owner', 'owner', 'owner'])
  const { isActive, isPlatformAdmin } = (await users.get(jane.id))?.value ?? {}
  assert.deepEqual([isActive, isPlatformAdmin], [true, true])
})

test('the last platform admin who is refused keeps its offices in organizations, too', async () => {
  await using t = await openTestAccess()
  const { organizations } = t.access
  const [jane, joe] = [await t.aUser('jane', { isPlatformAdmin: true }), await t.aUser('joe')]
  const { id } = await organizations.create({ name: 'acme', ownerId: jane.id })
  await organizations.setMember(id, joe.id, 'owner')
  await assert.rejects(t.access.removeUser(jane.id), refused)
  assert.equal((await organizations.membership(id, jane.id))?.value.role, 'owner')
})

test('a user whose name looks like that of another is refused', async () => {
  await using t = await openTestAccess()
  await t.aUser('Milo.0rn')
  for (const name of ['mi1o.orn', 'MILO.om']) {
    const taken = { code: 'name_taken', details: { field: 'username' } }
    await assert.rejects(t.aUser(name), taken)
  }
  await t.aUser('milo-0rn')
})

test('an organization whose name looks like that of another is refused', async () => {
  await using t = await openTestAccess()
  await t.access.organizations.create({ name: 'milo-0rn' })
  for (const name of ['mi1o-0rn', 'miio-orn', 'milo-om', 'rnilo-0rn']) {
    const taken = { code: 'name_taken', details: { field: 'name' } }
    await assert.rejects(t.access.organizations.create({ name }), taken)
  }
  await t.access.organizations.create({ name: 'milo-0n' })
})
