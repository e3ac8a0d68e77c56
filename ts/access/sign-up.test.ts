import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestAccess, testPassword } from '../testing/access.ts'
import { anonymous } from './principal.ts'

const joe = { username: 'joe', email: 'joe@example.com', password: testPassword, address: '192.0.2.1' }

test('while it is off, nobody signs up', async () => {
  await using t = await openTestAccess()
  await assert.rejects(t.access.signUp(joe), { code: 'access_denied', message: /Sign-up is off/ })
  await assert.rejects(t.access.enterSignUp(anonymous), { code: 'auth_required' })
  assert.equal(await t.access.users.findByUsername('joe'), undefined)
})

test('while it is on, who is not signed in makes an account, and never a platform admin', async () => {
  await using t = await openTestAccess()
  await t.access.platformSettings.change({ signUp: true })
  const jane = await t.aUser('jane')
  assert.equal(await t.access.enterSignUp(anonymous), undefined)
  await assert.rejects(t.access.enterSignUp(jane.as), { code: 'access_denied' })
  const greedy = { ...joe, isPlatformAdmin: true }
  const { value } = await t.access.signUp(greedy)
  assert.deepEqual([value.username, value.isActive, value.isPlatformAdmin], ['joe', true, false])
  assert.ok(await t.access.signIn({ login: 'joe', password: testPassword, address: '192.0.2.1' }))
})

test('a taken username and a taken address are told alike', async () => {
  await using t = await openTestAccess()
  await t.access.platformSettings.change({ signUp: true })
  await t.aUser('jane')
  const told = async (changes: object) =>
    t.access.signUp({ ...joe, ...changes }).then(
      () => 'made',
      ({ code, message, details }) => ({ code, message, details }),
    )
  const byName = await told({ username: 'JANE' })
  assert.deepEqual(await told({ email: 'Jane@example.com' }), byName)
  assert.deepEqual(await told({ username: 'jane', email: 'jane@example.com' }), byName)
  assert.ok(typeof byName === 'object' && byName.code === 'name_taken' && !('field' in byName.details))
})

test('after ten from one address the next has to wait, and other addresses do not', async () => {
  await using t = await openTestAccess()
  await t.access.platformSettings.change({ signUp: true })
  const ask = (i: number, address: string) =>
    t.access.signUp({ username: `u${i}`, email: `u${i}@example.com`, password: testPassword, address }).then(
      () => 'made',
      ({ code, details }) => [code, details.retryAfterSeconds > 0],
    )
  const all = await Promise.all(Array.from({ length: 14 }, (_, i) => ask(i, `2001:db8::${i}`)))
  assert.equal(all.filter((outcome) => outcome === 'made').length, 10)
  assert.deepEqual(all.filter((outcome) => outcome !== 'made')[0], ['too_many_requests', true])
  assert.equal(await ask(20, '192.0.2.1'), 'made')
})

test('refused attempts count like accounts that are made', async () => {
  await using t = await openTestAccess()
  await t.access.platformSettings.change({ signUp: true })
  for (let i = 0; i < 10; i++) {
    await assert.rejects(t.access.signUp({ ...joe, password: 'short' }), { code: 'payload_invalid' })
  }
  await assert.rejects(t.access.signUp(joe), { code: 'too_many_requests' })
})

test('a name that is reserved, a weak password and a wrong address are refused by field', async () => {
  await using t = await openTestAccess()
  await t.access.platformSettings.change({ signUp: true, reservedNames: ['joe'] })
  for (const [field, changes] of [
    ['username', {}],
    ['password', { username: 'jo', password: 'short' }],
    ['email', { username: 'jo', email: 'nowhere' }],
  ] as const) {
    await assert.rejects(t.access.signUp({ ...joe, ...changes }), { code: 'payload_invalid', details: { field } })
  }
})
