import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { csrfToken } from '../access/sessions.ts'
import { testPassword } from '../testing/access.ts'
import { openTestApi, type TestApi } from './testing.ts'

const login = (t: TestApi, password = testPassword, name = 'jane') =>
  t.ask('POST /auth/login', { body: { login: name, password } })

async function setUp() {
  const t = await openTestApi()
  const user = await t.aUser('jane')
  return { t, user, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

describe('a session', () => {
  test('begins with a login, goes on with a refresh, and ends with a logout', async () => {
    await using s = await setUp()
    const { t } = s
    const opened = await login(t)
    assert.equal(opened.status, 200)
    assert.equal(opened.headers.get('cache-control'), 'no-store')
    const me = await t.ask('GET /auth/me', { as: opened.body.accessToken })
    assert.deepEqual(
      [me.body.name, me.body.sessionId, me.body.user.email],
      ['jane', opened.body.sessionId, 'jane@example.com'],
    )
    const refreshed = await t.ask('POST /auth/refresh', { body: { refreshToken: opened.body.refreshToken } })
    assert.equal(refreshed.body.sessionId, opened.body.sessionId)
    assert.equal((await t.ask('POST /auth/logout', { as: refreshed.body.accessToken })).status, 204)
    assert.equal((await t.ask('GET /auth/me', { as: refreshed.body.accessToken })).status, 401)
    assert.equal(
      (await t.ask('POST /auth/refresh', { body: { refreshToken: refreshed.body.refreshToken } })).status,
      401,
    )
  })

  test('ends by its refresh token too', async () => {
    await using s = await setUp()
    const { body } = await login(s.t)
    const logout = () => s.t.ask('POST /auth/logout', { body: { refreshToken: body.refreshToken } })
    assert.deepEqual([(await logout()).status, (await logout()).status], [204, 204])
    assert.equal((await s.t.ask('GET /auth/me', { as: body.accessToken })).status, 401)
  })

  test('is listed, and ended by its user alone', async () => {
    await using s = await setUp()
    const { t } = s
    const [one, two] = [(await login(t)).body, (await login(t)).body]
    const joe = await t.someone('joe')
    const { items } = (await t.ask('GET /auth/sessions', { as: one.accessToken })).body
    assert.deepEqual(
      items.filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent).map(({ id }: { id: string }) => id),
      [one.sessionId],
    )
    assert.equal(items.length, 2)
    assert.equal((await t.ask(`DELETE /auth/sessions/${two.sessionId}`, { as: joe.token })).status, 404)
    assert.equal((await t.ask(`DELETE /auth/sessions/${two.sessionId}`, { as: one.accessToken })).status, 204)
    assert.equal((await t.ask('GET /auth/me', { as: two.accessToken })).status, 401)
    await login(t)
    assert.deepEqual((await t.ask('DELETE /auth/sessions', { as: one.accessToken })).body, { ended: 1 })
    assert.equal((await t.ask('GET /auth/me', { as: one.accessToken })).status, 200)
  })

  test('that changes the password goes on, and the others end', async () => {
    await using s = await setUp()
    const { t } = s
    const [one, two] = [(await login(t)).body, (await login(t)).body]
    const body = { password: 'another long password', currentPassword: testPassword }
    assert.equal((await t.ask('PUT /users/jane/password', { as: one.accessToken, body })).status, 200)
    assert.equal((await t.ask('GET /auth/me', { as: one.accessToken })).status, 200)
    assert.equal((await t.ask('GET /auth/me', { as: two.accessToken })).status, 401)
    assert.equal((await login(t)).status, 401)
    assert.equal((await login(t, 'another long password')).status, 200)
  })
})

describe('signing in', () => {
  test('is answered alike for a wrong password and for nobody, also when it has to wait', async () => {
    await using s = await setUp()
    const strip = ({ body, status, headers }: Awaited<ReturnType<typeof login>>) => {
      const { requestId: _, ...problem } = body
      return { problem, status, retryAfter: headers.get('retry-after'), names: [...headers.keys()].sort() }
    }
    for (let i = 0; i < 6; i++) {
      const wrong = strip(await login(s.t, 'wrong'))
      assert.deepEqual(strip(await login(s.t, 'wrong', 'nobody')), wrong)
      assert.equal(wrong.status, i < 5 ? 401 : 429)
      assert.equal(wrong.retryAfter, i < 5 ? null : '1')
    }
    assert.equal((await login(s.t)).status, 429)
  })

  test('tells whoever is wrong how to present credentials', async () => {
    await using s = await setUp()
    const anonymous = await s.t.ask('GET /auth/me')
    assert.deepEqual([anonymous.status, anonymous.headers.get('www-authenticate')], [401, 'Bearer realm="stowage"'])
    for (const authorization of ['Bearer x', 'Bearer srg_x', 'Digest x', 'Basic eA==', 'Bearer eyJ.eyJ.x']) {
      const told = await s.t.ask('GET /auth/me', { headers: { authorization } })
      assert.deepEqual([told.status, told.body.code], [401, 'credentials_invalid'], authorization)
    }
    const basic = Buffer.from(`jane:${testPassword}`).toString('base64')
    assert.equal((await s.t.ask('GET /auth/me', { headers: { authorization: `Basic ${basic}` } })).body.name, 'jane')
  })

  test('shows the ways there are', async () => {
    await using s = await setUp()
    const { body } = await s.t.ask('GET /auth/providers')
    assert.deepEqual(
      body.items.map(({ id }: { id: string }) => id),
      ['password'],
    )
  })
})

describe('the session cookie', () => {
  async function withCookie() {
    const s = await setUp()
    const { secret } = await s.t.access.sessions.start(s.user)
    const cookie = `stowage_session=${secret}`
    const change = async (headers: Record<string, string>) =>
      (await s.t.ask('PUT /users/jane', { headers: { cookie, ...headers }, body: { displayName: 'x' } })).status
    return { ...s, cookie, change, csrf: csrfToken(secret) }
  }

  test('reads, and tells what a change needs', async () => {
    await using s = await withCookie()
    const { body } = await s.t.ask('GET /auth/me', { headers: { cookie: s.cookie } })
    assert.deepEqual([body.name, body.csrf], ['jane', s.csrf])
  })

  test('changes nothing without the token for this site, or from another', async () => {
    await using s = await withCookie()
    const token = { 'x-csrf-token': s.csrf }
    for (const headers of [
      {},
      { 'x-csrf-token': 'x' },
      { ...token, 'sec-fetch-site': 'cross-site' },
      { ...token, 'sec-fetch-site': 'same-site' },
      { ...token, origin: 'https://evil.example' },
      { ...token, origin: 'null' },
    ]) {
      assert.equal(await s.change(headers), 403, JSON.stringify(headers))
    }
    assert.equal(await s.change({ ...token, 'sec-fetch-site': 'same-origin' }), 200)
    assert.equal(await s.change({ ...token, origin: 'http://registry.example.com' }), 200)
  })

  test('that is not valid is nobody, and is forgotten at logout', async () => {
    await using s = await withCookie()
    const { headers } = await s.t.ask('POST /auth/logout', { headers: { cookie: s.cookie, 'x-csrf-token': s.csrf } })
    assert.match(headers.get('set-cookie') ?? '', /^stowage_session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/)
    assert.equal((await s.t.ask('GET /auth/me', { headers: { cookie: s.cookie } })).status, 401)
    const anew = await s.t.ask('POST /auth/login', {
      headers: { cookie: s.cookie },
      body: { login: 'jane', password: testPassword },
    })
    assert.equal(anew.status, 200)
  })
})
