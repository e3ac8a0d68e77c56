import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aPublishBody } from './publish-builder.ts'
import { json, type Npm, ok, openNpm } from './testing.ts'

const password = 'correct horse battery'

function makeToken(t: Npm, body: object): Promise<Response> {
  return t.request('POST', '/-/npm/v1/tokens', { as: t.owner, body: { password, ...body } })
}

describe('tokens', () => {
  test('a granular one reaches the packages and scopes that it names, until it expires', async () => {
    await using t = await openNpm()
    const granular = { name: 'ci', packages: ['lib'], scopes: ['@acme'], expires: 7 }
    const made = await json(await makeToken(t, { ...granular, packages_and_scopes_permission: 'read-write' }))
    assert.ok(Math.abs(Date.parse(made.expires) - Date.now() - 7 * 86_400_000) < 60_000)
    for (const name of ['lib', '@acme/lib']) await ok(await t.publish(aPublishBody(name, '1.0.0'), made.token))
    // To a token that does not reach it, a package is not there.
    assert.equal((await t.publish(aPublishBody('other', '1.0.0'), made.token)).status, 404)
    const { packages } = await json(await makeToken(t, { scopes: ['acme', '@main'] }))
    assert.deepEqual(packages, ['@acme/*', '@main/*'])
  })

  test('what cannot be granted is refused, naming the field', async () => {
    await using t = await openNpm()
    const refused: [body: object, status: number, says: RegExp][] = [
      [{ packages_and_scopes_permission: 'read-write-stage-only' }, 404, /use read-only or read-write/],
      [{ expires: -1 }, 400, /in the future.*"field":"expires"/],
      [{ cidr_whitelist: ['10.0.0.0/99'] }, 400, /"field":"cidr_whitelist"/],
      [{ packages: ['a*b'] }, 400, /\\"a\*b\\" has a \\"\*\\" that is not at the end.*"field":"packages"/],
      [{ expires: 'soon' }, 400, /"field":"expires"/],
      [{ packages: 'lib' }, 400, /"field":"packages"/],
    ]
    for (const [body, status, says] of refused) {
      const answer = await makeToken(t, { readonly: false, ...body })
      const text = await answer.text()
      assert.equal(answer.status, status, text)
      assert.match(text, says)
    }
  })

  test('the list comes in pages, each naming the next, and a token is revoked by its own text', async () => {
    await using t = await openNpm()
    const { token } = await json(await makeToken(t, { name: 'short-lived' }))
    const first = await json(await t.request('GET', '/-/npm/v1/tokens?perPage=1', { as: t.owner }))
    assert.deepEqual([first.objects.length, first.total], [1, 2])
    const { pathname, search } = new URL(first.urls.next)
    const second = await json(await t.request('GET', pathname + search, { as: t.owner }))
    assert.notEqual(second.objects[0].key, first.objects[0].key)
    assert.deepEqual(second.urls, {})
    await ok(await t.request('DELETE', `/-/npm/v1/tokens/token/${token}`, { as: t.owner }))
    assert.equal((await t.request('GET', '/-/whoami', { as: token })).status, 401)
  })
})

describe('a token that came along', () => {
  test('makes and ends others with the action admin alone, whatever the password, and none wider than itself', async () => {
    await using t = await openNpm()
    const weak = await json(await makeToken(t, { readonly: true }))
    const body = { password }
    assert.equal((await t.request('POST', '/-/npm/v1/tokens', { as: weak.token, body })).status, 403)
    const other = await json(await makeToken(t, {}))
    const revoke = (key: string, as: string) => t.request('DELETE', `/-/npm/v1/tokens/token/${key}`, { as })
    assert.equal((await revoke(other.key, weak.token)).status, 403)
    assert.equal((await revoke(weak.key, weak.token)).status, 204)
    const user = await t.access.users.findByUsername('olga')
    const narrow = { actions: ['read', 'admin'] as const, expiresAt: Date.now() + 3_600_000 }
    const { text } = await t.access.tokens.create({ userId: user?.id ?? '', name: 'narrow', ...narrow })
    const answer = await t.request('POST', '/-/npm/v1/tokens', { as: text, body: { ...body, readonly: false } })
    assert.equal(answer.status, 403)
    assert.match(await answer.text(), /makes none that reaches further than itself/)
    const granular = await json(await makeToken(t, { packages: ['lib'], packages_and_scopes_permission: 'read-write' }))
    assert.equal((await t.request('GET', '/-/npm/v1/tokens', { as: granular.token })).status, 403)
  })
})

describe('logging out', () => {
  const logout = (t: Npm, token: string, as = token) => t.request('DELETE', `/-/user/token/${token}`, { as })

  test('ends the token that came along, also one that no longer works', async (context) => {
    await using t = await openNpm()
    const made = await json(await makeToken(t, { expires: 1 }))
    const valid = await json(await makeToken(t, {}))
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 * 86_400_000 })
    assert.equal((await t.request('GET', '/-/whoami', { as: made.token })).status, 401)
    for (const { token, key } of [made, valid]) {
      assert.deepEqual(await json(await logout(t, token)), { ok: true })
      assert.equal(await t.access.tokens.get(key), undefined)
      assert.deepEqual(await json(await logout(t, token)), { ok: true })
    }
  })

  test('of a rotated token ends the old secret alone', async () => {
    await using t = await openNpm()
    const made = await json(await makeToken(t, {}))
    const token = await t.access.tokens.get(made.key)
    const rotated = await t.access.tokens.rotate(token?.value.userId ?? '', made.key, 3600)
    await ok(await logout(t, made.token))
    assert.equal((await t.request('GET', '/-/whoami', { as: made.token })).status, 401)
    await ok(await t.request('GET', '/-/whoami', { as: rotated.text }))
  })

  test('with another token than that of the path needs one that works, of the same user', async () => {
    await using t = await openNpm()
    const { token, key } = await json(await makeToken(t, { expires: 1 }))
    for (const as of ['srg_unknown', '']) assert.equal((await logout(t, token, as)).status, 401)
    const { id } = await t.aUser('stranger')
    const stranger = (await t.aToken({ id })).text
    assert.equal((await logout(t, token, stranger)).status, 404)
    assert.ok(await t.access.tokens.get(key))
    await ok(await logout(t, token, t.owner))
    assert.equal(await t.access.tokens.get(key), undefined)
  })

  test('is nothing for a robot whose token works', async () => {
    await using t = await openNpm()
    const acme = await t.access.organizations.findByName('acme')
    const robot = await t.access.robots.create({ organizationId: acme?.id ?? '', name: 'ci' })
    const { text } = await t.aToken(robot)
    assert.equal((await logout(t, text)).status, 403)
    await t.access.authenticate({ kind: 'token', token: text }, '127.0.0.1')
  })
})

describe('the profile', () => {
  const change = (t: Npm, body: object, as = t.owner) => t.request('POST', '/-/npm/v1/user', { as, body })

  test('name, address and password change; the password only by who knows it', async () => {
    await using t = await openNpm()
    const profile = await json(await change(t, { fullname: 'Olga O.', email: 'o@example.com' }))
    assert.deepEqual([profile.fullname, profile.email, profile.tfa], ['Olga O.', 'o@example.com', false])
    const next = 'another long password'
    assert.equal((await change(t, { password: { old: 'wrong', new: next } })).status, 401)
    await ok(await change(t, { password: { old: password, new: next } }))
    const authorization = `Basic ${btoa(`olga:${next}`)}`
    await ok(await t.request('GET', '/-/whoami', { headers: { authorization } }))
  })

  test('two-factor sign-in is said to be missing', async () => {
    await using t = await openNpm()
    const answer = await change(t, { tfa: { mode: 'auth-only', password } })
    assert.equal(answer.status, 404)
    assert.match(await answer.text(), /not supported/)
  })
})
