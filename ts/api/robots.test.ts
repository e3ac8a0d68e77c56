import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRows, openTestOrganization, type TestOrganization, told } from './organization-builder.ts'

let count = 0
const aRobot = ({ access, acme }: TestOrganization) =>
  access.robots.create({ organizationId: acme.id, name: `robot-${count++}` })
const robots = '/organizations/acme/robots'

test('who may do what with robots', (context) =>
  // anonymous, stranger, robot, member, maintainer, admin, owner, platform admin
  checkRows(context, [
    ['list', async () => [`GET ${robots}`], 401, 404, 200, 200, 200, 200, 200, 200],
    ['list none', async () => ['GET /organizations/none/robots'], 401, 404, 404, 404, 404, 404, 404, 404],
    ['make', async () => [`POST ${robots}`, { name: `new-${count++}` }], 401, 404, 403, 403, 403, 201, 201, 201],
    ['read', async ({ ci }) => [`GET ${robots}/${ci.id}`], 401, 404, 200, 200, 200, 200, 200, 200],
    ['read by name', async () => [`GET ${robots}/ci`], 401, 404, 200, 200, 200, 200, 200, 200],
    ['read none', async () => [`GET ${robots}/none`], 401, 404, 404, 404, 404, 404, 404, 404],
    ['change', async () => [`PUT ${robots}/ci`, { description: 'x' }], 401, 404, 403, 403, 403, 200, 200, 200],
    ['change none', async () => [`PUT ${robots}/rob_0`, {}], 401, 404, 403, 403, 403, 404, 404, 404],
    ['delete', async (s) => [`DELETE ${robots}/${(await aRobot(s)).id}`], 401, 404, 403, 403, 403, 204, 204, 204],
  ]))

test('a stranger is told the same of a robot that exists, of one that does not, and of no organization', async () => {
  await using s = await openTestOrganization()
  const read = async (path: string) => told(await s.t.ask(`GET ${path}`, { as: s.stranger.token }))
  const there = await read(`${robots}/ci`)
  assert.deepEqual(there, await read(`${robots}/none`))
  assert.deepEqual(there, await read('/organizations/none/robots/ci'))
})

describe('a robot', () => {
  test('is made, shown with its teams, changed, disabled and deleted', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const made = await s.t.ask(`POST ${robots}`, { as, body: { name: 'nightly', description: 'Builds' } })
    const { id } = made.body
    const place = `/organizations/${s.acme.id}/robots/${id}`
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1${place}`)
    assert.deepEqual([made.body.organization, made.body.isActive, made.body.teams], ['acme', true, []])
    await s.access.teams.setMember(s.web.id, id, 'maintainer')
    const { text } = await s.t.aToken({ id })
    assert.equal((await s.t.ask('GET /auth/me', { as: text })).body.name, 'nightly')
    const changed = await s.t.ask(`PUT ${place}`, { as, body: { isActive: false } })
    assert.deepEqual(changed.body, { ...made.body, isActive: false, teams: [{ id: s.web.id, role: 'maintainer' }] })
    assert.equal((await s.t.ask('GET /auth/me', { as: text })).status, 401)
    assert.equal((await s.t.ask(`DELETE ${place}`, { as })).status, 204)
    assert.equal((await s.t.ask(`GET ${place}`, { as })).status, 404)
    assert.deepEqual((await s.access.tokens.list(id, {})).items, [])
  })

  test('is changed only from what was read', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const etag = (await s.t.ask(`GET ${robots}/ci`, { as })).headers.get('etag') ?? ''
    const put = (isActive: boolean, match: string) =>
      s.t.ask(`PUT ${robots}/ci`, { as, body: { isActive }, headers: { 'if-match': match } })
    assert.equal((await put(false, '"99"')).status, 412)
    assert.equal((await put(false, etag)).status, 200)
    assert.equal((await put(true, etag)).status, 412)
    assert.equal((await s.access.robots.get(s.ci.id))?.value.isActive, false)
  })

  test('is refused with a taken or wrong name, and with what there is not', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const rows: [body: object, status: number, field: string][] = [
      [{ name: 'ci' }, 409, 'name'],
      [{ name: 'C I' }, 400, 'name'],
      [{ name: 'new', teams: [] }, 400, 'teams'],
      [{ name: 'new', description: 7 }, 400, 'description'],
    ]
    for (const [body, status, field] of rows) {
      const answer = await s.t.ask(`POST ${robots}`, { as, body })
      assert.deepEqual([answer.status, answer.body.errors[0].field], [status, field])
    }
    const named = await s.t.ask(`PUT ${robots}/ci`, { as, body: { name: 'new' } })
    assert.deepEqual([named.status, named.body.errors[0].field], [400, 'name'])
  })

  test('of another organization is none of this one', async () => {
    await using s = await openTestOrganization()
    const foreign = await s.access.robots.create({ organizationId: s.other.id, name: 'foreign' })
    for (const key of [foreign.id, 'foreign', s.web.id, `rob_${'x'.repeat(1000)}`]) {
      const { status, body } = await s.t.ask(`DELETE ${robots}/${key}`, { as: s.owner.token })
      assert.deepEqual([status, body.code], [404, 'robot_unknown'], key)
    }
    assert.ok(await s.access.robots.get(foreign.id))
  })

  test('is listed with others in pages, by name, and made once for one Idempotency-Key', async () => {
    await using s = await openTestOrganization()
    const post = () =>
      s.t.ask(`POST ${robots}`, { as: s.admin.token, body: { name: 'a' }, headers: { 'idempotency-key': 'k' } })
    assert.deepEqual((await post()).body, (await post()).body)
    const list = (query: string) => s.t.ask(`GET ${robots}?${query}`, { as: s.member.token })
    const first = (await list('limit=1')).body
    const second = (await list(`limit=1&cursor=${encodeURIComponent(first.next)}`)).body
    assert.deepEqual([first.items[0].name, second.items[0].name, second.next], ['a', 'ci', undefined])
  })
})
