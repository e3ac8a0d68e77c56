import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestAccess, testPassword } from '../testing/access.ts'

const jane = { username: 'jane', email: 'jane@example.com', password: testPassword }

describe('the setup link', () => {
  test('is valid until the next start, which makes a new one', async () => {
    await using t = await openTestAccess()
    const first = await t.access.setup.prepare()
    assert.equal(await t.access.setup.checkLink(first?.linkSecret ?? ''), 'valid')
    const second = await t.access.setup.prepare()
    assert.equal(await t.access.setup.checkLink(first?.linkSecret ?? ''), 'unknown')
    assert.equal(await t.access.setup.checkLink(second?.linkSecret ?? ''), 'valid')
    assert.equal(await t.access.setup.checkLink(''), 'unknown')
  })

  test('is done with the first administrator, and no start makes another', async () => {
    await using t = await openTestAccess()
    const link = await t.access.setup.prepare()
    await t.access.setup.createFirstAdministrator(jane)
    assert.equal(await t.access.setup.checkLink(link?.linkSecret ?? ''), 'done')
    assert.equal(await t.access.setup.prepare(), undefined)
  })
})

describe('the first administrator', () => {
  test('is a platform admin and owns the default organization', async () => {
    await using t = await openTestAccess({ defaultOrganization: 'constructor' })
    const user = await t.access.setup.createFirstAdministrator(jane)
    assert.equal(user.value.isPlatformAdmin, true)
    const organization = await t.access.organizations.findByName('constructor')
    const membership = await t.access.organizations.membership(organization?.id ?? '', user.id)
    assert.equal(membership?.value.role, 'owner')
  })

  for (const names of [
    ['a', 'b', 'c', 'd'],
    ['same', 'same', 'SAME', 'same'],
  ]) {
    test(`is one of four that race (${names.join(', ')})`, async () => {
      await using t = await openTestAccess()
      const racing = names.map((username, i) =>
        t.access.setup.createFirstAdministrator({ ...jane, username, email: `${i}@example.com` }),
      )
      const outcomes = await Promise.allSettled(racing)
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
      assert.deepEqual(
        lost.map(({ reason }) => reason.code),
        Array(3).fill('precondition_failed'),
      )
      assert.equal((await t.access.users.list({})).items.length, 1)
    })
  }

  test('that a crash left half made is completed by the next start', async () => {
    await using t = await openTestAccess()
    const organizations = { ...t.access.organizations }
    organizations.setMember = () => Promise.reject(new Error('crash'))
    const { setupOf } = await import('./setup.ts')
    const crashing = setupOf(t.engine, { users: t.access.users, organizations, defaultOrganization: 'main' })
    await assert.rejects(crashing.createFirstAdministrator(jane), /crash/)
    assert.equal(await t.access.setup.prepare(), undefined)
    const user = await t.access.users.findByUsername('jane')
    const main = await t.access.organizations.findByName('main')
    assert.equal((await t.access.organizations.membership(main?.id ?? '', user?.id ?? ''))?.value.role, 'owner')
  })

  test('with bad input is not made, and the link stays valid', async () => {
    await using t = await openTestAccess()
    const link = await t.access.setup.prepare()
    const bad = [
      [{ ...jane, username: 'a b' }, 'username'],
      [{ ...jane, email: 'x' }, 'email'],
      [{ ...jane, password: 'short' }, 'password'],
    ] as const
    for (const [user, field] of bad) {
      const creating = t.access.setup.createFirstAdministrator(user)
      await assert.rejects(creating, { code: 'payload_invalid', details: { field } })
    }
    assert.equal(await t.access.setup.checkLink(link?.linkSecret ?? ''), 'valid')
  })
})

describe('an administrator made by whoever holds the stores', () => {
  test('is the first, then one more', async () => {
    await using t = await openTestAccess()
    const first = await t.access.setup.createAdministrator(jane)
    const second = await t.access.setup.createAdministrator({ ...jane, username: 'joe', email: 'joe@example.com' })
    assert.deepEqual([first.value.isPlatformAdmin, second.value.isPlatformAdmin], [true, true])
    assert.equal(await t.access.setup.prepare(), undefined)
  })

  test('needs a name that is free', async () => {
    await using t = await openTestAccess()
    await t.access.setup.createAdministrator(jane)
    const again = t.access.setup.createAdministrator({ ...jane, email: 'other@example.com' })
    await assert.rejects(again, { code: 'name_taken', details: { field: 'username' } })
  })
})

test('two servers that start at once on one store make one default organization', async () => {
  await using t = await openTestAccess()
  await Promise.all([t.access.setup.prepare(), t.access.setup.prepare(), t.access.setup.prepare()])
  const { items } = await t.access.organizations.list({})
  assert.deepEqual(
    items.map(({ value }) => value.name),
    ['main'],
  )
})
