import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestPackages, type TestPackages } from '../testing/packages.ts'
import type { Told } from './testing.ts'

const askers = [
  'anonymous',
  'stranger',
  'reader',
  'otherOwner',
  'packageOwner',
  'developer',
  'maintainer',
  'owner',
  'root',
] as const
const tokenOf = (s: TestPackages, asker: (typeof askers)[number]) =>
  asker === 'anonymous' ? undefined : s[asker].token

/** What a stranger can tell of an answer, without the id of the request. */
function told({ status, headers, body: { requestId: _, ...body } }: Told): unknown {
  return [status, [...headers].filter(([name]) => name !== 'x-request-id'), body]
}

describe('who may do what with a package', () => {
  const tags = { tags: [{ tag: 'latest', version: '1.0.0' }] }
  const owners = { owners: ['package-owner', 'reader'] }
  // The columns are `askers`.
  const rows: [line: string, body: object | undefined, ...statuses: number[]][] = [
    ['GET ', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['GET /versions', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['GET /versions/1.0.0', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['GET /versions/9.9.9', undefined, 401, 404, 404, 404, 404, 404, 404, 404, 404],
    ['GET /versions/1.0.0/files', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['GET /tags', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['GET /owners', undefined, 401, 404, 200, 200, 200, 200, 200, 200, 200],
    ['PUT /tags', tags, 401, 404, 403, 403, 200, 200, 200, 200, 200],
    ['PUT /deprecation', { versions: ['1.0.0'], message: 'x' }, 401, 404, 403, 403, 200, 200, 200, 200, 200],
    ['PUT /yank', { versions: ['1.0.0'], isYanked: true }, 401, 404, 403, 403, 200, 200, 200, 200, 200],
    ['PUT /owners', owners, 401, 404, 403, 403, 200, 403, 200, 200, 200],
    ['PUT /status', { status: 'archived' }, 401, 404, 403, 403, 200, 403, 200, 200, 200],
    ['DELETE /versions/1.0.0', undefined, 401, 404, 403, 403, 204, 403, 204, 204, 204],
    ['DELETE ', undefined, 401, 404, 403, 403, 204, 403, 204, 204, 204],
  ]
  test('row by row', async (context) => {
    await using s = await openTestPackages()
    await s.aPackage('other', ['1.0.0'], s.otherOwner)
    let count = 0
    for (const [line, body, ...expected] of rows) {
      await context.test(line, async () => {
        const statuses: number[] = []
        let path = ''
        for (const asker of askers) {
          // Somebody who changed it leaves a new one to the next.
          if (path === '' || (statuses.at(-1) ?? 0) < 300) {
            path = await s.aPackage(`lib-${count++}`, ['1.0.0'], s.packageOwner)
          }
          const [method, rest] = line.split(' ')
          statuses.push((await s.t.ask(`${method} ${path}${rest}`, { as: tokenOf(s, asker), body })).status)
        }
        assert.deepEqual(statuses, expected)
      })
    }
  })

  test('an unknown package, a deleted one and one that may not be read are answered alike', async () => {
    await using s = await openTestPackages()
    const lib = await s.aPackage('lib', ['1.0.0'])
    const gone = await s.aPackage('gone', ['1.0.0'])
    await s.t.ask(`DELETE ${gone}`, { as: s.owner.token })
    const lines: [string, object?][] = [
      ['GET '],
      ['GET /versions/1.0.0/files'],
      ['PUT /tags', { tags: [] }],
      ['DELETE '],
    ]
    for (const [line, body] of lines) {
      for (const as of [undefined, s.stranger.token]) {
        const [method, rest] = line.split(' ')
        const answers: unknown[] = []
        for (const path of [lib, gone, '/packages/pkg_never', '/packages/__proto__', '/packages/%00']) {
          answers.push(told(await s.t.ask(`${method} ${path}${rest}`, { as, body })))
        }
        for (const other of answers) assert.deepEqual(other, answers[0])
      }
    }
  })

  test('a token that is limited to other packages finds none of them', async () => {
    await using s = await openTestPackages()
    const lib = await s.aPackage('lib', ['1.0.0'])
    await s.aPackage('@acme/x', ['1.0.0'])
    const as = (await s.t.aToken(s.owner, { packages: ['@acme/*'] })).text
    assert.equal((await s.t.ask(`GET ${lib}`, { as })).status, 404)
    assert.equal((await s.t.ask(`DELETE ${lib}`, { as })).status, 404)
    for (const query of ['', '?text=x', '?text=lib', '?organization=acme', `?repository=${s.tools.id}`]) {
      const { items } = (await s.t.ask(`GET /packages${query}`, { as })).body
      const names = items.map(({ name }: { name: string }) => name)
      assert.deepEqual(names, query.includes('lib') ? [] : ['@acme/x'], query)
    }
  })
})

describe('a package', () => {
  test('is told with its facts, tags, owners and how to install it', async () => {
    await using s = await openTestPackages()
    const manifest = { description: 'a <b>bold</b> "claim" \u{1F4E6}', keywords: ['ui', '<i>'] }
    await s.publish('@acme/lib', '1.0.0', { manifest })
    const id = await s.idOf('@acme/lib')
    const { body, headers } = await s.t.ask(`GET /packages/${id}`, { as: s.reader.token })
    assert.deepEqual(
      { ...body, createdAt: '', updatedAt: '' },
      {
        id,
        protocol: 'npm',
        organization: 'acme',
        organizationId: s.acme.id,
        repository: 'tools',
        repositoryId: s.tools.id,
        name: '@acme/lib',
        latestVersion: '1.0.0',
        description: manifest.description,
        keywords: manifest.keywords,
        status: 'active',
        downloads: 0,
        createdAt: '',
        updatedAt: '',
        tags: [{ tag: 'latest', version: '1.0.0' }],
        owners: [{ id: s.owner.id, kind: 'user', name: 'owner' }],
        install: 'npm install @acme/lib@1.0.0 --registry=http://registry.example.com/npm/acme/tools/',
      },
    )
    const again = { as: s.reader.token, headers: { 'if-none-match': headers.get('etag') ?? '' } }
    assert.equal((await s.t.ask(`GET /packages/${id}`, again)).status, 304)
    s.t.registry.downloads.count(id, '1.0.0')
    await s.t.registry.downloads.flush()
    const counted = await s.t.ask(`GET /packages/${id}`, again)
    assert.deepEqual([counted.status, counted.body.downloads], [200, 1])
  })

  test('that a robot published is owned by it, and npm leaves that', async () => {
    await using s = await openTestPackages()
    const robot = await s.access.robots.create({ organizationId: s.acme.id, name: 'ci' })
    await s.access.grants.setPermission(s.tools.id, { holderId: robot.id, role: 'developer' })
    await s.publish('lib', '1.0.0', { as: (await s.t.aToken(robot)).text })
    const path = `/packages/${await s.idOf('lib')}/owners`
    const names = async () =>
      (await s.t.ask(`GET ${path}`, { as: s.owner.token })).body.owners.map(
        ({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`,
      )
    assert.deepEqual(await names(), ['robot ci'])
    const { _rev } = await s.packument('lib')
    const maintainers = { _id: 'lib', maintainers: [{ name: 'reader' }] }
    const put = await s.t.request('PUT', `/npm/acme/tools/lib/-rev/${_rev}`, { as: s.owner.token, body: maintainers })
    assert.equal(put.status, 201)
    assert.deepEqual((await names()).sort(), ['robot ci', 'user reader'])
    const body = { owners: [robot.id] }
    assert.equal((await s.t.ask(`PUT ${path}`, { as: s.owner.token, body })).status, 200)
    assert.deepEqual(await names(), ['robot ci'])
  })

  test('is gone for npm, too, when it was deleted, and no version of it is published again', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '1.1.0'])
    assert.equal((await s.t.ask(`DELETE ${path}`, { as: s.owner.token })).status, 204)
    assert.equal((await s.t.ask(`GET ${path}`, { as: s.owner.token })).status, 404)
    assert.equal((await s.t.request('GET', '/npm/acme/tools/lib', { as: s.owner.token })).status, 404)
    await assert.rejects(s.publish('lib', '1.1.0'), /was deleted/)
    await s.publish('lib', '2.0.0', { as: s.developer.token })
    const again = (await s.t.ask(`GET ${path}`, { as: s.owner.token })).body
    assert.deepEqual(
      [again.latestVersion, again.status, again.owners.map(({ name }: { name: string }) => name)],
      ['2.0.0', 'active', ['developer']],
    )
  })

  test('that npm unpublished is gone here', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0'])
    const { _rev } = await s.packument('lib')
    await s.t.request('DELETE', `/npm/acme/tools/lib/-rev/${_rev}`, { as: s.owner.token })
    assert.equal((await s.t.ask(`GET ${path}`, { as: s.owner.token })).status, 404)
    assert.deepEqual((await s.t.ask('GET /packages', { as: s.owner.token })).body, { items: [] })
  })
})
