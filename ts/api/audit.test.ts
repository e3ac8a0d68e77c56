import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../metadata/engine.ts'
import type { AuditEntryDocument } from '../metadata/platform-schema.ts'
import { aPublishBody } from '../protocols/npm/publish-builder.ts'
import { testPassword } from '../testing/access.ts'
import type { TestRequest } from '../testing/app.ts'
import { openTestApi, type TestApi } from './testing.ts'

const basic = (name: string, password: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` })

/** A platform admin, an organization `acme` of olga's with a member, and somebody who belongs nowhere. */
async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  const olga = await t.someone('olga')
  const mia = await t.someone('mia')
  const stranger = await t.someone('stranger')
  const { id: acme } = await t.access.organizations.create({ name: 'acme', ownerId: olga.id })
  await t.access.organizations.setMember(acme, mia.id, 'member')

  /** Asks, and resolves to the answer and the entries that it left. */
  async function doing(line: string, request: TestRequest = {}) {
    const known = (await entriesOf(t)).length
    const [method = '', path = ''] = line.split(' ')
    const answer = await t.request(method, path, request)
    const text = await answer.text()
    return { answer, body: text === '' ? undefined : JSON.parse(text), entries: (await entriesOf(t)).slice(known) }
  }
  return { t, root, olga, mia, stranger, acme, doing, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

async function entriesOf(t: TestApi): Promise<AuditEntryDocument[]> {
  const { items } = await t.trail.query({ order: 'ascending', limit: 1000 })
  return items.map(({ value }) => value)
}

/** `package.publish by olga on lib`. */
const said = ({ action, actorName, targetName, outcome, count }: AuditEntryDocument) =>
  `${action} by ${actorName} on ${targetName}${outcome === 'success' ? '' : `, ${outcome}`}${count === 1 ? '' : ` ${count} times`}`

function detailsOf(entry: AuditEntryDocument | undefined): { readonly [key: string]: Json } {
  const details = entry?.details
  assert.ok(typeof details === 'object' && details !== null && !Array.isArray(details))
  return details as { readonly [key: string]: Json }
}

describe('a change over HTTP is one entry: who, what, on what, and the request id of its answer', {
  concurrency: 8,
}, () => {
  const deprecated = { _id: 'lib', versions: { '1.0.0': { deprecated: 'old' }, '1.1.0': {} } }
  const rows: [line: string, body: unknown, entry: string][] = [
    [
      'POST /api/v1/users',
      { username: 'joe', email: 'joe@example.com', password: 'a horse of battery' },
      'user.create by root on joe',
    ],
    ['PUT /api/v1/users/mia', { displayName: 'Mia' }, 'user.update by root on mia'],
    ['PUT /api/v1/users/mia', { isActive: false }, 'user.disable by root on mia'],
    ['PUT /api/v1/users/mia/password', { password: 'a horse of battery' }, 'user.password by root on mia'],
    ['DELETE /api/v1/users/mia', undefined, 'user.delete by root on mia'],
    ['POST /api/v1/organizations', { name: 'other' }, 'organization.create by root on other'],
    ['PUT /api/v1/organizations/acme', { displayName: 'Acme' }, 'organization.update by root on acme'],
    ['POST /api/v1/organizations/acme/members', { user: 'stranger', role: 'admin' }, 'member.set by root on acme'],
    ['PUT /api/v1/organizations/acme/members/mia', { role: 'admin' }, 'member.set by root on acme'],
    ['DELETE /api/v1/organizations/acme/members/mia', undefined, 'member.remove by root on acme'],
    ['POST /api/v1/admin/jobs/downloads/run', undefined, 'job.run by root on downloads'],
    ['PUT /api/v1/admin/settings', { signUp: true }, 'settings.update by root on platform'],
    ['PUT /lib', aPublishBody('lib', '2.0.0').body, 'package.publish by root on lib'],
    ['PUT /-/package/lib/dist-tags/next', '1.0.0', 'package.tag by root on lib'],
    ['PUT /lib', deprecated, 'package.deprecate by root on lib'],
    ['PUT /-/package/lib/owners', { user: 'olga' }, 'package.owner by root on lib'],
    ['DELETE /lib/-/lib-1.0.0.tgz/-rev/undefined', undefined, 'package.delete by root on lib'],
    ['POST /-/stage/package/lib', aPublishBody('lib', '3.0.0').body, 'stage.create by root on lib@3.0.0'],
    ['PUT /-/org/acme/user', { user: 'stranger', role: 'admin' }, 'member.set by root on acme'],
    ['PUT /-/org/acme/team', { name: 'builders' }, 'team.create by root on acme/builders'],
  ]
  for (const [line, body, entry] of rows) {
    test(`${line} ${JSON.stringify(body)?.slice(0, 40) ?? ''}`, async () => {
      await using s = await setUp()
      for (const version of ['1.0.0', '1.1.0']) {
        await s.t.request('PUT', '/lib', { as: s.root.token, body: aPublishBody('lib', version).body })
      }
      const { answer, entries } = await s.doing(line, { as: s.root.token, body, headers: { 'user-agent': 'npm/12' } })
      assert.ok(answer.ok, `${answer.status}`)
      assert.deepEqual(entries.map(said), [entry])
      assert.equal(entries[0]?.requestId, answer.headers.get('x-request-id'))
      assert.equal(entries[0]?.userAgent, 'npm/12')
      assert.equal(entries[0]?.actorId, s.root.id)
      assert.match(entries[0]?.tokenId ?? '', /^tok_/)
    })
  }

  test('a first publish makes the default repository, which is an entry of its own', async () => {
    await using s = await setUp()
    const { body } = aPublishBody('@acme/lib', '1.0.0')
    const { entries } = await s.doing('PUT /@acme%2flib', { as: s.olga.token, body })
    assert.deepEqual(entries.map(said), [
      'repository.create by olga on npm/acme/npm',
      'package.publish by olga on @acme/lib',
    ])
    assert.equal(detailsOf(entries[1])['repository'], 'npm/acme/npm')
  })

  test('of an approval, who approved is the actor and who staged is told', async () => {
    await using s = await setUp()
    const { body } = aPublishBody('@acme/lib', '1.0.0')
    await s.t.access.organizations.setMember(s.acme, s.mia.id, 'admin')
    const staged = await s.doing('POST /-/stage/package/@acme%2flib', { as: s.mia.token, body })
    const { entries } = await s.doing(`POST /npm/acme/npm/-/stage/${staged.body.stageId}/approve`, { as: s.olga.token })
    assert.deepEqual(entries.map(said), [
      'package.publish by olga on @acme/lib',
      'stage.approve by olga on @acme/lib@1.0.0',
    ])
    assert.equal(detailsOf(entries[0])['publisher'], s.mia.id)
    const again = await s.doing('POST /-/stage/package/@acme%2flib', {
      as: s.mia.token,
      body: aPublishBody('@acme/lib', '1.1.0').body,
    })
    const rejected = await s.doing(`DELETE /npm/acme/npm/-/stage/${again.body.stageId}`, { as: s.olga.token })
    assert.deepEqual(rejected.entries.map(said), ['stage.reject by olga on @acme/lib@1.1.0'])
  })

  test('a tag may have a name that secrets go by', async () => {
    await using s = await setUp()
    await s.t.request('PUT', '/lib', { as: s.root.token, body: aPublishBody('lib', '1.0.0').body })
    const { answer, entries } = await s.doing('PUT /-/package/lib/dist-tags/token', { as: s.root.token, body: '1.0.0' })
    assert.equal(answer.status, 200)
    assert.deepEqual(detailsOf(entries[0])['tags'], [
      ['latest', '1.0.0'],
      ['token', '1.0.0'],
    ])
  })
})

describe('sign-ins', { concurrency: 8 }, () => {
  const login = (name: string, password: string) => ({ body: { login: name, password } })

  test('one is an entry of whoever signed in; so is its end', async () => {
    await using s = await setUp()
    const begun = await s.doing('POST /api/v1/auth/login', login('mia', testPassword))
    assert.deepEqual(begun.entries.map(said), ['session.start by mia on mia'])
    assert.equal(begun.entries[0]?.requestId, begun.answer.headers.get('x-request-id'))
    const refreshed = await s.doing('POST /api/v1/auth/refresh', { body: { refreshToken: begun.body.refreshToken } })
    assert.deepEqual(refreshed.entries, [])
    const ended = await s.doing('POST /api/v1/auth/logout', { as: refreshed.body.accessToken })
    assert.deepEqual(ended.entries.map(said), ['session.end by mia on mia'])
  })

  test('a failed one says which user was tried, and nothing of a name that is nobody’s', async () => {
    await using s = await setUp()
    const { entries } = await s.doing('POST /api/v1/auth/login', login('mia', 'wrong wrong wrong'))
    assert.deepEqual(entries.map(said), ['session.start by anonymous on mia, refused'])
    const unknown = await s.doing('POST /api/v1/auth/login', login('nobody', 'wrong wrong wrong'))
    assert.deepEqual(unknown.entries.map(said), ['session.start by anonymous on (unknown name), refused'])
    const [entry] = (await s.doing('POST /api/v1/auth/login', login('hunter2', 'x'))).entries
    assert.equal(entry, undefined, 'an equal refusal of the same minute is counted')
  })

  test('whoever is told to wait tells no name, so that many names are no entry each', async () => {
    await using s = await setUp()
    const attempt = () => s.doing('POST /api/v1/auth/login', login('mia', 'wrong wrong wrong'))
    let told = await attempt()
    while (told.answer.status === 401) told = await attempt()
    assert.equal(told.answer.status, 429)
    const [entry] = told.entries
    assert.deepEqual([entry?.action, entry?.targetKind, entry?.outcome], ['session.start', 'address', 'refused'])
    assert.equal(detailsOf(entry)['login'], 'mia')
    assert.deepEqual((await attempt()).entries, [])
  })

  test('a password with every request is one sign-in, and a wrong one a refused one', async () => {
    await using s = await setUp()
    const headers = basic('mia', testPassword)
    const told = await Promise.all(Array.from({ length: 3 }, () => s.t.request('GET', '/-/whoami', { headers })))
    assert.deepEqual(
      told.map(({ status }) => status),
      [200, 200, 200],
    )
    await s.t.request('GET', '/-/whoami', { headers: basic('mia', 'wrong wrong wrong') })
    const entries = (await entriesOf(s.t)).filter(({ action }) => action === 'session.start')
    assert.deepEqual(entries.map(said), ['session.start by mia on mia', 'session.start by anonymous on mia, refused'])
  })

  test('npm login on the command line: the sign-in, and the token that it made', async () => {
    await using s = await setUp()
    const { answer, entries } = await s.doing('PUT /-/user/org.couchdb.user:mia/-rev/1', {
      headers: basic('mia', testPassword),
      body: {},
    })
    assert.equal(answer.status, 201)
    assert.deepEqual(entries.map(said), ['session.start by mia on mia', 'token.create by mia on npm login: npm'])
  })
})

describe('refusals', { concurrency: 8 }, () => {
  const refused: [line: string, entry: string][] = [
    ['GET /api/v1/audit', 'access.refused by mia on GET /api/v1/audit, refused'],
    ['POST /api/v1/organizations', 'access.refused by mia on POST /api/v1/organizations, refused'],
    ['PUT /api/v1/organizations/acme', 'access.refused by mia on acme, refused'],
    ['GET /api/v1/organizations/none', 'access.refused by mia on none, refused'],
    ['PUT /api/v1/users/olga', 'access.refused by mia on olga, refused'],
    ['GET /npm/other/secret/lib', 'access.refused by mia on npm/other/secret, refused'],
    ['GET /npm/other/none/lib', 'access.refused by mia on npm/other/none, refused'],
    ['PUT /npm/acme/tools/lib', 'access.refused by mia on npm/acme/tools, refused'],
  ]
  test('of somebody who is signed in are an entry each, once for what is hidden and what is not there', async () => {
    await using s = await setUp()
    const { id: other } = await s.t.access.organizations.create({ name: 'other', ownerId: s.root.id })
    const make = (organizationId: string, name: string) =>
      s.t.access.repositories.create({ organizationId, protocol: 'npm', name, createdBy: s.root.id })
    await make(other, 'secret')
    await make(s.acme, 'tools')
    for (const [line, entry] of refused) {
      const body = line.startsWith('P') ? {} : undefined
      const { answer, entries } = await s.doing(line, { as: s.mia.token, body })
      assert.ok([403, 404].includes(answer.status), `${line}: ${answer.status}`)
      assert.deepEqual(entries.map(said), [entry], line)
      assert.equal(entries[0]?.requestId, answer.headers.get('x-request-id'))
    }
  })

  test('by a handler, after the gate let somebody in, are about the place', async () => {
    await using s = await setUp()
    await s.t.access.organizations.setMember(s.acme, s.mia.id, 'admin')
    await s.t.access.robots.create({ organizationId: s.acme, name: 'builder' })
    const { text } = await s.t.aToken({ id: s.mia.id }, { actions: ['read', 'admin'] })
    const line = 'POST /api/v1/organizations/acme/robots/builder/tokens'
    const { answer, entries } = await s.doing(line, { as: text, body: { name: 'wider', actions: ['write'] } })
    assert.equal(answer.status, 403)
    assert.deepEqual(entries.map(said), ['access.refused by mia on acme, refused'])
    assert.equal(detailsOf(entries[0])['asked'], 'POST /api/v1/organizations/:id/robots/:robotId/tokens')
  })

  test('of the office of owners are about the organization', async () => {
    await using s = await setUp()
    await s.t.access.organizations.setMember(s.acme, s.mia.id, 'admin')
    const body = { user: 'stranger', role: 'owner' }
    const { answer, entries } = await s.doing('POST /api/v1/organizations/acme/members', { as: s.mia.token, body })
    assert.equal(answer.status, 403)
    assert.deepEqual(entries.map(said), ['access.refused by mia on acme, refused'])
    assert.equal(detailsOf(entries[0])['asked'], 'change members')
  })

  const none: [name: string, line: string, as: 'mia' | 'root' | undefined][] = [
    ['nobody who is signed in', 'GET /api/v1/organizations/acme', undefined],
    ['a name that is not there, to a platform admin', 'GET /api/v1/organizations/none', 'root'],
    ['a repository that is not there, to a platform admin', 'GET /npm/none/none/lib', 'root'],
    ['a repository that is not there, to a member', 'GET /npm/acme/none/lib', 'mia'],
    ['what was asked for wrongly', 'GET /api/v1/organizations/acme/members?limit=0', 'mia'],
    ['a user who is not there', 'GET /api/v1/users/none', 'mia'],
  ]
  for (const [name, line, as] of none) {
    test(`none: ${name}`, async () => {
      await using s = await setUp()
      const { entries } = await s.doing(line, { as: as && s[as].token })
      assert.deepEqual(entries.map(said), [])
    })
  }

  test('none: a list that leaves out what a token may not read', async () => {
    await using s = await setUp()
    const { text } = await s.t.aToken({ id: s.mia.id }, { organizations: ['org_other'] })
    const { body, entries } = await s.doing('GET /api/v1/organizations', { as: text })
    assert.deepEqual([body.items, entries], [[], []])
  })

  test('equal ones within a minute are one entry, and one with the count of the others', async () => {
    await using s = await setUp()
    for (let i = 0; i < 4; i++) await s.doing('GET /api/v1/audit', { as: s.mia.token })
    await s.t.trail.close()
    const entries = (await entriesOf(s.t)).filter(({ action }) => action === 'access.refused')
    assert.deepEqual(entries.map(said), [
      'access.refused by mia on GET /api/v1/audit, refused',
      'access.refused by mia on GET /api/v1/audit, refused 3 times',
    ])
  })
})

test('no entry holds a password or a token, whatever was done', async () => {
  await using s = await setUp()
  const secrets = [testPassword, 'a horse of battery', s.root.token, s.mia.token]
  const made = await s.doing('PUT /-/user/org.couchdb.user:mia/-rev/1', {
    headers: basic('mia', testPassword),
    body: {},
  })
  const session = await s.doing('POST /api/v1/auth/login', { body: { login: 'mia', password: testPassword } })
  secrets.push(made.body.token, session.body.accessToken, session.body.refreshToken)
  await s.doing('PUT /api/v1/users/mia/password', { as: s.root.token, body: { password: 'a horse of battery' } })
  await s.doing('POST /api/v1/auth/login', { body: { login: 'mia', password: 'a horse of bakery' } })
  await s.doing('GET /api/v1/audit', { as: s.mia.token, headers: { 'user-agent': `curl ${s.mia.token}` } })
  await s.doing(`DELETE /-/user/token/${made.body.token}`, { as: made.body.token })
  await s.doing(`GET /npm/acme/${s.mia.token.toLowerCase()}/lib`, { as: s.stranger.token })
  const text = JSON.stringify(await entriesOf(s.t))
  for (const secret of [...secrets, 'a horse of bakery']) assert.equal(text.includes(secret), false, secret)
})

describe('GET /audit', { concurrency: 8 }, () => {
  test('pages newest first, filtered by who, what, on what and when', async () => {
    await using s = await setUp()
    await s.doing('PUT /api/v1/users/mia', { as: s.root.token, body: { displayName: 'Mia' } })
    const all = await s.t.ask('GET /audit?limit=2', { as: s.root.token })
    assert.equal(all.body.items.length, 2)
    assert.equal(all.body.items[0].action, 'user.update')
    assert.deepEqual(all.body.items[0].actor.name, 'root')
    assert.equal(all.body.items[0].at.endsWith('Z'), true)
    const next = await s.t.ask(`GET /audit?limit=2&cursor=${encodeURIComponent(all.body.next)}`, { as: s.root.token })
    assert.notEqual(next.body.items[0].id, all.body.items[1].id)
    const counts: [query: string, count: number][] = [
      ['actor=root', 1],
      [`actor=${s.root.id}`, 1],
      ['actor=root&action=user.delete', 0],
      [`target=${s.mia.id}&action=user.update`, 1],
      ['action=user.update&from=2020-01-01&to=2020-01-02', 0],
      ['action=user.update&from=2020-01-01T00:00:00Z', 1],
    ]
    for (const [query, count] of counts) {
      const { body } = await s.t.ask(`GET /audit?${query}`, { as: s.root.token })
      assert.equal(body.items.length, count, query)
    }
  })

  test('is for platform admins alone', async () => {
    await using s = await setUp()
    const told = await Promise.all(
      [undefined, s.mia.token, s.olga.token, s.root.token].map((as) => s.t.ask('GET /audit', { as })),
    )
    assert.deepEqual(
      told.map(({ status }) => status),
      [401, 403, 403, 200],
    )
  })

  test('as NDJSON is the whole trail with its proof, as CSV a table; by Accept or by name', async () => {
    await using s = await setUp()
    const lines = async (path: string, headers = {}) => {
      const answer = await s.t.request('GET', path, { as: s.root.token, headers })
      return {
        type: answer.headers.get('content-type'),
        name: answer.headers.get('content-disposition'),
        lines: (await answer.text()).trimEnd().split('\n'),
      }
    }
    const proof = await lines('/api/v1/audit?format=ndjson')
    assert.deepEqual([proof.type, proof.name], ['application/x-ndjson', 'attachment; filename="audit.ndjson"'])
    assert.equal(JSON.parse(proof.lines[0] ?? '').complete, true)
    assert.equal(proof.lines.filter((line) => JSON.parse(line).kind === 'entry').length, (await entriesOf(s.t)).length)
    const asked = await lines('/api/v1/audit', { accept: 'application/x-ndjson' })
    assert.deepEqual(asked.lines, proof.lines)
    const csv = await lines('/api/v1/audit?action=user.create', { accept: 'text/csv' })
    assert.equal(csv.type, 'text/csv')
    assert.equal(csv.lines.length, 1 + 4)
    assert.match(csv.lines[0] ?? '', /^at,action,outcome/)
  })

  const wrong = ['format=xml', 'from=yesterday', 'limit=0', 'cursor=none', 'format=csv&cursor=x', 'who=mia']
  for (const query of wrong) {
    test(`?${query} is 400`, async () => {
      await using s = await setUp()
      assert.equal((await s.t.ask(`GET /audit?${query}`, { as: s.root.token })).status, 400)
    })
  }
})

test('downloads are entries where that is switched on, each of them', async () => {
  await using t = await openTestApi({ recordsDownloads: true })
  const root = await t.someone('root', { isPlatformAdmin: true })
  await t.request('PUT', '/lib', { as: root.token, body: aPublishBody('lib', '1.0.0').body })
  for (let i = 0; i < 2; i++) await (await t.request('GET', '/lib/-/lib-1.0.0.tgz', { as: root.token })).arrayBuffer()
  await t.request('GET', '/lib', { as: root.token })
  const entries = (await entriesOf(t)).filter(({ action }) => action === 'package.download')
  assert.deepEqual(entries.map(said), ['package.download by root on lib', 'package.download by root on lib'])
})
