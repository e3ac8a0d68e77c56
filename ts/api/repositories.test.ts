import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Visibility } from '../metadata/access-schema.ts'
import { openTestApi } from './testing.ts'

/** An organization `acme` with one of each office, a repository `tools`, somebody with each role there, and a robot. */
async function setUp(visibility: Visibility = 'private') {
  const t = await openTestApi()
  const { access } = t
  const root = await t.someone('root', { isPlatformAdmin: true })
  const [owner, member, stranger] = [await t.someone('owner'), await t.someone('member'), await t.someone('stranger')]
  const { id } = await access.organizations.create({ name: 'acme', ownerId: owner.id })
  await access.organizations.setMember(id, member.id, 'member')
  const place = { organizationId: id, protocol: 'npm', createdBy: owner.id }
  const tools = await access.repositories.create({ ...place, name: 'tools', visibility })
  const [reader, admin] = [await t.someone('reader'), await t.someone('admin')]
  await access.grants.setPermission(tools.id, { holderId: reader.id, role: 'reader' })
  await access.grants.setPermission(tools.id, { holderId: admin.id, role: 'admin' })
  const robot = await access.robots.create({ organizationId: id, name: 'ci' })
  const tokens = {
    anonymous: undefined,
    stranger: stranger.token,
    robot: (await t.aToken(robot)).text,
    reader: reader.token,
    member: member.token,
    admin: admin.token,
    owner: owner.token,
    root: root.token,
  }
  return {
    t,
    access,
    id,
    place,
    tools,
    robot,
    ...{ root, owner, member, stranger, reader, admin },
    tokens,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

type Row = [line: string, body: object | undefined, ...statuses: number[]]

describe('who may do what with a private repository', () => {
  // anonymous, stranger, robot, reader, member, repository admin, organization owner, platform admin
  const rows: Row[] = [
    ['GET /repositories', undefined, 200, 200, 200, 200, 200, 200, 200, 200],
    ['GET /organizations/acme/repositories', undefined, 401, 404, 200, 404, 200, 404, 200, 200],
    ['GET /organizations/none/repositories', undefined, 401, 404, 404, 404, 404, 404, 404, 404],
    ['POST /organizations/acme/repositories', { protocol: 'npm', name: 'NEW' }, 401, 404, 403, 404, 403, 404, 201, 201],
    ['POST /organizations/none/repositories', { protocol: 'npm', name: 'NEW' }, 401, 404, 404, 404, 404, 404, 404, 404],
    ['GET /repositories/TOOLS', undefined, 401, 404, 404, 200, 200, 200, 200, 200],
    ['GET /repositories/repo_none', undefined, 401, 404, 404, 404, 404, 404, 404, 404],
    ['PUT /repositories/TOOLS', { description: 'Ours' }, 401, 404, 404, 403, 403, 200, 200, 200],
    ['GET /repositories/TOOLS/permissions', undefined, 401, 404, 404, 403, 403, 200, 200, 200],
    ['PUT /repositories/TOOLS/permissions/reader', { role: 'reader' }, 401, 404, 404, 403, 403, 200, 200, 200],
    ['DELETE /repositories/TOOLS/permissions/nobody', undefined, 401, 404, 404, 403, 403, 404, 404, 404],
    ['DELETE /repositories/TOOLS', { name: 'mistaken' }, 401, 404, 404, 403, 403, 422, 422, 422],
    ['DELETE /organizations/acme', { name: 'mistaken' }, 401, 404, 403, 404, 403, 404, 422, 422],
    ['GET /admin/deleted-names', undefined, 401, 403, 403, 403, 403, 403, 403, 200],
    ['DELETE /admin/deleted-names/org_none', undefined, 401, 403, 403, 403, 403, 403, 403, 404],
  ]
  test('row by row', async (context) => {
    await using s = await setUp()
    let count = 0
    for (const [line, body, ...expected] of rows) {
      await context.test(line, async () => {
        const told: number[] = []
        for (const as of Object.values(s.tokens)) {
          const named = body && JSON.parse(JSON.stringify(body).replace('NEW', `new-${count++}`))
          told.push((await s.t.ask(line.replace('TOOLS', s.tools.id), { as, body: named })).status)
        }
        assert.deepEqual(told, expected)
      })
    }
  })

  test('a stranger is told the same of one that exists and one that does not', async () => {
    await using s = await setUp()
    const told = await Promise.all(
      [s.tools.id, 'repo_none'].map((id) => s.t.ask(`GET /repositories/${id}`, { as: s.stranger.token })),
    )
    const [there, not] = told.map(({ body: { requestId: _, ...problem }, headers }) => [problem, [...headers.keys()]])
    assert.deepEqual(there, not)
  })
})

describe('the list of repositories', () => {
  const names = async (s: Awaited<ReturnType<typeof setUp>>, as: string | undefined, query = '') =>
    (await s.t.ask(`GET /repositories${query}`, { as })).body.items.map(
      ({ organization, name }: { organization: string; name: string }) => `${organization}/${name}`,
    )

  test('has what one may read, and no more', async () => {
    await using s = await setUp()
    const { access } = s
    const other = await access.organizations.create({ name: 'other' })
    const within = { organizationId: other.id, protocol: 'npm', createdBy: s.owner.id }
    await access.repositories.create({ ...within, name: 'open', visibility: 'public' })
    await access.repositories.create({ ...within, name: 'inner', visibility: 'internal' })
    await access.repositories.create({ ...within, name: 'closed' })
    assert.deepEqual(await names(s, undefined), ['other/open'])
    assert.deepEqual(await names(s, s.stranger.token), ['other/open', 'other/inner'])
    assert.deepEqual(await names(s, s.reader.token), ['acme/tools', 'other/open', 'other/inner'])
    assert.deepEqual(await names(s, s.member.token), ['acme/tools', 'other/open', 'other/inner'])
    assert.deepEqual(await names(s, s.tokens.robot), ['other/open'])
    assert.equal((await names(s, s.root.token)).length, 4)
    await access.organizations.configure(other.id, { visibility: 'internal' })
    assert.deepEqual(await names(s, undefined), [])
    assert.deepEqual(await names(s, s.stranger.token), ['other/open', 'other/inner'])
  })

  test('finds one by its organization, protocol and name, if it may be read', async () => {
    await using s = await setUp()
    const query = `?organization=acme&protocol=npm&name=tools`
    assert.deepEqual(await names(s, s.member.token, query), ['acme/tools'])
    assert.deepEqual(await names(s, s.reader.token, `?organization=${s.id}&protocol=npm&name=tools`), ['acme/tools'])
    assert.deepEqual(await names(s, s.reader.token, '?name=tools'), ['acme/tools'])
    assert.deepEqual(await names(s, s.stranger.token, query), [])
    await s.access.repositories.create({ ...s.place, name: 'open', visibility: 'public' })
    for (const as of [undefined, s.stranger.token]) {
      assert.deepEqual(await names(s, as, '?organization=acme'), ['acme/open'])
      assert.deepEqual(await names(s, as, '?organization=acme&protocol=npm'), ['acme/open'])
    }
    assert.deepEqual((await names(s, s.reader.token, '?organization=acme')).toSorted(), ['acme/open', 'acme/tools'])
    assert.deepEqual(await names(s, s.root.token, '?organization=none&protocol=npm&name=tools'), [])
    assert.deepEqual(await names(s, s.root.token, '?protocol=oci'), [])
  })

  test('has every repository once when it is read in pages', async () => {
    await using s = await setUp()
    const wanted = ['acme/tools']
    for (let i = 0; i < 12; i++) {
      const visibility = (['public', 'internal', 'private'] as const)[i % 3] ?? 'private'
      const name = `acme-${i}`
      const owner = i % 2 === 0 ? s.member.id : s.owner.id
      const { id: organizationId } = await s.access.organizations.create({ name, ownerId: owner })
      await s.access.repositories.create({ ...s.place, organizationId, name: 'lib', visibility })
      if (i % 2 === 0 || visibility !== 'private') wanted.push(`${name}/lib`)
    }
    for (const limit of [1, 2, 3, 100]) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const { body } = await s.t.ask(`GET /repositories?limit=${limit}${more}`, { as: s.member.token })
        assert.ok(body.items.length <= limit)
        found.push(
          ...body.items.map((each: { organization: string; name: string }) => `${each.organization}/${each.name}`),
        )
        cursor = body.next
      } while (cursor !== undefined)
      assert.deepEqual(found.toSorted(), wanted.toSorted())
    }
  })

  test('takes no cursor of its own making', async () => {
    await using s = await setUp()
    const told = await s.t.ask(`GET /repositories?cursor=${encodeURIComponent('1 no')}`, { as: s.root.token })
    assert.equal(told.status, 400)
    assert.equal((await s.t.ask('GET /repositories?cursor=zzz', { as: s.member.token })).status, 400)
  })

  test('wants a sign-in where nobody reads without', async () => {
    await using s = await setUp()
    assert.equal((await s.t.ask('GET /repositories')).status, 200)
    await s.access.platformSettings.change({ anonymousAccess: false })
    const told = await s.t.ask('GET /repositories')
    assert.deepEqual([told.status, told.body.code], [401, 'auth_required'])
  })
})

describe('a repository', () => {
  test('is made with its settings, and is changed only from what was read', async () => {
    await using s = await setUp()
    const as = s.owner.token
    const body = { protocol: 'npm', name: 'lib', visibility: 'internal', ownersOnly: true, description: 'Ours' }
    const made = await s.t.ask('POST /organizations/acme/repositories', { as, body })
    const { id, createdAt: _, ...shown } = made.body
    assert.deepEqual(shown, {
      organizationId: s.id,
      organization: 'acme',
      ...body,
      isDefault: false,
      requiresApproval: false,
      refusesSimilarNames: false,
      immutableTags: [],
      isDisabled: false,
    })
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1/repositories/${id}`)
    const etag = made.headers.get('etag') ?? ''
    const put = () =>
      s.t.ask(`PUT /repositories/${id}`, { as, body: { visibility: 'public' }, headers: { 'if-match': etag } })
    const changed = await put()
    assert.deepEqual([changed.body.visibility, (await put()).status], ['public', 412])
    // Search follows, which is no change that anybody made.
    await s.t.registry.postings.followVisibility()
    const read = await s.t.ask(`GET /repositories/${id}`, { as })
    assert.equal(read.headers.get('etag'), changed.headers.get('etag'))
    const again = await s.t.ask('POST /organizations/acme/repositories', { as, body })
    assert.deepEqual([again.status, again.body.errors[0].field], [409, 'name'])
    const spoken = { as, body: { ...body, protocol: 'gopher' } }
    assert.equal((await s.t.ask('POST /organizations/acme/repositories', spoken)).body.errors[0].field, 'protocol')
  })

  test('refuses unknown settings and wrong ones by field', async () => {
    await using s = await setUp()
    const body = { organizationId: 'org_1', visibility: 'secret' }
    const { status, body: told } = await s.t.ask(`PUT /repositories/${s.tools.id}`, { as: s.owner.token, body })
    const fields = told.errors.map(({ field }: { field: string }) => field)
    assert.deepEqual([status, fields.toSorted()], [400, ['organizationId', 'visibility']])
  })

  test('takes patterns of immutable tags that leave `latest` alone', async () => {
    await using s = await setUp()
    const as = s.owner.token
    const put = (immutableTags: unknown) => s.t.ask(`PUT /repositories/${s.tools.id}`, { as, body: { immutableTags } })
    const set = await put(['lts', 'release-*', 'lts'])
    assert.deepEqual([set.status, set.body.immutableTags], [200, ['lts', 'release-*']])
    const wrong = [['latest'], ['lts', '*'], ['la*'], ['a*b'], [''], ['two words'], ['x'.repeat(129)], 'lts', [1]]
    for (const patterns of [...wrong, Array.from({ length: 51 }, (_, i) => `v${i}`)]) {
      const { status, body } = await put(patterns)
      assert.deepEqual([status, body.errors[0].field.replace(/\[.*/, '')], [400, 'immutableTags'], `${patterns}`)
    }
    const body = { protocol: 'npm', name: 'frozen', immutableTags: ['*'] }
    assert.equal((await s.t.ask('POST /organizations/acme/repositories', { as, body })).status, 400)
    assert.equal(
      (await s.t.ask('GET /repositories?organization=acme&protocol=npm&name=frozen', { as })).body.items.length,
      0,
    )
    assert.deepEqual((await s.t.ask(`GET /repositories/${s.tools.id}`, { as })).body.immutableTags, [
      'lts',
      'release-*',
    ])
    assert.deepEqual((await put([])).body.immutableTags, [])
  })

  test('is administered by the member who made it, where members may', async () => {
    await using s = await setUp()
    await s.access.organizations.configure(s.id, { membersCreateRepositories: true })
    const as = s.member.token
    const made = await s.t.ask('POST /organizations/acme/repositories', { as, body: { protocol: 'npm', name: 'mine' } })
    assert.equal(made.status, 201)
    const { body } = await s.t.ask(`GET /repositories/${made.body.id}/permissions`, { as })
    assert.deepEqual(body.items, [{ holderId: s.member.id, kind: 'user', name: 'member', role: 'admin' }])
    assert.equal((await s.t.ask(`GET /repositories/${s.tools.id}/permissions`, { as })).status, 403)
    const principal = { kind: 'user', user: (await s.access.users.get(s.member.id)) ?? assert.fail() } as const
    await s.access.enter(principal, 'write', { protocol: 'npm', organization: 'acme' })
  })

  test('is made by a token within its protocols alone', async () => {
    await using s = await setUp()
    const narrowed = async (limits: object) => (await s.t.aToken(s.owner, limits)).text
    const create = async (as: string, name: string) =>
      (await s.t.ask('POST /organizations/acme/repositories', { as, body: { protocol: 'npm', name } })).status
    assert.equal(await create(await narrowed({ protocols: ['npm'] }), 'a'), 201)
    assert.equal(await create(await narrowed({ protocols: ['oci'] }), 'b'), 404)
    assert.equal(await create(await narrowed({ repositories: [s.tools.id] }), 'c'), 404)
    assert.equal(await create(await narrowed({ actions: ['read'] }), 'd'), 403)
  })

  test('that is disabled is shown to who can enable it again, and to nobody else', async () => {
    await using s = await setUp('public')
    const path = `/repositories/${s.tools.id}`
    const as = s.admin.token
    assert.equal((await s.t.ask(`PUT ${path}`, { as, body: { isDisabled: true } })).body.isDisabled, true)
    const statuses = []
    for (const each of Object.values(s.tokens)) statuses.push((await s.t.ask(`GET ${path}`, { as: each })).status)
    assert.deepEqual(statuses, [401, 404, 404, 404, 404, 200, 200, 200])
    const listed = async (each: string) => (await s.t.ask('GET /repositories', { as: each })).body.items.length
    assert.deepEqual([await listed(s.reader.token), await listed(as)], [0, 1])
    assert.equal((await s.t.ask(`PUT ${path}`, { as, body: { isDisabled: false } })).status, 200)
    assert.equal((await s.t.ask(`GET ${path}`, { as: s.reader.token })).status, 200)
  })
})

test('a repository of images cannot require approval, since no push waits for one', async () => {
  await using s = await setUp()
  const body = { protocol: 'oci', name: 'images', requiresApproval: true }
  const refused = await s.t.ask('POST /organizations/acme/repositories', { as: s.tokens.owner, body })
  assert.deepEqual([refused.status, (refused.body.errors?.[0] ?? refused.body).field], [422, 'requiresApproval'])
  assert.match(refused.body.detail, /No publish waits for approval in repositories of the protocol oci/)
  const bare = { ...body, requiresApproval: false }
  const made = await s.t.ask('POST /organizations/acme/repositories', { as: s.tokens.owner, body: bare })
  assert.equal(made.status, 201)
  const change = { as: s.tokens.owner, body: { requiresApproval: true } }
  assert.equal((await s.t.ask(`PUT /repositories/${made.body.id}`, change)).status, 422)
})

describe('permissions of a repository', () => {
  test('are given to users by name or id, to robots and teams, and taken back', async () => {
    await using s = await setUp()
    const as = s.admin.token
    const path = `/repositories/${s.tools.id}/permissions`
    const team = await s.access.teams.create({ organizationId: s.id, name: 'web' })
    await s.access.grants.addTeam(s.tools.id, team.id)
    for (const holder of ['stranger', s.robot.id, team.id]) {
      assert.equal((await s.t.ask(`PUT ${path}/${holder}`, { as, body: { role: 'developer' } })).body.role, 'developer')
    }
    const { body } = await s.t.ask(`GET ${path}`, { as })
    const shown = body.items.map(({ kind, name, role }: Record<string, string>) => `${kind} ${name} ${role}`)
    const expected = ['robot ci developer', 'team web developer', 'team web team', 'user reader reader']
    assert.deepEqual(shown.toSorted(), [...expected, 'user admin admin', 'user stranger developer'].toSorted())
    assert.equal((await s.t.ask(`GET /repositories/${s.tools.id}`, { as: s.stranger.token })).status, 200)
    assert.equal((await s.t.ask(`DELETE ${path}/stranger`, { as })).status, 204)
    assert.equal((await s.t.ask(`DELETE ${path}/stranger`, { as })).status, 404)
    assert.equal((await s.t.ask(`GET /repositories/${s.tools.id}`, { as: s.stranger.token })).status, 404)
  })

  test('are shown in pages, each once', async () => {
    await using s = await setUp()
    const team = await s.access.teams.create({ organizationId: s.id, name: 'web' })
    await s.access.grants.addTeam(s.tools.id, team.id)
    await s.access.grants.setPermission(s.tools.id, { holderId: team.id, role: 'reader' })
    const found: string[] = []
    let cursor: string | undefined
    do {
      const more = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body } = await s.t.ask(`GET /repositories/${s.tools.id}/permissions?limit=1${more}`, {
        as: s.owner.token,
      })
      for (const { name, role } of body.items) found.push(`${name} ${role}`)
      cursor = body.next
    } while (cursor !== undefined)
    assert.deepEqual(found.toSorted(), ['admin admin', 'reader reader', 'web reader', 'web team'])
  })

  test('are for holders that are there, and changed only from what was read', async () => {
    await using s = await setUp()
    const as = s.owner.token
    const path = `/repositories/${s.tools.id}/permissions`
    const { id: organizationId } = await s.access.organizations.create({ name: 'other' })
    const foreign = await s.access.robots.create({ organizationId, name: 'ci' })
    for (const holder of ['nobody', 'usr_none', foreign.id]) {
      const { status } = await s.t.ask(`PUT ${path}/${holder}`, { as, body: { role: 'admin' } })
      assert.equal(status, holder === 'nobody' ? 404 : 422)
    }
    const etag = (await s.t.ask(`GET ${path}`, { as })).headers.get('etag') ?? ''
    const put = (role: string) => s.t.ask(`PUT ${path}/reader`, { as, body: { role }, headers: { 'if-match': etag } })
    assert.deepEqual([(await put('developer')).status, (await put('reader')).status], [200, 412])
  })

  test('are given once of several times at once that go by the same reading', async () => {
    await using s = await setUp()
    const as = s.owner.token
    const path = `/repositories/${s.tools.id}/permissions`
    const etag = (await s.t.ask(`GET ${path}`, { as })).headers.get('etag') ?? ''
    const headers = { 'if-match': etag }
    const puts = ['developer', 'admin', 'reader', 'developer'].map((role) =>
      s.t.ask(`PUT ${path}/stranger`, { as, body: { role }, headers }),
    )
    const statuses = (await Promise.all(puts)).map(({ status }) => status)
    assert.deepEqual(statuses.toSorted(), [200, 412, 412, 412])
  })
})
