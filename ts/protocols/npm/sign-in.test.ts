import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newTokenText } from '../../access/token-text.ts'
import { json, openNpm } from './testing.ts'

const password = 'correct horse battery'
const basic = (secret: string) => ({ authorization: `Basic ${btoa(`olga:${secret}`)}` })

/** The requests of `npm login --auth-type=legacy`; `as` is the token in `.npmrc`. */
async function couchLogin(
  t: Awaited<ReturnType<typeof openNpm>>,
  as: string | undefined,
  user = 'org.couchdb.user:olga',
) {
  const body = { name: 'olga', password }
  const first = await t.request('PUT', `/-/user/${user}`, { as, body })
  assert.equal(first.status, 409)
  const { _rev } = await json(await t.request('GET', `/-/user/${user}?write=true`, { as }))
  return t.request('PUT', `/-/user/${user}/-rev/${_rev}`, { body, headers: basic(password) })
}

describe('signing in with a token at hand, which npm sends along', () => {
  for (const kind of ['none', 'mistyped', 'revoked', 'valid']) {
    test(`a ${kind} one makes no difference`, async () => {
      await using t = await openNpm()
      const as = { none: undefined, mistyped: 'srg_x', revoked: newTokenText(), valid: t.owner }[kind]
      assert.equal((await couchLogin(t, as)).status, 201)
      const { loginUrl, doneUrl } = await json(await t.request('POST', '/-/v1/login', { as, body: {} }))
      const done = () => t.request('GET', new URL(doneUrl).pathname, { as })
      assert.equal((await done()).status, 202)
      await t.access.loginRequests.approve(loginUrl.split('/').at(-1), t.ownerId)
      const { token } = await json(await done())
      assert.deepEqual(await json(await t.request('GET', '/-/whoami', { as: token })), { username: 'olga' })
    })
  }

  test('a password that is wrong makes none for the web login either', async () => {
    await using t = await openNpm()
    assert.equal((await t.request('POST', '/-/v1/login', { headers: basic('wrong'), body: {} })).status, 200)
  })

  test('everywhere else an invalid one is refused', async () => {
    await using t = await openNpm()
    for (const path of ['/-/user/org.couchdb.user:olga', '/-/ping?from=/-/v1/login', '/-/whoami?write=true']) {
      assert.equal((await t.request('GET', path, { as: 'srg_x' })).status, 401, path)
    }
    const late = await t.request('PUT', '/-/user/org.couchdb.user:olga/-rev/1', { as: t.owner, body: { name: 'olga' } })
    assert.equal(late.status, 401)
  })
})

describe('the couch login', () => {
  test('takes the colon of the user encoded, and the password at once', async () => {
    await using t = await openNpm()
    assert.equal((await couchLogin(t, undefined, 'org.couchdb.user%3Aolga')).status, 201)
    const body = { name: 'olga', password }
    const once = await t.request('PUT', '/-/user/org.couchdb.user:olga', { body, headers: basic(password) })
    assert.equal(once.status, 201)
  })

  test('refuses a wrong password, and the password of another user', async () => {
    await using t = await openNpm()
    await t.aUser('other')
    for (const [name, secret] of [
      ['olga', 'wrong'],
      ['other', password],
    ] as const) {
      const path = `/-/user/org.couchdb.user:${name}/-rev/undefined`
      const answer = await t.request('PUT', path, { body: { name, password: secret }, headers: basic(secret) })
      assert.equal(answer.status, 401, name)
    }
  })

  test('a user who does not exist is 404 to who is signed in', async () => {
    await using t = await openNpm()
    assert.equal((await t.request('GET', '/-/user/org.couchdb.user:nobody', { as: t.owner })).status, 404)
    assert.equal((await t.request('GET', '/-/user/org.couchdb.user:olga')).status, 401)
  })
})
