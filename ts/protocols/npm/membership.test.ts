import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aPublishBody } from './publish-builder.ts'
import { json, type Npm, ok, openNpm } from './testing.ts'

/** `jane`, no member of anything yet, and her token. */
async function aPerson(t: Npm, username: string) {
  const user = await t.aUser(username)
  return { id: user.id, token: (await t.aToken(user)).text }
}

describe('npm org', () => {
  test('sets, lists and removes members', async () => {
    await using t = await openNpm()
    const jane = await aPerson(t, 'jane')
    const set = await json(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user: 'jane' } }))
    assert.deepEqual(set, { org: { name: 'acme', size: 2 }, user: 'jane', role: 'developer' })
    const list = () => t.request('GET', '/-/org/acme/user', { as: jane.token })
    assert.deepEqual(await json(await list()), { jane: 'developer', olga: 'owner' })
    await ok(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user: 'jane', role: 'admin' } }))
    assert.equal((await json(await list())).jane, 'admin')
    await ok(await t.request('DELETE', '/-/org/acme/user', { as: t.owner, body: { user: 'jane' } }))
    assert.equal((await list()).status, 404)
  })

  test('of a member changes nothing, and of a stranger finds nothing', async () => {
    await using t = await openNpm()
    const jane = await aPerson(t, 'jane')
    const john = await aPerson(t, 'john')
    await ok(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user: 'jane' } }))
    for (const [method, path, body] of [
      ['PUT', '/-/org/acme/user', { user: 'john' }],
      ['DELETE', '/-/org/acme/user', { user: 'jane' }],
      ['PUT', '/-/org/acme/team', { name: 'web' }],
    ] as const) {
      assert.equal((await t.request(method, path, { as: jane.token, body })).status, 403, path)
      const stranger = await t.request(method, path, { as: john.token, body })
      const never = await t.request(method, path.replace('acme', 'never'), { as: john.token, body })
      assert.deepEqual([stranger.status, await stranger.json()], [404, await never.json()])
      assert.equal((await t.request(method, path, { body })).status, 401)
    }
  })

  test('makes, changes and removes owners for owners alone', async () => {
    await using t = await openNpm()
    const admin = await aPerson(t, 'jane')
    await aPerson(t, 'eve')
    const acme = (await t.access.organizations.findByName('acme'))?.id ?? ''
    await t.access.organizations.setMember(acme, admin.id, 'admin')
    const send = (as: string, method: string, body: object) => t.request(method, '/-/org/acme/user', { as, body })
    const before = (await t.access.organizations.members(acme, {})).items
    for (const [method, body] of [
      ['PUT', { user: 'jane', role: 'owner' }],
      ['PUT', { user: 'eve', role: 'owner' }],
      ['PUT', { user: 'olga', role: 'developer' }],
      ['PUT', { user: 'olga' }],
      ['DELETE', { user: 'olga' }],
    ] as const) {
      const answer = await send(admin.token, method, body)
      assert.equal(answer.status, 403, JSON.stringify(body))
      assert.match(await answer.text(), /owners alone make, change and remove owners/)
    }
    assert.deepEqual((await t.access.organizations.members(acme, {})).items, before)
    await ok(await send(admin.token, 'PUT', { user: 'eve', role: 'admin' }))
    await ok(await send(t.owner, 'PUT', { user: 'eve', role: 'owner' }))
    assert.equal((await send(admin.token, 'DELETE', { user: 'eve' })).status, 403)
    await ok(await send(t.owner, 'PUT', { user: 'eve', role: 'developer' }))
    await ok(await send(admin.token, 'DELETE', { user: 'jane' }))
  })

  test('without a role leaves a member what it is', async () => {
    await using t = await openNpm()
    await aPerson(t, 'jane')
    const put = async (body: object) => json(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body }))
    await put({ user: 'jane', role: 'admin' })
    assert.equal((await put({ user: 'jane', role: null })).role, 'admin')
    assert.equal((await put({ user: 'jane' })).role, 'admin')
    assert.equal((await put({ user: 'olga' })).role, 'owner')
  })

  test('says what is wrong', async () => {
    await using t = await openNpm()
    const put = async (body: unknown) => {
      const response = await t.request('PUT', '/-/org/acme/user', { as: t.owner, body })
      const { error } = (await response.json()) as { error: string }
      return [response.status, error] as const
    }
    assert.deepEqual(await put({ user: 'nobody' }), [404, 'There is no user "nobody".'])
    assert.deepEqual(await put({}), [400, 'The body needs the field "user", a username.'])
    const [status, error] = await put({ user: 'olga', role: 'king' })
    assert.equal(status, 400)
    assert.match(error, /none of: owner, admin, developer/)
  })
})

describe('npm team', () => {
  test('creates, lists and destroys teams, and who is in them', async () => {
    await using t = await openNpm()
    const jane = await aPerson(t, 'jane')
    await ok(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user: 'jane' } }))
    await ok(await t.request('PUT', '/-/org/acme/team', { as: t.owner, body: { name: 'web' } }))
    assert.deepEqual(await json(await t.request('GET', '/-/org/acme/team?format=cli', { as: jane.token })), [
      'acme:web',
    ])
    await ok(await t.request('PUT', '/-/team/acme/web/user', { as: t.owner, body: { user: 'jane' } }))
    const users = async () => json(await t.request('GET', '/-/team/acme/web/user?format=cli', { as: jane.token }))
    assert.deepEqual(await users(), ['jane'])
    await ok(await t.request('DELETE', '/-/team/acme/web/user', { as: t.owner, body: { user: 'jane' } }))
    assert.deepEqual(await users(), [])
    await ok(await t.request('DELETE', '/-/team/acme/web', { as: t.owner }))
    assert.deepEqual(await json(await t.request('GET', '/-/org/acme/team', { as: jane.token })), [])
    assert.equal((await t.request('DELETE', '/-/team/acme/web', { as: t.owner })).status, 404)
  })

  test('members are changed by its maintainers, the team itself by the organization’s offices', async () => {
    await using t = await openNpm()
    const jane = await aPerson(t, 'jane')
    const john = await aPerson(t, 'john')
    for (const user of ['jane', 'john']) {
      await ok(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user } }))
    }
    const acme = await t.access.organizations.findByName('acme')
    const web = await t.access.teams.create({ organizationId: acme?.id ?? '', name: 'web' })
    const add = (as: string) => t.request('PUT', '/-/team/acme/web/user', { as, body: { user: 'john' } })
    await t.access.teams.setMember(web.id, jane.id, 'member')
    assert.equal((await add(jane.token)).status, 403)
    await t.access.teams.setMember(web.id, jane.id, 'maintainer')
    await ok(await add(jane.token))
    assert.equal((await add(john.token)).status, 403)
    assert.equal((await t.request('DELETE', '/-/team/acme/web', { as: jane.token })).status, 403)
  })

  test('takes members of the organization alone, and says what to do', async () => {
    await using t = await openNpm()
    await aPerson(t, 'jane')
    await ok(await t.request('PUT', '/-/org/acme/team', { as: t.owner, body: { name: 'web' } }))
    const response = await t.request('PUT', '/-/team/acme/web/user', { as: t.owner, body: { user: 'jane' } })
    assert.equal(response.status, 422)
    assert.match(JSON.stringify(await response.json()), /npm org set acme jane/)
  })
})

describe('npm access', () => {
  /** `@acme/lib` is published; jane is a member of acme and of its team `web`. */
  async function aTeam(t: Npm) {
    const jane = await aPerson(t, 'jane')
    await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
    await ok(await t.request('PUT', '/-/org/acme/user', { as: t.owner, body: { user: 'jane' } }))
    await ok(await t.request('PUT', '/-/org/acme/team', { as: t.owner, body: { name: 'web' } }))
    await ok(await t.request('PUT', '/-/team/acme/web/user', { as: t.owner, body: { user: 'jane' } }))
    const packages = async (path: string) => json(await t.request('GET', path, { as: jane.token }))
    return { jane, packages }
  }

  test('grant gives a team the repository of the package and says so; revoke takes it', async () => {
    await using t = await openNpm()
    const { jane, packages } = await aTeam(t)
    assert.deepEqual(await packages('/-/team/acme/web/package'), {})
    assert.equal((await t.publish(aPublishBody('@acme/lib', '1.1.0'), jane.token)).status, 403)
    const body = { package: '@acme/lib', permissions: 'read-write' }
    const granted = await ok(await t.request('PUT', '/-/team/acme/web/package', { as: t.owner, body }))
    assert.match(granted.headers.get('npm-notice') ?? '', /developer of all packages of the repository acme\/npm/)
    assert.deepEqual(await packages('/-/team/acme/web/package'), { '@acme/lib': 'write' })
    await ok(await t.publish(aPublishBody('@acme/lib', '1.1.0'), jane.token))
    await ok(await t.request('DELETE', '/-/team/acme/web/package', { as: t.owner, body: { package: '@acme/lib' } }))
    assert.deepEqual(await packages('/-/team/acme/web/package'), {})
    assert.equal((await t.publish(aPublishBody('@acme/new', '1.0.0'), jane.token)).status, 403)
  })

  test('grant is the repository’s administrators’, for packages that are there', async () => {
    await using t = await openNpm()
    const { jane } = await aTeam(t)
    const grant = (as: string, body: unknown) => t.request('PUT', '/-/team/acme/web/package', { as, body })
    assert.equal((await grant(jane.token, { package: '@acme/lib', permissions: 'read-write' })).status, 403)
    assert.equal((await grant(t.owner, { package: '@acme/nothing', permissions: 'read-write' })).status, 404)
    assert.equal((await grant(t.owner, { package: '@acme/lib', permissions: 'everything' })).status, 400)
    assert.equal((await grant(t.owner, { permissions: 'read-only' })).status, 400)
  })

  test('list packages shows what of an organization, or of oneself, may be read or written', async () => {
    await using t = await openNpm()
    const { packages } = await aTeam(t)
    assert.deepEqual(await packages('/-/org/acme/package'), { '@acme/lib': 'read' })
    assert.deepEqual(await packages('/-/user/jane/package'), { '@acme/lib': 'read' })
    assert.equal((await t.request('GET', '/-/user/jane/package', { as: t.owner })).status, 404)
    const own = await json(await t.request('GET', '/-/user/olga/package', { as: t.owner }))
    assert.deepEqual(own, { '@acme/lib': 'write' })
  })
})
