import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestApi } from './testing.ts'

/** An organization `acme` with one of each office, and somebody who has none. */
async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  const [owner, admin, member, stranger] = [
    await t.someone('owner'),
    await t.someone('admin'),
    await t.someone('member'),
    await t.someone('stranger'),
  ]
  const { id } = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  await t.access.organizations.setMember(id, admin.id, 'admin')
  await t.access.organizations.setMember(id, member.id, 'member')
  const tokens = {
    anonymous: undefined,
    stranger: stranger.token,
    member: member.token,
    admin: admin.token,
    owner: owner.token,
    root: root.token,
  }
  return { t, id, root, owner, admin, member, stranger, tokens, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

type Row = [line: string, body: object | undefined, ...statuses: number[]]

describe('who may do what with organizations', () => {
  // anonymous, stranger, member, admin, owner, platform admin
  const rows: Row[] = [
    ['GET /organizations', undefined, 401, 200, 200, 200, 200, 200],
    ['POST /organizations', { name: 'NEW' }, 401, 403, 403, 403, 403, 201],
    ['GET /organizations/acme', undefined, 401, 404, 200, 200, 200, 200],
    ['GET /organizations/none', undefined, 401, 404, 404, 404, 404, 404],
    ['PUT /organizations/acme', { displayName: 'Acme' }, 401, 404, 403, 200, 200, 200],
    ['GET /organizations/acme/members', undefined, 401, 404, 200, 200, 200, 200],
    ['POST /organizations/acme/members', { user: 'NEW', role: 'member' }, 401, 404, 403, 201, 201, 201],
    ['POST /organizations/acme/members', { user: 'NEW', role: 'owner' }, 401, 404, 403, 403, 201, 201],
    ['PUT /organizations/acme/members/member', { role: 'member' }, 401, 404, 403, 200, 200, 200],
    ['PUT /organizations/acme/members/member', { role: 'owner' }, 401, 404, 403, 403, 200, 200],
    ['PUT /organizations/acme/members/second', { role: 'owner' }, 401, 404, 403, 403, 200, 200],
    ['PUT /organizations/acme/members/stranger', { role: 'member' }, 401, 404, 403, 404, 404, 404],
    ['DELETE /organizations/acme/members/second', undefined, 401, 404, 403, 403, 204, 404],
    ['DELETE /organizations/acme/members/stranger', undefined, 401, 404, 403, 404, 404, 404],
  ]
  test('row by row', async (context) => {
    await using s = await setUp()
    await s.t.access.organizations.setMember(s.id, (await s.t.aUser('second')).id, 'owner')
    let count = 0
    for (const [line, body, ...expected] of rows) {
      await context.test(`${line} ${body ? JSON.stringify(body) : ''}`, async () => {
        const told: number[] = []
        for (const as of Object.values(s.tokens)) {
          const name = `new-${count++}`
          await s.t.aUser(name)
          const named = body && JSON.parse(JSON.stringify(body).replace('NEW', name))
          told.push((await s.t.ask(line, { as, body: named })).status)
        }
        assert.deepEqual(told, expected)
        await s.t.access.organizations.setMember(s.id, s.member.id, 'member')
      })
    }
  })

  test('a stranger is told the same of one that exists and one that does not', async () => {
    await using s = await setUp()
    const [there, not] = [
      await s.t.ask('GET /organizations/acme', { as: s.stranger.token }),
      await s.t.ask('GET /organizations/none', { as: s.stranger.token }),
    ]
    const strip = ({ body: { requestId: _, ...problem }, headers }: typeof there) => [problem, [...headers.keys()]]
    assert.deepEqual(strip(there), strip(not))
  })
})

test('lists show what one belongs to, and what a token may read of that', async () => {
  await using s = await setUp()
  const other = await s.t.access.organizations.create({ name: 'other', ownerId: s.owner.id })
  const names = async (as: string) =>
    (await s.t.ask('GET /organizations', { as })).body.items.map(({ name }: { name: string }) => name).sort()
  assert.deepEqual(await names(s.owner.token), ['acme', 'other'])
  assert.deepEqual(await names(s.stranger.token), [])
  assert.deepEqual(await names(s.root.token), ['acme', 'main', 'other'])
  assert.deepEqual(await names((await s.t.aToken(s.owner, { organizations: [other.id] })).text), ['other'])
  assert.deepEqual(await names((await s.t.aToken(s.root, { organizations: [other.id] })).text), ['other'])
  assert.deepEqual(await names((await s.t.aToken(s.owner, { actions: ['write'] })).text), [])
})

describe('an organization', () => {
  test('is made with an owner, found by id and name, and changed', async () => {
    await using s = await setUp()
    const made = await s.t.ask('POST /organizations', {
      as: s.root.token,
      body: { name: 'tools', owner: 'stranger', visibility: 'internal' },
    })
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1/organizations/${made.body.id}`)
    const as = s.stranger.token
    const put = (etag: string) =>
      s.t.ask('PUT /organizations/tools', { as, body: { displayName: 'Tools' }, headers: { 'if-match': etag } })
    assert.equal((await put('"99"')).status, 412)
    assert.equal((await put(made.headers.get('etag') ?? '')).status, 200)
    const read = await s.t.ask(`GET /organizations/${made.body.id}`, { as })
    assert.deepEqual([read.body.displayName, read.body.visibility], ['Tools', 'internal'])
  })

  test('is refused with a taken, confusable, reserved or wrong name, or with an unknown owner', async () => {
    await using s = await setUp()
    const rows: [object, number, string][] = [
      [{ name: 'acme' }, 409, 'name'],
      [{ name: 'acrne' }, 409, 'name'],
      [{ name: 'api' }, 400, 'name'],
      [{ name: 'Acme' }, 400, 'name'],
      [{ name: 'ａｃｍｅ' }, 400, 'name'],
      [{ name: 'new', owner: 'nobody' }, 422, 'owner'],
      [{ name: 'new', id: 'org_1' }, 400, 'id'],
    ]
    for (const [body, status, field] of rows) {
      const told = await s.t.ask('POST /organizations', { as: s.root.token, body })
      assert.deepEqual([told.status, told.body.errors[0].field], [status, field], JSON.stringify(body))
    }
    assert.deepEqual((await s.t.access.organizations.list({})).items.length, 2)
  })
})

describe('members', () => {
  test('are listed with their roles', async () => {
    await using s = await setUp()
    const { items } = (await s.t.ask('GET /organizations/acme/members', { as: s.member.token })).body
    assert.deepEqual(
      items.map(({ username, role }: { username: string; role: string }) => `${username}: ${role}`).sort(),
      ['admin: admin', 'member: member', 'owner: owner'],
    )
  })

  test('leave by themselves, but not the last owner', async () => {
    await using s = await setUp()
    const leave = async (as: string, who: string) =>
      (await s.t.ask(`DELETE /organizations/acme/members/${who}`, { as })).status
    assert.equal(await leave(s.owner.token, 'owner'), 422)
    assert.equal(await leave((await s.t.aToken(s.member, { actions: ['read'] })).text, 'member'), 403)
    assert.equal(await leave(s.member.token, 'member'), 204)
    assert.equal(await leave(s.member.token, 'member'), 404)
    const put = await s.t.ask('PUT /organizations/acme/members/owner', { as: s.owner.token, body: { role: 'admin' } })
    assert.equal(put.status, 422)
  })

  test('are made once, and changed only from what was read', async () => {
    await using s = await setUp()
    const as = s.owner.token
    const body = { user: 'member', role: 'admin' }
    const again = await s.t.ask('POST /organizations/acme/members', { as, body })
    assert.deepEqual([again.status, again.body.id], [409, s.member.id])
    const nobody = await s.t.ask('POST /organizations/acme/members', { as, body: { ...body, user: 'nobody' } })
    assert.deepEqual([nobody.status, nobody.body.errors[0].field], [422, 'user'])
    const put = (etag: string) =>
      s.t.ask(`PUT /organizations/acme/members/${s.member.id}`, {
        as,
        body: { role: 'admin' },
        headers: { 'if-match': etag },
      })
    assert.equal((await put('"7"')).status, 412)
    assert.equal((await put('"1"')).body.role, 'admin')
    assert.equal((await put('"1"')).status, 412)
  })
})
