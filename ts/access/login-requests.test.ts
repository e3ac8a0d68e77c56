import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestAccess, type TestAccess } from '../testing/access.ts'

const from = { client: 'npm/11 on laptop', address: '192.0.2.1' }

async function approved(t: TestAccess) {
  const user = await t.aUser('jane')
  const { code, pollSecret } = await t.access.loginRequests.start(from)
  await t.access.loginRequests.approve(code, user.id)
  return { user, code, pollSecret }
}

describe('a login request', () => {
  test('is pending until it is approved, then hands out a token of the approving user', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const { code, pollSecret } = await t.access.loginRequests.start(from)
    assert.deepEqual(await t.access.loginRequests.collect(pollSecret), { state: 'pending' })
    assert.equal((await t.access.loginRequests.find(code))?.value.client, from.client)
    await t.access.loginRequests.approve(code, user.id)
    const collected = await t.access.loginRequests.collect(pollSecret)
    assert.equal(collected.state, 'ready')
    const token = collected.state === 'ready' ? collected.token : ''
    assert.equal((await t.access.tokens.find(token))?.value.userId, user.id)
  })

  test('hands out one token, also to many that ask at once', async () => {
    await using t = await openTestAccess()
    const { user, pollSecret } = await approved(t)
    const all = await Promise.all(Array.from({ length: 10 }, () => t.access.loginRequests.collect(pollSecret)))
    assert.equal(all.filter(({ state }) => state === 'ready').length, 1)
    assert.equal((await t.access.tokens.list(user.id, {})).items.length, 1)
    assert.deepEqual(await t.access.loginRequests.collect(pollSecret), { state: 'gone' })
  })

  test('is answered once', async () => {
    await using t = await openTestAccess()
    const { user, code } = await approved(t)
    for (const answer of ['approve', 'deny'] as const) {
      await assert.rejects(t.access.loginRequests[answer](code, user.id), { code: 'precondition_failed' })
    }
  })

  test('that was denied hands out nothing', async () => {
    await using t = await openTestAccess()
    const { code, pollSecret } = await t.access.loginRequests.start(from)
    await t.access.loginRequests.deny(code, 'usr_1')
    assert.deepEqual(await t.access.loginRequests.collect(pollSecret), { state: 'gone' })
  })

  test('of a user who was disabled meanwhile hands out nothing', async () => {
    await using t = await openTestAccess()
    const { user, pollSecret } = await approved(t)
    await t.access.users.setActive(user.id, false)
    assert.deepEqual(await t.access.loginRequests.collect(pollSecret), { state: 'gone' })
    assert.deepEqual((await t.access.tokens.list(user.id, {})).items, [])
  })

  test('is gone after five minutes, and swept', async (context) => {
    await using t = await openTestAccess()
    const { code, pollSecret } = await t.access.loginRequests.start(from)
    assert.equal(await t.access.loginRequests.sweep(), 0)
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 5 * 60_000 + 1 })
    assert.equal(await t.access.loginRequests.find(code), undefined)
    assert.deepEqual(await t.access.loginRequests.collect(pollSecret), { state: 'gone' })
    await assert.rejects(t.access.loginRequests.approve(code, 'usr_1'), { code: 'precondition_failed' })
    assert.equal(await t.access.loginRequests.sweep(), 1)
  })

  test('is not found by its poll secret on the page, nor collected by its code', async () => {
    await using t = await openTestAccess()
    const { code, pollSecret } = await approved(t)
    assert.equal(await t.access.loginRequests.find(pollSecret), undefined)
    assert.deepEqual(await t.access.loginRequests.collect(code), { state: 'gone' })
  })

  test('shows what the client said of itself on one short line', async () => {
    await using t = await openTestAccess()
    const { code } = await t.access.loginRequests.start({ client: `a\nb${'x'.repeat(1000)}\ud800`, address: '::1' })
    assert.match((await t.access.loginRequests.find(code))?.value.client ?? '', /^a b[x]{1,197}$/)
    const unnamed = await t.access.loginRequests.start({ client: ' ', address: '::1' })
    assert.equal((await t.access.loginRequests.find(unnamed.code))?.value.client, 'a command-line client')
  })
})
