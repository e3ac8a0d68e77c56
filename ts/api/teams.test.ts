import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRows, openTestOrganization, type TestOrganization, told } from './organization-builder.ts'

let count = 0
const aTeam = async ({ access, acme, maintainer }: TestOrganization) => {
  const team = await access.teams.create({ organizationId: acme.id, name: `team-${count++}` })
  await access.teams.setMember(team.id, maintainer.id, 'maintainer')
  return team
}

test('who may do what with teams', (context) =>
  // anonymous, stranger, robot, member, maintainer, admin, owner, platform admin
  checkRows(context, [
    ['list', async () => ['GET /organizations/acme/teams'], 401, 404, 200, 200, 200, 200, 200, 200],
    ['list none', async () => ['GET /organizations/none/teams'], 401, 404, 404, 404, 404, 404, 404, 404],
    [
      'make',
      async () => ['POST /organizations/acme/teams', { name: `new-${count++}` }],
      ...[401, 404, 403, 403, 403, 201, 201, 201],
    ],
    ['find', async () => ['GET /teams?organization=acme&name=web'], ...[401, 200, 200, 200, 200, 200, 200, 200]],
    ['read', async ({ web }) => [`GET /teams/${web.id}`], 401, 404, 200, 200, 200, 200, 200, 200],
    ['read none', async () => ['GET /teams/team_0'], 401, 404, 404, 404, 404, 404, 404, 404],
    [
      'change',
      async ({ web }) => [`PUT /teams/${web.id}`, { description: 'x' }],
      ...[401, 404, 403, 403, 403, 200, 200, 200],
    ],
    ['delete', async (s) => [`DELETE /teams/${(await aTeam(s)).id}`], 401, 404, 403, 403, 403, 204, 204, 204],
    [
      'list repositories',
      async ({ web }) => [`GET /teams/${web.id}/repositories`],
      401,
      404,
      200,
      200,
      200,
      200,
      200,
      200,
    ],
    [
      'give a repository',
      async ({ web, tools }) => [`PUT /teams/${web.id}/repositories/${tools.id}`],
      ...[401, 404, 403, 403, 403, 200, 200, 200],
    ],
    [
      'take a repository',
      async ({ access, web, tools }) => {
        await access.grants.addTeam(tools.id, web.id)
        return [`DELETE /teams/${web.id}/repositories/${tools.id}`]
      },
      ...[401, 404, 403, 403, 403, 204, 204, 204],
    ],
  ]))

test('a stranger is told the same of a team that exists and of one that does not', async () => {
  await using s = await openTestOrganization()
  const as = s.stranger.token
  const lines = (id: string) => [
    `GET /teams/${id}`,
    `DELETE /teams/${id}`,
    `GET /teams/${id}/members`,
    `DELETE /teams/${id}/members/owner`,
    `GET /teams/${id}/repositories`,
    `PUT /teams/${id}/repositories/${s.tools.id}`,
  ]
  for (const [i, line] of lines(s.web.id).entries()) {
    const missing = lines('team_none')[i] ?? ''
    assert.deepEqual(told(await s.t.ask(line, { as })), told(await s.t.ask(missing, { as })), line)
  }
  const find = (query: string) => s.t.ask(`GET /teams?${query}`, { as })
  const found = await find('organization=acme&name=web')
  assert.deepEqual(told(found), told(await find('organization=none&name=web')))
  assert.deepEqual(found.body, { items: [] })
})

describe('a team', () => {
  test('is made, found by id and by name, changed and deleted', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const body = { name: 'docs', description: 'Writers' }
    const made = await s.t.ask('POST /organizations/acme/teams', { as, body })
    const { id } = made.body
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1/teams/${id}`)
    assert.deepEqual(
      [made.body.organizationId, made.body.organization, made.body.description],
      [s.acme.id, 'acme', 'Writers'],
    )
    for (const organization of ['acme', s.acme.id]) {
      const found = await s.t.ask(`GET /teams?organization=${organization}&name=docs`, { as })
      assert.deepEqual(found.body, { items: [made.body] })
    }
    assert.deepEqual((await s.t.ask('GET /teams?organization=acme&name=none', { as })).body, { items: [] })
    const changed = await s.t.ask(`PUT /teams/${id}`, { as, body: { description: '' } })
    assert.equal(changed.body.description, '')
    assert.equal((await s.t.ask(`DELETE /teams/${id}`, { as })).status, 204)
    assert.equal((await s.t.ask(`GET /teams/${id}`, { as })).status, 404)
  })

  test('is changed only from what was read', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const etag = (await s.t.ask(`GET /teams/${s.web.id}`, { as })).headers.get('etag') ?? ''
    const put = (body: object, match: string) =>
      s.t.ask(`PUT /teams/${s.web.id}`, { as, body, headers: { 'if-match': match } })
    assert.equal((await put({ description: 'a' }, etag)).status, 200)
    assert.equal((await put({ description: 'b' }, etag)).status, 412)
    assert.equal((await put({}, etag)).status, 412)
    assert.equal((await s.t.ask(`GET /teams/${s.web.id}`, { as })).body.description, 'a')
  })

  test('is refused with a taken or wrong name, and with what there is not', async () => {
    await using s = await openTestOrganization()
    const rows: [body: object, status: number, field: string][] = [
      [{ name: 'web' }, 409, 'name'],
      [{ name: 'We b' }, 400, 'name'],
      [{ name: 'docs', id: 'team_1' }, 400, 'id'],
      [{ name: 'docs', description: 'x'.repeat(1001) }, 400, 'description'],
      [{}, 400, 'name'],
    ]
    for (const [body, status, field] of rows) {
      const { status: given, body: problem } = await s.t.ask('POST /organizations/acme/teams', {
        as: s.admin.token,
        body,
      })
      assert.deepEqual([given, problem.errors[0].field], [status, field], JSON.stringify(body))
    }
    const changed = await s.t.ask(`PUT /teams/${s.web.id}`, { as: s.admin.token, body: { name: 'docs' } })
    assert.deepEqual([changed.status, changed.body.errors[0].field], [400, 'name'])
    assert.equal((await s.access.teams.list(s.acme.id, {})).items.length, 1)
    assert.equal((await s.t.ask('GET /teams?organization=acme', { as: s.admin.token })).status, 400)
  })

  test('is made once for one Idempotency-Key', async () => {
    await using s = await openTestOrganization()
    const post = () =>
      s.t.ask('POST /organizations/acme/teams', {
        as: s.admin.token,
        body: { name: 'docs' },
        headers: { 'idempotency-key': 'k' },
      })
    const first = await post()
    assert.deepEqual((await post()).body, first.body)
  })

  test('is listed with others in pages, by name', async () => {
    await using s = await openTestOrganization()
    for (const name of ['a', 'b']) await s.access.teams.create({ organizationId: s.acme.id, name })
    const list = (query: string) => s.t.ask(`GET /organizations/acme/teams?${query}`, { as: s.member.token })
    const first = (await list('limit=2')).body
    const second = (await list(`limit=2&cursor=${encodeURIComponent(first.next)}`)).body
    const names = [...first.items, ...second.items].map(({ name }: { name: string }) => name)
    assert.deepEqual([names, second.next], [['a', 'b', 'web'], undefined])
    assert.equal((await list('cursor=nonsense')).status, 400)
  })

  test('is out of reach of a token that is limited to another organization, and of one that only reads', async () => {
    await using s = await openTestOrganization()
    const elsewhere = (await s.t.aToken(s.owner, { organizations: [s.other.id] })).text
    const reading = (await s.t.aToken(s.owner, { actions: ['read'] })).text
    const body = { description: 'x' }
    assert.equal((await s.t.ask(`GET /teams/${s.web.id}`, { as: elsewhere })).status, 404)
    assert.equal((await s.t.ask(`GET /teams/${s.web.id}`, { as: reading })).status, 200)
    assert.equal((await s.t.ask(`PUT /teams/${s.web.id}`, { as: reading, body })).status, 403)
  })
})

describe('what a team works on', () => {
  const repositories = (s: TestOrganization) => `/teams/${s.web.id}/repositories`

  test('is given once, listed in pages without direct permissions, and taken away', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const place = { organizationId: s.acme.id, protocol: 'npm', createdBy: s.owner.id }
    const [second, direct] = [
      await s.access.repositories.create({ ...place, name: 'second' }),
      await s.access.repositories.create({ ...place, name: 'direct' }),
    ]
    await s.access.grants.setPermission(direct.id, { holderId: s.web.id, role: 'reader' })
    for (const { id } of [s.tools, second, s.tools]) {
      const given = await s.t.ask(`PUT ${repositories(s)}/${id}`, { as })
      assert.deepEqual([given.status, given.body.id], [200, id])
    }
    const names: string[] = []
    let next: string | undefined = ''
    while (next !== undefined) {
      const cursor = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`
      const { body } = await s.t.ask(`GET ${repositories(s)}?limit=1${cursor}`, { as: s.member.token })
      names.push(...body.items.map(({ name }: { name: string }) => name))
      next = body.next
    }
    assert.deepEqual(names.sort(), ['second', 'tools'])
    assert.equal((await s.t.ask(`DELETE ${repositories(s)}/${s.tools.id}`, { as })).status, 204)
    assert.equal((await s.t.ask(`DELETE ${repositories(s)}/${s.tools.id}`, { as })).status, 404)
    assert.deepEqual((await s.access.repositories.get(s.tools.id))?.value.teams, [])
  })

  test('is of its own organization alone', async () => {
    await using s = await openTestOrganization()
    const as = s.owner.token
    const place = { organizationId: s.other.id, protocol: 'npm', name: 'tools' }
    const foreign = await s.access.repositories.create({ ...place, createdBy: s.owner.id })
    for (const id of [foreign.id, 'repo_0', 'tools', 'x'.repeat(1000)]) {
      const { status, body } = await s.t.ask(`PUT ${repositories(s)}/${id}`, { as })
      assert.deepEqual([status, body.code], [404, 'repository_unknown'], id)
    }
    assert.deepEqual(await s.access.grants.repositoriesOf(s.web.id), [])
  })

  test('is shown as far as one may read it', async () => {
    await using s = await openTestOrganization()
    await s.access.grants.addTeam(s.tools.id, s.web.id)
    const list = async (as: string | undefined) => (await s.t.ask(`GET ${repositories(s)}`, { as })).body.items.length
    assert.equal(await list(s.member.token), 1)
    // A robot belongs to its organization, but reads what it is given alone.
    assert.equal(await list(s.tokens.robot), 0)
    await s.access.teams.setMember(s.web.id, s.ci.id, 'member')
    assert.equal(await list(s.tokens.robot), 1)
  })
})

test('giving a team a repository is bound to what was read of the repository, and says so in the description', async () => {
  await using s = await openTestOrganization()
  const as = s.owner.token
  const etag = (await s.t.ask(`GET /repositories/${s.tools.id}`, { as })).headers.get('etag') ?? ''
  const put = (id: string) =>
    s.t.ask(`PUT /teams/${id}/repositories/${s.tools.id}`, { as, headers: { 'if-match': etag } })
  const first = await put(s.web.id)
  assert.equal(first.status, 200)
  assert.notEqual(first.headers.get('etag'), etag)
  assert.equal((await put((await aTeam(s)).id)).status, 412)
  const { paths } = JSON.parse(await (await s.t.request('GET', '/api/v1/openapi.json')).text())
  for (const path of ['/teams/{id}/repositories/{repositoryId}', '/repositories/{id}/permissions/{holderId}']) {
    const names = paths[path].put.parameters.map(({ name }: { name: string }) => name)
    assert.ok(names.includes('If-Match') && '412' in paths[path].put.responses, path)
  }
})
