import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { testPassword } from '../../testing/access.ts'
import { heardReads } from '../../testing/heard-reads.ts'
import { type Auth, basic, bodyOf, openAuth } from '../../testing/oci-auth.ts'

const list = (name: string) => `/v2/${name}/tags/list`
const uploads = (name: string) => `/v2/${name}/blobs/uploads/`

/** Status, challenge and body, the name that was asked for left out. */
async function answerOf(response: Response, name: string): Promise<string> {
  const headers = [...response.headers].filter(([key]) => key !== 'x-request-id' && key !== 'content-length')
  return JSON.stringify([response.status, headers, await response.text()]).replaceAll(name, 'NAME')
}

describe('GET and HEAD of /v2/', () => {
  test('send who comes with nothing to the token service, by the address that it came by', async () => {
    await using t = await openAuth()
    for (const path of ['/v2/', '/v2']) {
      for (const method of ['GET', 'HEAD']) {
        const response = await t.request(method, path)
        assert.equal(response.status, 401)
        const challenge = 'Bearer realm="http://registry.example.com/v2/token",service="stowage"'
        assert.equal(response.headers.get('www-authenticate'), challenge)
        assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0')
      }
    }
  })

  test('answer whoever has good credentials, also for nobody', async () => {
    await using t = await openAuth()
    const good = [
      basic('olga', testPassword),
      basic('olga@example.com', testPassword),
      basic('token', t.olga.text),
      { authorization: `Bearer ${t.olga.text}` },
      { authorization: `Bearer ${await t.tokenFor(t.olga.text)}` },
      { authorization: `Bearer ${await t.tokenFor(undefined)}` },
    ]
    for (const headers of good) {
      const response = await t.request('GET', '/v2/', { headers })
      assert.equal(`${response.status} ${await response.text()}`, '200 {}')
      assert.equal(response.headers.get('docker-distribution-api-version'), 'registry/2.0')
    }
  })

  test('refuse what is presented and not good, with the challenge', async () => {
    await using t = await openAuth()
    const user = await t.access.users.get(t.olga.id)
    assert.ok(user)
    const session = await t.access.sessions.open(user)
    const jwt = await t.tokenFor(t.olga.text)
    for (const bearer of ['x', `${jwt}x`, session.accessToken, session.refreshToken, t.olga.text.slice(0, -1)]) {
      const response = await t.request('GET', '/v2/', { as: bearer })
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=.*,error="invalid_token"$/)
    }
    assert.equal((await t.request('GET', '/v2/', { headers: basic('olga', 'wrong') })).status, 401)
  })
})

test('a token of the token service is good for images alone', async () => {
  await using t = await openAuth()
  const as = await t.tokenFor(t.olga.text, 'repository:acme/app:*', 'registry:catalog:*')
  for (const path of ['/api/v1/users/me', '/api/v1/organizations', '/npm/-/whoami', '/-/whoami']) {
    assert.equal((await t.request('GET', path, { as })).status, 401, path)
  }
})

describe('a token of scopes', () => {
  const cases: [scopes: string[], method: string, path: string, status: number][] = [
    [['repository:acme/app:pull'], 'GET', list('acme/app'), 404],
    [['repository:acme/app:pull'], 'GET', list('acme/other'), 401],
    [['repository:acme/app:pull'], 'POST', uploads('acme/app'), 401],
    [['repository:acme/app:push'], 'GET', list('acme/app'), 401],
    [['repository:acme/app:pull,push'], 'DELETE', '/v2/acme/app/manifests/latest', 401],
    [['repository:acme/app:pull'], 'GET', '/v2/_catalog', 401],
    [['registry:catalog:*'], 'GET', list('acme/app'), 401],
    [[], 'GET', list('acme/app'), 401],
  ]
  test('reaches what it names, for what it names, and nothing else', async () => {
    await using t = await openAuth()
    for (const [scopes, method, path, status] of cases) {
      const response = await t.request(method, path, { as: await t.tokenFor(t.olga.text, ...scopes) })
      assert.equal(response.status, status, `${scopes}: ${method} ${path}`)
      const challenge = response.headers.get('www-authenticate') ?? ''
      if (status === 401) assert.match(challenge, /scope="re[^"]*",error="insufficient_scope"$/)
    }
  })

  const endings: [what: string, end: (t: Auth) => Promise<unknown>][] = [
    ['the token that it came by is revoked', (t) => t.access.tokens.revokeAll(t.mona.id)],
    [
      'that token gets another secret',
      async (t) => {
        const { items } = await t.access.tokens.list(t.mona.id, {})
        await t.access.tokens.rotate(t.mona.id, items[0]?.id ?? '', 0)
      },
    ],
    ['the user is disabled', (t) => t.access.users.setActive(t.mona.id, false)],
    [
      'the right is taken back',
      async (t) => {
        const images = await t.access.repositories.find(t.acme, 'oci', 'oci')
        await t.access.grants.removePermission(images?.id ?? '', t.mona.id)
      },
    ],
    [
      'the repository is deleted',
      async (t) => {
        const images = await t.access.repositories.find(t.acme, 'oci', 'oci')
        await t.access.deletions.beginRepository(images?.id ?? '')
      },
    ],
  ]
  for (const [what, end] of endings) {
    test(`ends when ${what}`, async () => {
      await using t = await openAuth()
      const as = await t.tokenFor(t.mona.text, 'repository:acme/app:pull')
      assert.equal((await t.request('GET', list('acme/app'), { as })).status, 404)
      await end(t)
      assert.equal((await t.request('GET', list('acme/app'), { as })).status, 401)
    })
  }

  test('ends when the password that it came by is changed', async () => {
    await using t = await openAuth()
    const path = '/v2/token?scope=repository:acme/app:pull'
    const as = (await bodyOf(await t.request('GET', path, { headers: basic('mona', testPassword) }))).token
    assert.equal((await t.request('GET', list('acme/app'), { as })).status, 404)
    await t.access.users.setPassword(t.mona.id, 'another horse battery')
    assert.equal((await t.request('GET', list('acme/app'), { as })).status, 401)
  })

  test('is as narrow as the token that it came by', async () => {
    await using t = await openAuth()
    const { text } = await t.aToken(t.olga, { packages: ['app'] })
    const as = await t.tokenFor(text, 'repository:acme/app:*', 'repository:acme/other:*')
    assert.equal((await t.request('GET', list('acme/app'), { as })).status, 404)
    assert.equal((await t.request('GET', list('acme/other'), { as })).status, 401)
  })
})

describe('what may not be read looks like what does not exist', () => {
  // In an organization; beside a default repository; a repository of a name with three components.
  const pairs: [hidden: string, missing: string][] = [
    ['acme/app', 'none/app'],
    ['acme/tools/app', 'acme/other/app'],
    ['acme/tools/app', 'none/other/app'],
  ]
  const ways: [who: string, credentials: (t: Auth, name: string) => Promise<Record<string, string>>][] = [
    ['nobody', async () => ({})],
    ['nobody with a token', async (t, name) => bearer(await t.tokenFor(undefined, `repository:${name}:*`))],
    ['a stranger', async (t) => bearer(t.rita.text)],
    ['a stranger by Basic', async (t) => basic('rita', t.rita.text)],
    [
      'a stranger with a token of scopes',
      async (t, name) => bearer(await t.tokenFor(t.rita.text, `repository:${name}:*`)),
    ],
  ]
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const requests: [method: string, path: (name: string) => string][] = [
    ['GET', list],
    ['HEAD', (name) => `/v2/${name}/manifests/latest`],
    ['GET', (name) => `/v2/${name}/blobs/sha256:${'a'.repeat(64)}`],
    ['POST', uploads],
    ['DELETE', (name) => `/v2/${name}/manifests/latest`],
  ]
  for (const [who, credentials] of ways) {
    test(`to ${who}, in its answers and its look-ups`, async () => {
      const asked: string[] = []
      await using t = await openAuth((engine) => heardReads(engine, asked))
      for (const [method, path] of requests) {
        for (const pair of pairs) {
          const [hidden, missing] = await Promise.all(
            pair.map(async (name) => ({ name, headers: await credentials(t, name) })),
          )
          assert.ok(hidden && missing)
          const seen: string[] = []
          for (const { name, headers } of [hidden, missing]) {
            await t.access.users.setProfile(t.rita.id, { displayName: 'Who' })
            asked.length = 0
            const response = await t.request(method, path(name), { headers })
            seen.push(`${await answerOf(response, name)} ${asked.join()}`)
          }
          assert.equal(seen[0], seen[1], `${method} ${pair}`)
        }
      }
    })
  }

  test('to the token service, in its answers and its look-ups', async () => {
    const asked: string[] = []
    await using t = await openAuth((engine) => heardReads(engine, asked))
    for (const as of [undefined, t.rita.text]) {
      for (const pair of pairs) {
        const seen: string[] = []
        for (const name of pair) {
          await t.access.users.setProfile(t.rita.id, { displayName: 'Who' })
          asked.length = 0
          const {
            token: _,
            access_token: __,
            issued_at: ___,
            ...rest
          } = await bodyOf(await t.ask(as, `repository:${name}:*`))
          seen.push(`${JSON.stringify(rest)} ${asked.join()}`)
        }
        assert.equal(seen[0], seen[1], `${pair}`)
      }
    }
  })

  test('to who may read the default repository, too: a hidden repository is an image that is not there', async () => {
    await using t = await openAuth()
    for (const method of ['GET', 'DELETE']) {
      for (const headers of [
        bearer(t.mona.text),
        bearer(await t.tokenFor(t.mona.text, 'repository:acme/tools/app:pull', 'repository:acme/other/app:pull')),
      ]) {
        const path = (name: string) => (method === 'GET' ? list(name) : `/v2/${name}/manifests/latest`)
        const answers = await Promise.all(
          ['acme/tools/app', 'acme/other/app'].map(async (name) =>
            answerOf(await t.request(method, path(name), { headers }), name),
          ),
        )
        assert.equal(answers[0], answers[1])
      }
    }
  })
})

describe('a mount', () => {
  const body = Buffer.from('a layer')
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`

  test('takes from an image that the client may pull, by its scopes, too; else the upload goes on', async () => {
    await using t = await openAuth()
    const pushed = await t.request('POST', `${uploads('acme/tools/app')}?digest=${digest}`, { as: t.olga.text, body })
    assert.equal(pushed.status, 201)
    const mount = (as: string, from: string) =>
      t.request('POST', `${uploads('acme/app')}?mount=${digest}${from}`, { as })
    const [target, source] = ['repository:acme/app:pull,push', 'repository:acme/tools/app:pull']
    const narrow = await t.tokenFor(t.olga.text, target)
    for (const from of ['', '&from=acme/tools/app', '&from=none/app', '&from=No/name']) {
      for (const as of [narrow, t.mona.text]) {
        const response = await mount(as, from)
        assert.equal(response.status, 202, from)
        assert.ok(response.headers.get('location')?.includes('/blobs/uploads/'))
      }
    }
    const wide = await t.tokenFor(t.olga.text, target, source)
    assert.equal((await mount(wide, '&from=acme/tools/app')).status, 201)
  })
})

describe('a push', () => {
  test('makes the default repository for who may make it, after looking for its layers', async () => {
    await using t = await openAuth()
    await t.access.organizations.create({ name: 'fresh', ownerId: t.olga.id })
    const as = await t.tokenFor(t.olga.text, 'repository:fresh/app:pull,push')
    const blob = `/v2/fresh/app/blobs/sha256:${'a'.repeat(64)}`
    assert.equal((await t.request('HEAD', blob, { as })).status, 404)
    const fresh = await t.access.organizations.findByName('fresh')
    assert.equal(await t.access.repositories.find(fresh?.id ?? '', 'oci', 'oci'), undefined)
    assert.notEqual((await t.request('POST', uploads('fresh/app'), { as })).status, 401)
    assert.ok(await t.access.repositories.find(fresh?.id ?? '', 'oci', 'oci'))
    assert.equal((await t.request('HEAD', blob, { as })).status, 404)
  })

  test('to the default repository of a name that a repository has is refused, and the other way round', async () => {
    await using t = await openAuth()
    for (const name of ['acme/tools', 'acme/open']) {
      const response = await t.request('POST', uploads(name), { as: t.olga.text })
      assert.equal(response.status, 409)
      const [error] = (await bodyOf(response)).errors
      assert.equal(error.code, 'DENIED')
      assert.match(error.message, /a repository of the organization has it/)
    }
    await t.request('POST', uploads('acme/team/app'), { as: t.olga.text })
    await assert.rejects(t.repository('team'), { code: 'name_taken' })
  })

  test('leads to the default organization when the name has one component', async () => {
    await using t = await openAuth()
    const main = await t.access.organizations.findByName('main')
    await t.access.organizations.setMember(main?.id ?? '', t.olga.id, 'owner')
    await t.request('POST', uploads('app'), { as: t.olga.text })
    assert.ok(await t.access.repositories.find(main?.id ?? '', 'oci', 'oci'))
  })

  test('of who may read and not write is refused as such, by Basic; by a token of scopes as all is', async () => {
    await using t = await openAuth()
    const path = uploads('acme/open/app')
    assert.equal((await t.request('POST', path, { headers: basic('x', t.rita.text) })).status, 403)
    const as = await t.tokenFor(t.rita.text, 'repository:acme/open/app:pull,push')
    assert.equal((await t.request('POST', path, { as })).status, 401)
  })
})

test('a name outside the grammar is refused as such, whoever asks', async () => {
  await using t = await openAuth()
  for (const as of [undefined, t.olga.text]) {
    const response = await t.request('GET', list('acme/App'), { as })
    assert.equal(response.status, 400)
    const [error] = (await bodyOf(response)).errors
    assert.equal(error.code, 'NAME_INVALID')
    assert.match(error.message, /Write "app" instead of "App"/)
  }
})
