import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allActions } from '../access/tokens.ts'
import { checkRows, openTestOrganization, type TestOrganization, told } from './organization-builder.ts'

const newToken = { name: 'laptop', actions: ['read'] }
const robotTokens = '/organizations/acme/robots/ci/tokens'

/** A token of `member`; its id. */
async function aMembersToken(s: TestOrganization): Promise<string> {
  const made = await s.access.tokens.create({ userId: s.member.id, name: 'x', actions: ['read'] })
  return made.token.id
}
async function aRobotsToken(s: TestOrganization): Promise<string> {
  return (await s.access.tokens.create({ userId: s.ci.id, name: 'x', actions: ['read'] })).token.id
}

test('who may do what with tokens', (context) =>
  // anonymous, stranger, robot, member, maintainer, admin, owner, platform admin
  checkRows(context, [
    ['list own', async () => ['GET /tokens'], 401, 200, 403, 200, 200, 200, 200, 200],
    ['make own', async () => ['POST /tokens', newToken], 401, 201, 403, 201, 201, 201, 201, 201],
    [
      "list another's",
      async ({ member }) => [`GET /tokens?user=${member.id}`],
      ...[401, 403, 403, 200, 403, 403, 403, 200],
    ],
    ["list nobody's", async () => ['GET /tokens?user=nobody'], 401, 404, 403, 404, 404, 404, 404, 404],
    ["make another's", async () => ['POST /tokens?user=member', newToken], 401, 400, 403, 400, 400, 400, 400, 400],
    ['read', async (s) => [`GET /tokens/${await aMembersToken(s)}`], 401, 404, 403, 200, 404, 404, 404, 404],
    [
      "read another's",
      async (s) => [`GET /tokens/${await aMembersToken(s)}?user=member`],
      ...[401, 403, 403, 200, 403, 403, 403, 200],
    ],
    ['revoke', async (s) => [`DELETE /tokens/${await aMembersToken(s)}`], 401, 404, 403, 204, 404, 404, 404, 404],
    [
      "revoke another's",
      async (s) => [`DELETE /tokens/${await aMembersToken(s)}?user=member`],
      ...[401, 403, 403, 204, 403, 403, 403, 204],
    ],
    [
      'rotate',
      async (s) => [`POST /tokens/${await aMembersToken(s)}/rotate`],
      ...[401, 404, 403, 200, 404, 404, 404, 404],
    ],
    [
      "rotate another's",
      async (s) => [`POST /tokens/${await aMembersToken(s)}/rotate?user=member`],
      ...[401, 400, 403, 400, 400, 400, 400, 400],
    ],
    ["list a robot's", async () => [`GET ${robotTokens}`], 401, 404, 403, 403, 403, 200, 200, 200],
    ["make a robot's", async () => [`POST ${robotTokens}`, newToken], 401, 404, 403, 403, 403, 201, 201, 201],
    [
      "read a robot's",
      async (s) => [`GET ${robotTokens}/${await aRobotsToken(s)}`],
      ...[401, 404, 403, 403, 403, 200, 200, 200],
    ],
    [
      "revoke a robot's",
      async (s) => [`DELETE ${robotTokens}/${await aRobotsToken(s)}`],
      ...[401, 404, 403, 403, 403, 204, 204, 204],
    ],
    [
      "rotate a robot's",
      async (s) => [`POST ${robotTokens}/${await aRobotsToken(s)}/rotate`],
      ...[401, 404, 403, 403, 403, 200, 200, 200],
    ],
    [
      'a token of no robot',
      async (s) => [`DELETE ${robotTokens}/${await aMembersToken(s)}`],
      ...[401, 404, 403, 403, 403, 404, 404, 404],
    ],
  ]))

test("a user is told the same of another's token and of none", async () => {
  await using s = await openTestOrganization()
  const id = await aMembersToken(s)
  for (const line of ['GET /tokens/ID', 'DELETE /tokens/ID', 'POST /tokens/ID/rotate']) {
    const ask = async (of: string) => told(await s.t.ask(line.replace('ID', of), { as: s.stranger.token }))
    assert.deepEqual(await ask(id), await ask('tok_0'), line)
  }
  assert.ok(await s.access.tokens.get(id))
})

describe('a new token', () => {
  test('tells its secret once, works as far as its limits, and is listed without it', async () => {
    await using s = await openTestOrganization()
    const as = s.owner.token
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
    const body = {
      name: 'ci of tools',
      actions: ['write', 'read'],
      protocols: ['npm'],
      organizations: ['acme', s.acme.id],
      repositories: [s.tools.id],
      packages: ['@acme/*', 'lib'],
      cidrs: ['192.0.2.7', '2001:db8::/32'],
      expiresAt,
    }
    const made = await s.t.ask('POST /tokens', { as, body })
    const { token, secret } = made.body
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1/tokens/${token.id}`)
    const { id, createdAt: _, ...facts } = token
    assert.deepEqual(facts, {
      ...body,
      ownerId: s.owner.id,
      hint: secret.slice(0, 8),
      actions: ['read', 'write'],
      organizations: [s.acme.id],
      cidrs: ['192.0.2.7/32', '2001:db8::/32'],
    })
    assert.deepEqual((await s.t.ask(`GET /tokens/${id}`, { as })).body, token)
    const listed = await s.t.ask('GET /tokens', { as })
    assert.equal(listed.body.items[0].id, id)
    assert.ok(!JSON.stringify(listed.body).includes(secret))
    const principal = await s.access.authenticate({ kind: 'token', token: secret }, '192.0.2.7')
    assert.equal(principal.kind === 'user' && principal.user.id, s.owner.id)
  })

  test('is refused with what there is not, and with what one may not read', async () => {
    await using s = await openTestOrganization()
    const rows: [more: object, status: number, field: string][] = [
      [{ name: '' }, 400, 'name'],
      [{ name: ' ' }, 400, 'name'],
      [{ actions: [] }, 400, 'actions'],
      [{ actions: ['fly'] }, 400, 'actions[0]'],
      [{ protocols: ['ftp'] }, 400, 'protocols'],
      [{ protocols: [] }, 400, 'protocols'],
      [{ organizations: ['acme'] }, 422, 'organizations'],
      [{ organizations: ['none'] }, 422, 'organizations'],
      [{ repositories: [s.tools.id] }, 422, 'repositories'],
      [{ repositories: ['repo_0'] }, 422, 'repositories'],
      [{ packages: ['a*b'] }, 400, 'packages'],
      [{ cidrs: ['10.0.0.0/99'] }, 400, 'cidrs'],
      [{ expiresAt: '2001-01-01T00:00:00Z' }, 400, 'expiresAt'],
      [{ expiresAt: 'tomorrow' }, 400, 'expiresAt'],
      [{ userId: s.root.id }, 400, 'userId'],
    ]
    for (const [more, status, field] of rows) {
      const { status: given, body } = await s.t.ask('POST /tokens', {
        as: s.stranger.token,
        body: { ...newToken, ...more },
      })
      assert.deepEqual([given, body.errors?.[0]?.field], [status, field], JSON.stringify(more))
    }
    assert.equal((await s.access.tokens.list(s.stranger.id, {})).items.length, 1)
  })

  test('is made once for one Idempotency-Key, and its secret is not told again', async () => {
    await using s = await openTestOrganization()
    const ask = (line: string, key: string, body?: object) =>
      s.t.ask(line, { as: s.member.token, body, headers: { 'idempotency-key': key } })
    const made = await ask('POST /tokens', 'a', newToken)
    const { id } = made.body.token
    const again = await ask('POST /tokens', 'a', newToken)
    assert.deepEqual([again.status, again.body.id], [409, id])
    assert.ok(!JSON.stringify(again.body).includes(made.body.secret))
    assert.equal((await ask(`POST /tokens/${id}/rotate`, 'b')).status, 200)
    const rotatedAgain = await ask(`POST /tokens/${id}/rotate`, 'b')
    assert.deepEqual([rotatedAgain.status, rotatedAgain.body.id], [409, id])
    assert.equal((await s.access.tokens.list(s.member.id, {})).items.length, 2)
  })

  test('reaches no further than the token that makes it', async () => {
    await using s = await openTestOrganization()
    const expiresAt = Date.now() + 3_600_000
    const { text } = await s.t.aToken(s.member, { actions: ['read', 'admin'], expiresAt })
    const ends = new Date(expiresAt).toISOString()
    const ask = (more: object) => s.t.ask('POST /tokens', { as: text, body: { ...newToken, ...more } })
    const rows: [more: object, status: number, field?: string][] = [
      [{ expiresAt: ends }, 201],
      [{ expiresAt: ends, actions: ['read', 'write'] }, 403, 'actions'],
      [{ expiresAt: new Date(expiresAt + 1000).toISOString() }, 403, 'expiresAt'],
      [{}, 403, 'expiresAt'],
    ]
    for (const [more, status, field] of rows) {
      const { status: given, body } = await ask(more)
      assert.deepEqual([given, body.errors?.[0]?.field], [status, field], JSON.stringify(more))
    }
  })

  test('is made by no token that lacks the action admin, nor by one that is limited to a part', async () => {
    await using s = await openTestOrganization()
    for (const limits of [
      { actions: ['read', 'write', 'delete'] as const },
      { protocols: ['npm'] },
      { organizations: [s.acme.id] },
      { packages: ['*'] },
    ]) {
      const { text } = await s.t.aToken(s.member, limits)
      for (const line of ['POST /tokens', `POST /tokens/${await aMembersToken(s)}/rotate`]) {
        const body = line === 'POST /tokens' ? newToken : undefined
        assert.equal((await s.t.ask(line, { as: text, body })).status, 403, line)
      }
    }
  })

  test('of a robot keeps the organization that the token is limited to which makes it', async () => {
    await using s = await openTestOrganization()
    const { text: as } = await s.t.aToken(s.owner, { organizations: [s.acme.id] })
    const ask = (more: object) => s.t.ask(`POST ${robotTokens}`, { as, body: { ...newToken, ...more } })
    const wide = await ask({})
    assert.deepEqual([wide.status, wide.body.errors[0].field], [403, 'organizations'])
    assert.match(wide.body.detail, /It is limited to: acme\.$/)
    const made = await ask({ organizations: ['acme'] })
    assert.deepEqual([made.status, made.body.token.ownerId], [201, s.ci.id])
    const place = `/organizations/${s.acme.id}/robots/${s.ci.id}/tokens/${made.body.token.id}`
    assert.equal(made.headers.get('location'), `http://registry.example.com/api/v1${place}`)
    assert.equal((await s.t.ask('GET /auth/me', { as: made.body.secret })).body.name, 'ci')
  })

  test('is made by who signed in with a password, as wide as they like', async () => {
    await using s = await openTestOrganization()
    const authorization = `Basic ${btoa('member:correct horse battery')}`
    const body = { ...newToken, actions: allActions }
    assert.equal((await s.t.ask('POST /tokens', { headers: { authorization }, body })).status, 201)
  })
})

describe('tokens', () => {
  test('are listed in pages, newest first', async () => {
    await using s = await openTestOrganization()
    const ids = [await aMembersToken(s), await aMembersToken(s), await aMembersToken(s)]
    const seen: string[] = []
    let next: string | undefined = ''
    while (next !== undefined) {
      const cursor = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`
      const { body } = await s.t.ask(`GET /tokens?user=member&limit=1${cursor}`, { as: s.root.token })
      seen.push(...body.items.map(({ id }: { id: string }) => id))
      next = body.next
    }
    assert.deepEqual([seen.slice(0, 3), seen.length], [ids.reverse(), 4])
    assert.equal((await s.t.ask('GET /tokens?limit=0', { as: s.root.token })).status, 400)
    assert.equal((await s.t.ask('GET /tokens?user=a&user=b', { as: s.root.token })).status, 404)
  })

  test('stop at the next request when they are revoked', async () => {
    await using s = await openTestOrganization()
    const made = (await s.t.ask('POST /tokens', { as: s.member.token, body: newToken })).body
    assert.equal((await s.t.ask('GET /auth/me', { as: made.secret })).status, 200)
    assert.equal((await s.t.ask(`DELETE /tokens/${made.token.id}`, { as: s.member.token })).status, 204)
    assert.equal((await s.t.ask('GET /auth/me', { as: made.secret })).status, 401)
    assert.equal((await s.t.ask(`DELETE /tokens/${made.token.id}`, { as: s.member.token })).status, 404)
  })

  test('end themselves, and no other, without the right to administrate', async () => {
    await using s = await openTestOrganization()
    for (const holder of [s.member, s.ci]) {
      const { text, token } = await s.access.tokens.create({ userId: holder.id, name: 'x', actions: ['read'] })
      const another = await aMembersToken(s)
      assert.equal((await s.t.ask(`DELETE /tokens/${another}`, { as: text })).status, 403)
      assert.equal((await s.t.ask(`DELETE /tokens/${token.id}`, { as: text })).status, 204)
      assert.equal((await s.t.ask('GET /auth/me', { as: text })).status, 401)
    }
  })

  test('have a new secret when they are rotated, and the old one for the time of grace', async () => {
    await using s = await openTestOrganization()
    const as = s.member.token
    const made = (await s.t.ask('POST /tokens', { as, body: newToken })).body
    const rotate = (body?: object) => s.t.ask(`POST /tokens/${made.token.id}/rotate`, { as, body })
    const works = async (secret: string) => (await s.t.ask('GET /auth/me', { as: secret })).status === 200
    const second = (await rotate({ graceSeconds: 60 })).body
    assert.ok(second.token.oldSecretUntil)
    assert.deepEqual([await works(made.secret), await works(second.secret)], [true, true])
    const third = (await rotate()).body
    assert.equal(third.token.oldSecretUntil, undefined)
    assert.deepEqual(
      [await works(made.secret), await works(second.secret), await works(third.secret)],
      [false, false, true],
    )
    for (const graceSeconds of [-1, 1.5, 31 * 86_400]) {
      const { status, body } = await rotate({ graceSeconds })
      assert.deepEqual([status, body.errors[0].field], [400, 'graceSeconds'])
    }
    assert.equal(await works(third.secret), true)
  })

  test('are rotated by no token that reaches less far', async () => {
    await using s = await openTestOrganization()
    const { text: as } = await s.t.aToken(s.member, { actions: ['read', 'admin'] })
    const wide = await s.access.tokens.create({ userId: s.member.id, name: 'wide', actions: ['read', 'write'] })
    const refused = await s.t.ask(`POST /tokens/${wide.token.id}/rotate`, { as })
    assert.deepEqual([refused.status, refused.body.errors[0].field], [403, 'actions'])
    assert.equal((await s.t.ask(`POST /tokens/${await aMembersToken(s)}/rotate`, { as })).status, 200)
    assert.equal((await s.t.ask('GET /auth/me', { as: wide.text })).status, 200)
  })
})
