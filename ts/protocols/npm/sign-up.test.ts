import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { json, type Npm, openNpm } from './testing.ts'

const password = 'correct horse battery'

/** The first request of `npm adduser --auth-type=legacy`, which sends an e-mail address, and of `npm login`, which does not. */
const addUser = (t: Npm, name: string, more: object = { email: `${name}@example.com` }) =>
  t.request('PUT', `/-/user/org.couchdb.user:${name}`, {
    body: { _id: `org.couchdb.user:${name}`, name, password, type: 'user', roles: [], date: '2026-01-01', ...more },
  })

const signUpIs = (t: Npm, signUp: boolean) => t.access.platformSettings.change({ signUp })

describe('npm adduser', () => {
  test('makes an account while sign-up is on, and its token works', async () => {
    await using t = await openNpm()
    await signUpIs(t, true)
    const made = await addUser(t, 'joe')
    assert.equal(made.status, 201)
    const { token } = await json(made)
    assert.deepEqual(await json(await t.request('GET', '/-/whoami', { as: token })), { username: 'joe' })
    assert.equal((await t.access.users.findByUsername('joe'))?.value.isPlatformAdmin, false)
  })

  test('answers 409 while it is off, and for a login that names no address, as before', async () => {
    await using t = await openNpm()
    const refused = async (answer: Promise<Response>) => {
      const { status } = await answer
      assert.equal(status, 409)
      assert.equal(await t.access.users.findByUsername('joe'), undefined)
    }
    await refused(addUser(t, 'joe'))
    await signUpIs(t, true)
    await refused(addUser(t, 'joe', {}))
    await refused(addUser(t, 'joe', { email: '' }))
  })

  test('takes nobody’s name or address, and an existing user signs in still', async () => {
    await using t = await openNpm()
    await signUpIs(t, true)
    assert.equal((await addUser(t, 'olga')).status, 409)
    assert.equal((await addUser(t, 'joe', { email: 'olga@example.com' })).status, 409)
    const path = '/-/user/org.couchdb.user:olga/-rev/1'
    const headers = { authorization: `Basic ${btoa(`olga:${password}`)}` }
    assert.equal((await t.request('PUT', path, { body: { name: 'olga', password }, headers })).status, 201)
  })

  test('is told what is wrong, and to wait', async () => {
    await using t = await openNpm()
    await signUpIs(t, true)
    const weak = await addUser(t, 'joe', { email: 'joe@example.com', password: 'short' })
    assert.deepEqual([weak.status, JSON.parse(await weak.text()).field], [400, 'password'])
    for (let i = 0; i < 9; i++) await addUser(t, `u${i}`)
    const late = await addUser(t, 'late')
    assert.equal(late.status, 429)
    assert.ok(Number(late.headers.get('retry-after')) > 0)
  })
})

describe('under a maximum lifetime', () => {
  const day = 86_400_000
  const isAbout = (expires: string, days: number) => Math.abs(Date.parse(expires) - Date.now() - days * day) < 60_000

  test('a login is shortened to it', async () => {
    await using t = await openNpm()
    await t.access.platformSettings.change({ maxTokenLifetimeDays: 7 })
    const headers = { authorization: `Basic ${btoa(`olga:${password}`)}` }
    const path = '/-/user/org.couchdb.user:olga/-rev/1'
    const { token: as } = await json(await t.request('PUT', path, { body: { name: 'olga', password }, headers }))
    const { objects } = await json(await t.request('GET', '/-/npm/v1/tokens', { as }))
    assert.ok(objects.every(({ expires }: { expires: string }) => isAbout(expires, 7)))
    assert.equal(objects.length, 2)
  })

  test('npm token create is refused beyond it; without an expiry the token gets the maximum', async () => {
    await using t = await openNpm()
    await t.access.platformSettings.change({ maxTokenLifetimeDays: 7 })
    const headers = { authorization: `Basic ${btoa(`olga:${password}`)}` }
    const create = (body: object) =>
      t.request('POST', '/-/npm/v1/tokens', { headers, body: { password, readonly: true, ...body } })
    const tooLong = await create({ expires: 8 })
    const { error, field } = JSON.parse(await tooLong.text())
    assert.deepEqual([tooLong.status, field], [400, 'expires'], error)
    assert.match(error, /at most 7 days/)
    assert.ok(isAbout((await json(await create({ expires: 3 }))).expires, 3))
    assert.ok(isAbout((await json(await create({}))).expires, 7))
  })
})

describe('the exchange of a CI’s token', () => {
  const jwt = `eyJhbGciOiJSUzI1NiJ9.${btoa('{"iss":"https://ci.example.com"}')}.c2ln`

  test('is told not to be supported, where npm looks for it, whoever asks', async () => {
    await using t = await openNpm()
    for (const at of ['', '/npm', '/npm/acme/npm']) {
      for (const as of [undefined, jwt, t.owner, 'srg_x']) {
        const path = `${at}/-/npm/v1/oidc/token/exchange/package/@acme%2flib`
        const answer = await t.request('POST', path, { as })
        const body = JSON.parse(await answer.text())
        assert.deepEqual([answer.status, body.code], [404, 'not_supported'], path)
        assert.match(body.message, /Trusted publishing \(OIDC\) is not supported/)
        assert.equal(body.error, body.message)
        assert.equal(answer.headers.get('npm-notice'), body.message)
      }
    }
  })

  test('lets such a token in nowhere else', async () => {
    await using t = await openNpm()
    for (const path of ['/-/whoami', '/lib', '/-/npm/v1/user']) {
      assert.equal((await t.request('GET', path, { as: jwt })).status, 401, path)
    }
  })
})
