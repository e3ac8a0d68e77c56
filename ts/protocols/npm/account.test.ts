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
      [{ expires: -1 }, 400, /in the future/],
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
