import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import jwt from 'jsonwebtoken'
import { openTestAccess, type TestAccess } from '../testing/access.ts'

const now = 1_800_000_000_000
const secret = 'a secret of the tests, long enough'
const ended = { code: 'credentials_invalid' }

const use = (t: TestAccess, token: string) => t.access.authenticate({ kind: 'token', token }, '127.0.0.1')

describe('a session of the API', () => {
  test('is its user for 15 minutes, and longer with each refresh', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now })
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const first = await t.access.sessions.open(jane)
    const principal = await use(t, first.accessToken)
    assert.equal(principal.kind === 'user' && principal.sessionId, first.sessionId)
    assert.equal(first.accessExpiresAt, now + 15 * 60 * 1000)
    context.mock.timers.tick(15 * 60 * 1000)
    await assert.rejects(use(t, first.accessToken), ended)
    const second = await t.access.sessions.refresh(first.refreshToken)
    assert.equal(second.sessionId, first.sessionId)
    await use(t, second.accessToken)
  })

  test('lasts seven days after its last refresh', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now })
    await using t = await openTestAccess()
    const { refreshToken } = await t.access.sessions.open(await t.aUser('jane'))
    context.mock.timers.tick(6 * 24 * 3600 * 1000)
    const second = await t.access.sessions.refresh(refreshToken)
    context.mock.timers.tick(7 * 24 * 3600 * 1000)
    await assert.rejects(t.access.sessions.refresh(second.refreshToken), ended)
  })

  test('takes an old refresh token for 20 seconds, and gives the same new one', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now })
    await using t = await openTestAccess()
    const { refreshToken } = await t.access.sessions.open(await t.aUser('jane'))
    const [one, two] = await Promise.all([refreshToken, refreshToken].map((text) => t.access.sessions.refresh(text)))
    assert.equal(one?.refreshToken, two?.refreshToken)
    const third = await t.access.sessions.refresh(one?.refreshToken ?? '')
    context.mock.timers.tick(20_000)
    assert.equal((await t.access.sessions.refresh(refreshToken)).sessionId, third.sessionId)
    await t.access.sessions.refresh(third.refreshToken)
  })

  test('ends when an old refresh token is shown later', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now })
    await using t = await openTestAccess()
    const { refreshToken } = await t.access.sessions.open(await t.aUser('jane'))
    const second = await t.access.sessions.refresh(refreshToken)
    context.mock.timers.tick(20_001)
    await assert.rejects(t.access.sessions.refresh(refreshToken), ended)
    await assert.rejects(t.access.sessions.refresh(second.refreshToken), ended)
    await assert.rejects(use(t, second.accessToken), ended)
  })

  test('takes no token that is forged, of another kind or signed otherwise', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { sessionId, accessToken, refreshToken } = await t.access.sessions.open(jane)
    const options = { issuer: 'stowage', audience: 'stowage-api', subject: jane.id } as const
    const claims = { sid: sessionId }
    for (const token of [
      refreshToken,
      jwt.sign(claims, 'another secret of some length, for tests', options),
      jwt.sign(claims, secret, { ...options, algorithm: 'HS512' }),
      jwt.sign(claims, '', { ...options, algorithm: 'none' }),
      jwt.sign(claims, secret, { ...options, issuer: 'other' }),
      jwt.sign({ ...claims, exp: 1 }, secret, options),
      jwt.sign({}, secret, options),
      jwt.sign({ sid: 'ses_0' }, secret, options),
      accessToken.slice(0, -2),
    ]) {
      await assert.rejects(use(t, token), ended)
    }
    await assert.rejects(t.access.sessions.refresh(accessToken), ended)
    await use(t, jwt.sign(claims, secret, options))
  })

  test('ends with its user disabled or gone', async () => {
    await using t = await openTestAccess()
    const [jane, joe] = [await t.aUser('jane'), await t.aUser('joe')]
    const sessions = [await t.access.sessions.open(jane), await t.access.sessions.open(joe)]
    await t.access.users.setActive(jane.id, false)
    await t.access.removeUser(joe.id)
    for (const { accessToken, refreshToken } of sessions) {
      await assert.rejects(use(t, accessToken), ended)
      await assert.rejects(t.access.sessions.refresh(refreshToken), ended)
    }
  })
})

describe("a user's sessions", () => {
  test('are listed and ended one by one or all but one', async () => {
    await using t = await openTestAccess()
    const [jane, joe] = [await t.aUser('jane'), await t.aUser('joe')]
    const { sessions } = t.access
    const [one, two] = [await sessions.open(jane, { address: '192.0.2.7', agent: 'cli' }), await sessions.open(jane)]
    const browser = await sessions.start(jane)
    const other = await sessions.open(joe)
    assert.equal((await sessions.list(jane)).length, 3)
    await assert.rejects(sessions.endById(jane.id, other.sessionId), { code: 'session_unknown' })
    await sessions.endById(jane.id, one.sessionId)
    await assert.rejects(use(t, one.accessToken), ended)
    assert.equal(await sessions.endAll(jane.id, two.sessionId), 1)
    assert.equal(await sessions.find(browser.secret), undefined)
    await use(t, two.accessToken)
    await use(t, other.accessToken)
  })

  test('end with a change of the password, but the one that made it', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { sessions, users } = t.access
    const [kept, other] = [await sessions.open(jane), await sessions.open(jane)]
    const browser = await sessions.start(jane)
    const changed = await users.setPassword(jane.id, 'another long password', kept.sessionId)
    await use(t, (await sessions.refresh(kept.refreshToken)).accessToken)
    await assert.rejects(use(t, other.accessToken), ended)
    await assert.rejects(sessions.refresh(other.refreshToken), ended)
    await assert.rejects(t.access.authenticate({ kind: 'session', secret: browser.secret }, ''), ended)
    assert.deepEqual(
      (await sessions.list(changed)).map(({ id }) => id),
      [kept.sessionId],
    )
    const next = await sessions.open(changed)
    await users.setPassword(jane.id, 'a third long password', next.sessionId)
    await assert.rejects(use(t, kept.accessToken), ended)
    await use(t, next.accessToken)
  })
})
