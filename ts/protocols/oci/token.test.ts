import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import jwt from 'jsonwebtoken'
import { testPassword } from '../../testing/access.ts'
import { heardReads } from '../../testing/heard-reads.ts'
import { type Auth, basic, bodyOf, openAuth, scopesOf } from '../../testing/oci-auth.ts'

describe('the token service gives', () => {
  const cases: [who: 'olga' | 'mona' | 'rita' | undefined, scopes: string[], given: string][] = [
    ['olga', ['repository:acme/app:pull,push,delete'], 'acme/app read,write,delete'],
    ['olga', ['repository:acme/app:*'], 'acme/app read,write,delete'],
    [
      'olga',
      ['repository:acme/app:pull', 'repository:acme/tools/x:pull,push'],
      'acme/app read; acme/tools/x read,write',
    ],
    ['olga', ['repository:acme/app:pull repository:acme/b:pull'], 'acme/app read; acme/b read'],
    ['olga', ['repository:acme/app:fly', 'repository:Acme/app:pull', 'nonsense', 'repository:a//b:pull'], ''],
    ['olga', ['registry:catalog:*'], 'catalog read'],
    ['olga', [], ''],
    ['mona', ['repository:acme/app:pull,push,delete'], 'acme/app read,write'],
    ['mona', ['repository:acme/oci/app:pull'], 'acme/oci/app read'],
    ['mona', ['repository:acme/tools:pull'], 'acme/tools read'],
    ['mona', ['repository:acme/open/app:pull,push'], 'acme/open/app read'],
    ['rita', ['repository:acme/app:pull', 'repository:acme/tools/x:pull,push', 'repository:none/app:pull'], ''],
    ['rita', ['repository:acme/open/app:pull,push', 'repository:acme/app:pull'], 'acme/open/app read'],
    [undefined, ['repository:acme/open/app:pull,push', 'repository:acme/app:pull'], 'acme/open/app read'],
    [undefined, ['repository:acme/app:pull,push,delete', 'repository:none/none:pull'], ''],
    [undefined, ['registry:catalog:*'], 'catalog read'],
  ]
  let t: Auth
  before(async () => {
    t = await openAuth()
  })
  after(() => t[Symbol.asyncDispose]())
  for (const [who, scopes, given] of cases) {
    test(`${who ?? 'nobody'} of ${scopes.join(' and ') || 'nothing'}: ${given || 'nothing'}`, async () => {
      assert.equal(scopesOf(await t.tokenFor(who && t[who].text, ...scopes)), given)
    })
  }
})

describe('the token service gives also', () => {
  test('a narrowed token no more than it may do itself', async () => {
    await using t = await openAuth()
    const asked = ['repository:acme/app:*', 'repository:acme/tools/x:*', 'repository:acme/other:*']
    const given = async (limits: object) => scopesOf(await t.tokenFor((await t.aToken(t.olga, limits)).text, ...asked))
    assert.equal(await given({ actions: ['read'] }), 'acme/app read; acme/tools/x read; acme/other read')
    assert.equal(await given({ actions: ['write'] }), 'acme/app write; acme/tools/x write; acme/other write')
    assert.equal(await given({ protocols: ['npm'] }), '')
    assert.equal(await given({ organizations: ['org_other'] }), '')
    const tools = await t.access.repositories.find(t.acme, 'oci', 'tools')
    assert.equal(await given({ repositories: [tools?.id ?? ''] }), 'acme/tools/x read,write,delete')
    assert.equal(await given({ packages: ['app'] }), 'acme/app read,write,delete')
  })

  test('who is not signed in ten scopes, having looked for nothing but the right to pull', async () => {
    const asked: string[] = []
    await using t = await openAuth((engine) => heardReads(engine, asked))
    const looked = async (count: number, actions: string) => {
      const scopes = Array.from({ length: count }, (_, at) => `repository:none-${actions.length}-${at}/app:${actions}`)
      asked.length = 0
      await t.tokenFor(undefined, ...scopes)
      return asked.length
    }
    // What is read once, of the platform.
    await looked(1, 'pull,push,delete')
    const ofOne = await looked(1, 'pull')
    assert.equal(await looked(1, '*'), ofOne)
    assert.equal(await looked(50, 'pull,push'), await looked(10, 'pull,delete'))
    const names = Array.from({ length: 11 }, (_, at) => `acme/open/app-${at}`)
    const scopes = scopesOf(await t.tokenFor(undefined, ...names.map((name) => `repository:${name}:pull`)))
    assert.deepEqual(
      scopes.split('; '),
      names.slice(0, 10).map((name) => `${name} read`),
    )
  })

  test("a robot's token what the robot may do", async () => {
    await using t = await openAuth()
    const robot = await t.access.robots.create({ organizationId: t.acme, name: 'ci' })
    const images = await t.access.repositories.find(t.acme, 'oci', 'oci')
    await t.access.grants.setPermission(images?.id ?? '', { holderId: robot.id, role: 'developer' })
    const { text } = await t.access.tokens.create({ userId: robot.id, name: 'ci', actions: ['read', 'write'] })
    const as = await t.tokenFor(text, 'repository:acme/app:*', 'repository:acme/open/app:*')
    assert.equal(scopesOf(as), 'acme/app read,write; acme/open/app read')
    assert.equal((await t.request('GET', '/v2/acme/app/tags/list', { as })).status, 404)
    await t.access.robots.configure(robot.id, { isActive: false })
    assert.equal((await t.request('GET', '/v2/acme/app/tags/list', { as })).status, 401)
  })

  test('who may make the default repository what its first push asks for', async () => {
    await using t = await openAuth()
    await t.access.organizations.create({ name: 'fresh', ownerId: t.olga.id })
    const asked = 'repository:fresh/app:pull,push'
    assert.equal(scopesOf(await t.tokenFor(t.olga.text, asked)), 'fresh/app read,write')
    assert.equal(scopesOf(await t.tokenFor(t.mona.text, asked)), '')
    assert.equal(await t.access.repositories.find(t.acme, 'oci', 'app'), undefined)
  })

  test('an answer as clients read it, once', async () => {
    await using t = await openAuth()
    const response = await t.ask(t.olga.text, 'repository:acme/app:pull')
    const { token, access_token, expires_in, issued_at, ...rest } = await bodyOf(response)
    assert.equal(token, access_token)
    assert.equal(expires_in, 300)
    assert.match(issued_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
    assert.deepEqual(rest, {})
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const claims = jwt.decode(token) as jwt.JwtPayload
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 300)
    assert.equal(token.includes(t.olga.text), false)
  })
})

describe('the token service refuses', () => {
  test('what is presented and not good: 401, and no token', async () => {
    await using t = await openAuth()
    const wrong = [
      basic('olga', 'wrong password'),
      basic('nobody', testPassword),
      basic('olga', t.olga.text.replace(/.$/, '_')),
      { authorization: 'Basic bm9jb2xvbg==' },
      { authorization: 'Digest x' },
      { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
      { authorization: `Bearer ${await t.tokenFor(t.olga.text)}` },
    ]
    for (const headers of wrong) {
      const response = await t.request('GET', '/v2/token?scope=registry:catalog:*', { headers })
      assert.equal(response.status, 401, headers.authorization)
      assert.equal(response.headers.get('www-authenticate'), 'Basic realm="stowage"')
      assert.equal((await bodyOf(response)).errors[0].code, 'UNAUTHORIZED')
    }
  })

  test('forms that it does not understand, saying what it takes', async () => {
    await using t = await openAuth()
    const refused: [form: Record<string, string>, status: number, why: RegExp][] = [
      [{}, 400, /must be .{1,3}password/],
      [{ grant_type: 'authorization_code' }, 400, /not .{1,3}authorization_code/],
      [{ grant_type: 'refresh_token' }, 400, /refresh_token is missing/],
      [{ grant_type: 'refresh_token', refresh_token: '' }, 400, /refresh_token is missing/],
      [{ grant_type: 'refresh_token', refresh_token: 'x' }, 401, /Sign in again/],
      [{ grant_type: 'refresh_token', refresh_token: await t.tokenFor(undefined) }, 401, /Sign in again/],
      [{ grant_type: 'password', username: 'olga', password: 'wrong' }, 401, /Wrong username or password/],
      [{ grant_type: 'password', service: 'elsewhere' }, 400, /for the service/],
    ]
    for (const [form, status, why] of refused) {
      const response = await t.post(form)
      assert.equal(response.status, status)
      assert.match(await response.text(), why)
    }
    const json = await t.request('POST', '/v2/token', { body: { grant_type: 'password' } })
    assert.equal(json.status, 415)
    const huge = await t.post({ grant_type: 'password', username: 'x'.repeat(300_000) })
    assert.equal(huge.status, 413)
  })

  test('guesses of passwords after some of them, as every sign-in does', async () => {
    await using t = await openAuth()
    const wrong = basic('olga', 'wrong')
    for (let i = 0; i < 5; i++) await t.request('GET', '/v2/token', { headers: wrong })
    const response = await t.request('GET', '/v2/token', { headers: basic('olga', testPassword) })
    assert.equal(response.status, 429)
    assert.ok(Number(response.headers.get('retry-after')) >= 1)
  })
})

describe('signing in', () => {
  test('works with a password, by name and by address, a token as the password of anybody, and a form', async () => {
    await using t = await openAuth()
    const scope = 'repository:acme/app:pull'
    const path = `/v2/token?scope=${scope}`
    for (const headers of [
      basic('olga', testPassword),
      basic('olga@example.com', testPassword),
      basic('anything', t.olga.text),
      basic('', t.olga.text),
      basic('x'.repeat(8000), t.olga.text),
      { authorization: `Bearer ${t.olga.text}` },
      { authorization: `bearer ${t.olga.text}` },
    ]) {
      const response = await t.request('GET', path, { headers })
      assert.equal(scopesOf((await bodyOf(response)).token), 'acme/app read')
    }
    for (const password of [testPassword, t.olga.text]) {
      const form = { grant_type: 'password', service: 'stowage', client_id: 'containerd', username: 'olga' }
      const { access_token, scope: granted, ...rest } = await bodyOf(await t.post({ ...form, password, scope }))
      assert.equal(scopesOf(access_token), 'acme/app read')
      assert.equal(granted, scope)
      assert.deepEqual(Object.keys(rest).sort(), ['expires_in', 'issued_at', 'token_type'])
    }
  })

  test('is an entry of the audit trail, refused or not', async () => {
    await using t = await openAuth()
    const headers = basic('mona', testPassword)
    await t.request('GET', '/v2/token', { headers })
    await t.post({ grant_type: 'password', username: 'rita', password: 'wrong' })
    const { items } = await t.trail.query({ order: 'descending', limit: 2 })
    const told = items.map(({ value }) => `${value.action} ${value.targetName} ${value.outcome}`)
    assert.deepEqual(told, ['session.start rita refused', 'session.start mona success'])
  })
})

describe('a refresh token', () => {
  const login = '/v2/token?service=stowage&client_id=docker&offline_token=true'

  test('is a token of the list, named for the client, limited to images and a year', async () => {
    await using t = await openAuth()
    const answer = await bodyOf(await t.request('GET', login, { headers: basic('olga', testPassword) }))
    const token = await t.access.tokens.find(answer.refresh_token ?? '')
    assert.ok(token)
    const { name, protocols, actions, userId, expiresAt = 0 } = token.value
    assert.deepEqual(
      [name, protocols, actions, userId],
      ['docker login', ['oci'], ['read', 'write', 'delete'], t.olga.id],
    )
    assert.ok(Math.abs(expiresAt - Date.now() - 365 * 86_400_000) < 60_000)
    const form = { grant_type: 'refresh_token', service: 'stowage', refresh_token: answer.refresh_token ?? '' }
    const refreshed = await bodyOf(await t.post({ ...form, scope: 'repository:acme/app:pull,push' }))
    assert.equal(scopesOf(refreshed.access_token), 'acme/app read,write')
    assert.equal(refreshed.refresh_token, answer.refresh_token)
    await t.access.tokens.revoke(t.olga.id, token.id)
    assert.equal((await t.post(form)).status, 401)
    assert.equal((await t.request('GET', '/v2/acme/app/tags/list', { as: refreshed.access_token })).status, 401)
  })

  test('ends with the password that it was given for, and with the user', async () => {
    await using t = await openAuth()
    const sign = async (password: string) =>
      (await bodyOf(await t.request('GET', login, { headers: basic('mona', password) }))).refresh_token ?? ''
    const uses = async (token: string): Promise<number[]> => {
      const asked = [
        t.post({ grant_type: 'refresh_token', refresh_token: token, scope: 'repository:acme/app:pull' }),
        t.request('GET', '/v2/', { headers: basic('mona', token) }),
        t.request('GET', '/v2/', { headers: { authorization: `Bearer ${token}` } }),
      ]
      return (await Promise.all(asked)).map(({ status }) => status)
    }
    const old = await sign(testPassword)
    const form = { grant_type: 'refresh_token', refresh_token: old, scope: 'repository:acme/app:pull' }
    const as = (await bodyOf(await t.post(form))).access_token
    assert.equal((await t.request('GET', '/v2/acme/app/tags/list', { as })).status, 404)

    await t.access.users.setPassword(t.mona.id, 'another horse battery')
    assert.deepEqual(await uses(old), [401, 401, 401])
    assert.equal((await t.request('GET', '/v2/acme/app/tags/list', { as })).status, 401)
    const fresh = await sign('another horse battery')
    assert.deepEqual(await uses(fresh), [200, 200, 200])
    // Gone from the list; what was made by hand is not touched.
    assert.equal(await t.access.tokens.find(old), undefined)
    assert.deepEqual(await uses(t.mona.text), [200, 200, 200])

    await t.access.users.setActive(t.mona.id, false)
    assert.deepEqual(await uses(fresh), [401, 401, 401])
    await t.access.removeUser(t.mona.id)
    assert.equal(await t.access.tokens.find(fresh), undefined)
  })

  test('that its user gave a new secret is a token like those made by hand', async () => {
    await using t = await openAuth()
    const answer = await bodyOf(await t.request('GET', login, { headers: basic('mona', testPassword) }))
    const token = await t.access.tokens.find(answer.refresh_token ?? '')
    const { text } = await t.access.tokens.rotate(t.mona.id, token?.id ?? '', 0)
    await t.access.users.setPassword(t.mona.id, 'another horse battery')
    assert.equal((await t.request('GET', '/v2/', { headers: basic('mona', text) })).status, 200)
  })

  test('is not made for who asks for none, is nobody, or came with a token', async () => {
    await using t = await openAuth()
    const before = (await t.access.tokens.list(t.olga.id, {})).items.length
    const asked: [path: string, headers: Record<string, string>][] = [
      ['/v2/token?offline_token=false', basic('olga', testPassword)],
      [login, {}],
      [login, basic('token', t.olga.text)],
    ]
    for (const [path, headers] of asked) {
      const answer = await bodyOf(await t.request('GET', path, { headers }))
      assert.equal(answer.refresh_token, undefined)
    }
    assert.equal((await t.access.tokens.list(t.olga.id, {})).items.length, before)
  })

  test('lives no longer than tokens may', async () => {
    await using t = await openAuth()
    await t.access.platformSettings.change({ maxTokenLifetimeDays: 7 })
    const answer = await bodyOf(await t.request('GET', login, { headers: basic('olga', testPassword) }))
    const { expiresAt = 0 } = (await t.access.tokens.find(answer.refresh_token ?? ''))?.value ?? {}
    assert.ok(Math.abs(expiresAt - Date.now() - 7 * 86_400_000) < 60_000)
  })

  test('is one of at most 20 of a client, the last used; other tokens stay', async () => {
    await using t = await openAuth()
    const sign = async (client: string) => {
      const path = `/v2/token?client_id=${client}&offline_token=true`
      const answer = await bodyOf(await t.request('GET', path, { headers: basic('mona', testPassword) }))
      return answer.refresh_token ?? ''
    }
    const other = await sign('podman')
    const first = await sign('docker')
    const second = await sign('docker')
    // Used, so that it outlives the second.
    await t.post({ grant_type: 'refresh_token', refresh_token: first })
    for (let i = 0; i < 19; i++) await sign('docker')
    const { items } = await t.access.tokens.list(t.mona.id, { limit: 100 })
    assert.equal(items.filter(({ value }) => value.name === 'docker login').length, 20)
    assert.equal(await t.access.tokens.find(second), undefined)
    for (const kept of [first, other, t.mona.text]) assert.ok(await t.access.tokens.find(kept))
  })
})
