import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRows, openTestOrganization, type TestOrganization } from './organization-builder.ts'

const members = ({ web }: TestOrganization) => `/teams/${web.id}/members`

/** The team with `member` in it, or without. */
async function withMember(s: TestOrganization, isIn: boolean): Promise<string> {
  if (isIn) await s.access.teams.setMember(s.web.id, s.member.id, 'member')
  else await s.access.teams.removeMember(s.web.id, s.member.id)
  return members(s)
}

test('who may do what with the members of a team', (context) =>
  // anonymous, stranger, robot, member, maintainer, admin, owner, platform admin
  checkRows(context, [
    ['list', async (s) => [`GET ${members(s)}`], 401, 404, 200, 200, 200, 200, 200, 200],
    [
      'add',
      async (s) => [`POST ${await withMember(s, false)}`, { member: 'member', role: 'maintainer' }],
      ...[401, 404, 403, 403, 201, 201, 201, 201],
    ],
    [
      'change',
      async (s) => [`PUT ${await withMember(s, true)}/member`, { role: 'maintainer' }],
      ...[401, 404, 403, 403, 200, 200, 200, 200],
    ],
    [
      'change nobody',
      async (s) => [`PUT ${await withMember(s, false)}/stranger`, { role: 'member' }],
      ...[401, 404, 403, 403, 404, 404, 404, 404],
    ],
    ['remove', async (s) => [`DELETE ${await withMember(s, true)}/member`], 401, 404, 403, 403, 204, 204, 204, 204],
    [
      'remove nobody',
      async (s) => [`DELETE ${await withMember(s, false)}/none`],
      401,
      404,
      403,
      403,
      404,
      404,
      404,
      404,
    ],
  ]))

describe('members of a team', () => {
  test('are users and robots, by id and username, each listed once', async () => {
    await using s = await openTestOrganization()
    const as = s.maintainer.token
    const add = (member: string) => s.t.ask(`POST ${members(s)}`, { as, body: { member, role: 'member' } })
    const user = await add('member')
    assert.deepEqual(user.body, { memberId: s.member.id, kind: 'user', name: 'member', role: 'member' })
    const path = `/api/v1/teams/${s.web.id}/members/${s.member.id}`
    assert.equal(user.headers.get('location'), `http://registry.example.com${path}`)
    assert.deepEqual((await add(s.ci.id)).body, { memberId: s.ci.id, kind: 'robot', name: 'ci', role: 'member' })
    const again = await add(s.ci.id)
    assert.deepEqual([again.status, again.body.id, again.body.errors[0].field], [409, s.ci.id, 'member'])
    const first = (await s.t.ask(`GET ${members(s)}?limit=2`, { as })).body
    const second = (await s.t.ask(`GET ${members(s)}?cursor=${encodeURIComponent(first.next)}`, { as })).body
    const names = [...first.items, ...second.items].map(({ name }: { name: string }) => name)
    assert.deepEqual([names.sort(), second.next], [['ci', 'maintainer', 'member'], undefined])
  })

  test('belong to its organization', async () => {
    await using s = await openTestOrganization()
    const foreign = await s.access.robots.create({ organizationId: s.other.id, name: 'ci' })
    for (const member of ['stranger', s.stranger.id, foreign.id, 'rob_0', 'usr_0', 'nobody', s.web.id]) {
      const { status } = await s.t.ask(`POST ${members(s)}`, { as: s.owner.token, body: { member, role: 'member' } })
      assert.equal(status, 422, member)
    }
    const { items } = (await s.t.ask(`GET ${members(s)}`, { as: s.owner.token })).body
    assert.equal(items.length, 1)
  })

  test('are changed only from what was read', async () => {
    await using s = await openTestOrganization()
    const as = s.admin.token
    const added = await s.t.ask(`POST ${members(s)}`, { as, body: { member: s.ci.id, role: 'member' } })
    const put = (etag: string) =>
      s.t.ask(`PUT ${members(s)}/${s.ci.id}`, { as, body: { role: 'maintainer' }, headers: { 'if-match': etag } })
    const etag = added.headers.get('etag') ?? ''
    assert.equal((await put('"99"')).status, 412)
    assert.deepEqual((await put(etag)).body.role, 'maintainer')
    assert.equal((await put(etag)).status, 412)
  })

  test('have a role that there is, and nothing else', async () => {
    await using s = await openTestOrganization()
    const rows: [body: object, field: string][] = [
      [{ member: 'member', role: 'owner' }, 'role'],
      [{ member: 'member' }, 'role'],
      [{ role: 'member' }, 'member'],
      [{ member: 'member', role: 'member', team: 'x' }, 'team'],
    ]
    for (const [body, field] of rows) {
      const told = await s.t.ask(`POST ${members(s)}`, { as: s.admin.token, body })
      assert.deepEqual([told.status, told.body.errors[0].field], [400, field])
    }
  })

  test('may do at their next request what the team may', async () => {
    await using s = await openTestOrganization()
    await s.access.grants.addTeam(s.tools.id, s.web.id)
    const place = { protocol: 'npm', organization: 'acme', repository: 'tools' }
    const { as } = await s.t.aToken(s.member)
    await assert.rejects(s.access.enter(as, 'write', place), { code: 'access_denied' })
    await s.t.ask(`POST ${members(s)}`, { as: s.maintainer.token, body: { member: 'member', role: 'member' } })
    await s.access.enter(as, 'write', place)
    await s.t.ask(`DELETE ${members(s)}/${s.member.id}`, { as: s.maintainer.token })
    await assert.rejects(s.access.enter(as, 'write', place), { code: 'access_denied' })
  })
})
