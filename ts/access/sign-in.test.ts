import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../errors.ts'
import { openTestAccess, type TestAccess, testPassword } from '../testing/access.ts'
import { addressKey } from './sign-in-throttle.ts'

const home = '192.0.2.7'
const elsewhere = '198.51.100.9'

/** What became of a sign-in: the username, or the code of the refusal and how long to wait. */
async function outcome(t: TestAccess, login: string, password: string, address = home): Promise<string> {
  try {
    return (await t.access.signIn({ login, password, address })).value.username
  } catch (err) {
    if (!hasCode(err, 'credentials_invalid', 'too_many_requests')) throw err
    return `${err.code}${err.details.retryAfterSeconds ?? ''}`
  }
}

async function fail(t: TestAccess, login: string, times: number, address = home): Promise<void> {
  for (let i = 0; i < times; i++) assert.equal(await outcome(t, login, 'wrong', address), 'credentials_invalid')
}

describe('signing in with a password', () => {
  test('works by username and by e-mail address, for active users', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    assert.equal(await outcome(t, 'JANE', testPassword), 'jane')
    assert.equal(await outcome(t, 'jane@example.com', testPassword), 'jane')
    await t.access.users.setActive(jane.id, false)
    assert.equal(await outcome(t, 'jane', testPassword), 'credentials_invalid')
  })

  for (const login of ['jane', 'nobody']) {
    test(`of "${login}" waits after five failures, longer each time, whether there is such a user or not`, async (context) => {
      context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
      await using t = await openTestAccess()
      await t.aUser('jane')
      await fail(t, login, 5)
      for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
        assert.equal(await outcome(t, login, 'wrong'), `too_many_requests${seconds}`)
        context.mock.timers.tick(seconds * 1000)
        await fail(t, login, 1)
      }
    })
  }

  test('is refused to the right password too while it has to wait, from wherever', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    await fail(t, 'jane', 5)
    assert.equal(await outcome(t, 'Jane', testPassword, elsewhere), 'too_many_requests1')
    const basic = { kind: 'basic', username: 'jane', password: testPassword } as const
    await assert.rejects(t.access.authenticate(basic, home), { code: 'too_many_requests' })
  })

  test('begins to count anew after a success, but not what others guessed from elsewhere', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    await fail(t, 'jane', 4)
    assert.equal(await outcome(t, 'jane', testPassword), 'jane')
    await fail(t, 'jane', 4, elsewhere)
    assert.equal(await outcome(t, 'jane', testPassword), 'jane')
    await fail(t, 'jane', 1)
    assert.equal(await outcome(t, 'jane', testPassword), 'too_many_requests1')
  })

  test('many at once gets no more guesses than one after the other', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => outcome(t, 'jane', `wrong ${i}`)))
    assert.equal(all.filter((one) => one === 'credentials_invalid').length, 5)
  })

  test('waits for an address that fails with many accounts', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    for (let i = 0; i < 30; i++) await fail(t, `user${i}`, 1, '2001:db8::1')
    assert.equal(await outcome(t, 'jane', testPassword, '2001:db8::ffff'), 'too_many_requests1')
    assert.equal(await outcome(t, 'jane', testPassword), 'jane')
  })

  test('forgets failures after a quarter of an hour', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    await using t = await openTestAccess()
    await t.aUser('jane')
    await fail(t, 'jane', 5)
    context.mock.timers.tick(15 * 60 * 1000)
    await fail(t, 'jane', 5)
  })
})

for (const [address, key] of [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
  ['2001:0DB8:0000:0001:1:2:3:4', '2001:db8:0:1::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
] as const) {
  test(`the address ${address} counts as ${key}`, () => assert.equal(addressKey(address), key))
}
