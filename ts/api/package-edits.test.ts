import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ok } from '../protocols/npm/testing.ts'
import { openTestPackages, type TestPackages } from '../testing/packages.ts'

async function withLib(...versions: string[]) {
  const s = await openTestPackages()
  const path = await s.aPackage('lib', versions)
  const put = (what: string, body: unknown, headers: Record<string, string> = {}) =>
    s.t.ask(`PUT ${path}/${what}`, { as: s.maintainer.token, body, headers })
  const read = async (what = '') => s.t.ask(`GET ${path}${what}`, { as: s.reader.token })
  return { ...s, path, put, read }
}

async function deprecations(s: TestPackages): Promise<Record<string, string>> {
  const { versions } = await s.packument('lib')
  return Object.fromEntries(
    Object.entries(versions as Record<string, { deprecated?: string }>).flatMap(([version, { deprecated }]) =>
      deprecated === undefined ? [] : [[version, deprecated]],
    ),
  )
}

describe('every change', () => {
  const changes: [what: string, body: object][] = [
    [
      'tags',
      {
        tags: [
          { tag: 'latest', version: '1.0.0' },
          { tag: 'other', version: '1.0.0' },
        ],
      },
    ],
    ['deprecation', { versions: ['1.0.0'], message: 'old' }],
    ['yank', { versions: ['1.0.0'], isYanked: true }],
    ['owners', { owners: ['reader'] }],
    ['status', { status: 'archived', reason: 'done' }],
  ]
  for (const [what, body] of changes) {
    test(`of ${what} is bound to what was read, when If-Match says so, and happens once of many`, async () => {
      await using s = await withLib('1.0.0')
      const etag = (await s.read()).headers.get('etag') ?? ''
      await s.put('deprecation', { versions: ['1.0.0'], message: 'first' })
      assert.equal((await s.put(what, body, { 'if-match': etag })).status, 412)
      const fresh = (await s.read('/tags')).headers.get('etag') ?? ''
      const all = await Promise.all([1, 2, 3].map(() => s.put(what, body, { 'if-match': fresh })))
      assert.deepEqual(all.map(({ status }) => status).sort(), [200, 412, 412])
      const changed = all.find(({ status }) => status === 200)?.headers.get('etag') ?? ''
      // Nothing is left to change: the same answer, and the same revision.
      const again = await s.put(what, body, { 'if-match': changed })
      assert.deepEqual([again.status, again.headers.get('etag')], [200, changed])
      assert.equal((await s.put(what, body, { 'if-match': '*' })).status, 200)
    })
  }

  test('with a wrong body is refused with the field, and nothing changes', async () => {
    await using s = await withLib('1.0.0')
    const rows: [what: string, body: unknown, status: number, field?: string][] = [
      ['tags', { tags: [] }, 400, 'tags'],
      ['tags', { tags: [{ tag: 'latest', version: '9.9.9' }] }, 404],
      ['tags', { tags: [{ tag: '1.0', version: '1.0.0' }] }, 400, 'tags[0].tag'],
      ['tags', { tags: [{ tag: 'a/b', version: '1.0.0' }] }, 400, 'tags[0].tag'],
      ['tags', { tags: Array(2).fill({ tag: 'latest', version: '1.0.0' }) }, 400, 'tags'],
      ['tags', { tags: [{ tag: 'latest', version: '\ud800' }] }, 404],
      ['tags', { latest: '1.0.0' }, 400, 'tags'],
      ['deprecation', { versions: ['1.0.0', '9.9.9'], message: 'x' }, 404],
      ['deprecation', { versions: [], message: 'x' }, 400, 'versions'],
      ['deprecation', { versions: ['1.0.0'], message: '' }, 400, 'message'],
      ['deprecation', { versions: ['1.0.0'], message: '\u001b[2J' }, 400, 'message'],
      ['deprecation', { versions: ['1.0.0'], message: 'x'.repeat(1025) }, 400, 'message'],
      ['deprecation', { versions: ['1.0.0'], message: '\ud800' }, 400, 'message'],
      ['deprecation', { versions: ['1.0.0'] }, 400, 'message'],
      ['yank', { versions: ['1.0.0'], isYanked: false, reason: 'x' }, 400, 'reason'],
      ['yank', { versions: ['9.9.9'], isYanked: true }, 404],
      ['owners', { owners: [] }, 400, 'owners'],
      ['owners', { owners: ['owner', 'nobody'] }, 400, 'owners[1]'],
      ['owners', { owners: ['\ud800'] }, 400, 'owners[0]'],
      ['owners', { owners: [{ id: 'x' }] }, 400, 'owners[0]'],
      ['status', { status: 'deprecated' }, 400, 'reason'],
      ['status', { status: 'active', reason: 'x' }, 400, 'reason'],
      ['status', { status: 'gone' }, 400, 'status'],
      ['status', { status: 'archived', isAdmin: true }, 400, 'isAdmin'],
    ]
    const before = (await s.read()).body
    for (const [what, body, status, field] of rows) {
      const told = await s.put(what, body)
      assert.deepEqual([told.status, told.body.errors?.[0].field], [status, field], `${what} ${JSON.stringify(body)}`)
    }
    assert.deepEqual((await s.read()).body, before)
  })
})

describe('tags', () => {
  test('are set, moved and removed here, and npm sees it; and the other way round', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    const tags = [
      { tag: 'latest', version: '1.0.0' },
      { tag: '__proto__', version: '1.1.0' },
      { tag: 'next', version: '1.1.0' },
    ]
    const set = await s.put('tags', { tags })
    assert.deepEqual([set.status, set.body], [200, { tags }])
    assert.deepEqual(
      Object.entries((await s.packument('lib'))['dist-tags']),
      tags.map(({ tag, version }) => [tag, version]),
    )
    assert.equal((await s.read()).body.latestVersion, '1.0.0')
    const at = '/npm/acme/tools/-/package/lib/dist-tags'
    await ok(await s.t.request('PUT', `${at}/latest`, { as: s.owner.token, body: '1.1.0' }))
    await ok(await s.t.request('DELETE', `${at}/next`, { as: s.owner.token }))
    assert.deepEqual((await s.read('/tags')).body.tags.length, 2)
    assert.equal((await s.read()).body.latestVersion, '1.1.0')
    assert.equal((await s.put('tags', { tags: [tags[0]] })).status, 200)
    assert.deepEqual((await s.packument('lib'))['dist-tags'], { latest: '1.0.0' })
  })

  test('that the repository makes immutable are set once; they and their version stay', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    await s.access.repositories.configure(s.tools.id, { immutableTags: ['release-*'] })
    const tags = (version?: string, latest = '1.1.0') => ({
      tags: [{ tag: 'latest', version: latest }, ...(version ? [{ tag: 'release-1', version }] : [])],
    })
    assert.equal((await s.put('tags', tags('1.0.0'))).status, 200)
    assert.equal((await s.put('tags', tags('1.0.0', '1.0.0'))).status, 200)
    const remove = (path: string) => s.t.ask(`DELETE ${path}`, { as: s.owner.token })
    const refused = [
      await s.put('tags', tags('1.1.0')),
      await s.put('tags', tags()),
      await remove(`${s.path}/versions/1.0.0`),
      await remove(s.path),
    ]
    for (const { status, body } of refused) {
      assert.equal(status, 403)
      assert.match(
        body.detail,
        /^The tag "release-1" of lib stays at 1\.0\.0, .*"immutable tags".*match "release-\*"\.$/,
      )
    }
    assert.deepEqual((await s.packument('lib'))['dist-tags'], { latest: '1.0.0', 'release-1': '1.0.0' })
    assert.equal((await remove(`${s.path}/versions/1.1.0`)).status, 204)
    await s.access.repositories.configure(s.tools.id, { immutableTags: [] })
    assert.equal((await remove(s.path)).status, 204)
  })
})

describe('deprecation', () => {
  test('of versions is seen by npm and taken back from either side', async () => {
    await using s = await withLib('1.0.0', '1.1.0', '2.0.0')
    const told = await s.put('deprecation', { versions: ['1.0.0', '1.1.0', '1.0.0'], message: 'use 2 <b>' })
    assert.equal(told.status, 200)
    assert.equal(told.body.deprecated, undefined)
    assert.deepEqual(await deprecations(s), { '1.0.0': 'use 2 <b>', '1.1.0': 'use 2 <b>' })
    const packument = await s.packument('lib')
    packument.versions['1.0.0'].deprecated = ''
    packument.versions['2.0.0'].deprecated = 'all of it'
    await ok(await s.t.request('PUT', '/npm/acme/tools/lib', { as: s.owner.token, body: packument }))
    assert.equal((await s.read()).body.deprecated, 'all of it')
    assert.equal((await s.read('/versions/1.0.0')).body.deprecated, undefined)
    await s.put('deprecation', { versions: ['1.1.0', '2.0.0'], message: null })
    assert.deepEqual(await deprecations(s), {})
    assert.equal((await s.read()).body.deprecated, undefined)
  })

  test('that a version was published with is told, and taken back', async () => {
    await using s = await openTestPackages()
    await s.publish('lib', '1.0.0', { manifest: { deprecated: 'from the start' } })
    const path = `/packages/${await s.idOf('lib')}`
    const read = async () => (await s.t.ask(`GET ${path}/versions/1.0.0`, { as: s.reader.token })).body.deprecated
    assert.deepEqual([await read(), await deprecations(s)], ['from the start', { '1.0.0': 'from the start' }])
    const body = { versions: ['1.0.0'], message: null }
    await s.t.ask(`PUT ${path}/deprecation`, { as: s.owner.token, body })
    assert.deepEqual([await read(), await deprecations(s)], [undefined, {}])
  })
})

describe('yanking', () => {
  test('is told of the version; npm is told to avoid it, and can still install it', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    const yank = (isYanked: boolean, reason?: string) => s.put('yank', { versions: ['1.1.0'], isYanked, reason })
    assert.equal((await yank(true, 'leaks')).status, 200)
    assert.equal((await s.read('/versions/1.1.0')).body.yanked, 'leaks')
    assert.deepEqual(await deprecations(s), { '1.1.0': 'Yanked: leaks' })
    await ok(await s.t.request('GET', '/npm/acme/tools/lib/-/lib-1.1.0.tgz', { as: s.reader.token }))
    await yank(true)
    assert.equal((await s.read('/versions/1.1.0')).body.yanked, '')
    assert.deepEqual(await deprecations(s), { '1.1.0': 'Yanked' })
    await yank(false)
    assert.deepEqual(await deprecations(s), {})
    assert.equal((await s.read('/versions/1.1.0')).body.yanked, undefined)
  })
})

describe('owners', () => {
  test('are added and removed by id and name, and npm goes on from there; one stays', async () => {
    await using s = await withLib('1.0.0')
    const put = await s.put('owners', { owners: [s.packageOwner.id, 'READER', 'reader'] })
    assert.deepEqual(put.body.owners, [
      { id: s.packageOwner.id, kind: 'user', name: 'package-owner' },
      { id: s.reader.id, kind: 'user', name: 'reader' },
    ])
    const packument = await s.packument('lib')
    const names = packument.maintainers.map(({ name }: { name: string }) => name)
    assert.deepEqual(names, ['package-owner', 'reader'])
    const body = { _id: 'lib', maintainers: [{ name: 'reader' }] }
    const at = `/npm/acme/tools/lib/-rev/${packument._rev}`
    await ok(await s.t.request('PUT', at, { as: s.packageOwner.token, body }))
    assert.equal((await s.read('/owners')).body.owners.length, 1)
    const { status } = await s.t.ask(`PUT ${s.path}/owners`, { as: s.packageOwner.token, body: { owners: ['reader'] } })
    assert.equal(status, 403)
  })
})

describe('the status', () => {
  test('deprecated counts for every version that has no message of its own, new ones too', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    await s.put('deprecation', { versions: ['1.0.0'], message: 'broken' })
    const told = await s.put('status', { status: 'deprecated', reason: 'use other' })
    assert.deepEqual(
      [told.body.status, told.body.statusReason, told.body.deprecated],
      ['deprecated', 'use other', 'use other'],
    )
    await s.publish('lib', '2.0.0')
    assert.deepEqual(await deprecations(s), { '1.0.0': 'broken', '1.1.0': 'use other', '2.0.0': 'use other' })
    await s.put('status', { status: 'active' })
    assert.deepEqual(await deprecations(s), { '1.0.0': 'broken' })
    assert.equal((await s.read()).body.statusReason, undefined)
  })

  test('deprecated ends when npm takes the deprecation of all versions back', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    await s.put('status', { status: 'deprecated', reason: 'use other' })
    const undo = async (...versions: string[]) => {
      const packument = await s.packument('lib')
      for (const version of versions) packument.versions[version].deprecated = ''
      await ok(await s.t.request('PUT', '/npm/acme/tools/lib', { as: s.owner.token, body: packument }))
    }
    await undo('1.0.0')
    assert.deepEqual([await deprecations(s), (await s.read()).body.status], [{ '1.1.0': 'use other' }, 'deprecated'])
    await undo('1.1.0')
    assert.deepEqual([await deprecations(s), (await s.read()).body.status], [{}, 'active'])
  })

  test('archived takes no new versions, in words that npm prints, and all else goes on', async () => {
    await using s = await withLib('1.0.0', '1.1.0')
    await s.put('status', { status: 'archived', reason: 'done' })
    await assert.rejects(s.publish('lib', '2.0.0'), /403.*lib is archived: \\"done\\"/)
    assert.deepEqual(await deprecations(s), {})
    assert.equal((await s.t.ask(`DELETE ${s.path}/versions/1.1.0`, { as: s.owner.token })).status, 204)
    await s.put('status', { status: 'active' })
    await s.publish('lib', '2.0.0')
    assert.equal((await s.read()).body.latestVersion, '2.0.0')
  })

  test('does not outlive the last version', async () => {
    await using s = await withLib('1.0.0')
    await s.put('status', { status: 'archived' })
    await s.t.ask(`DELETE ${s.path}`, { as: s.owner.token })
    await s.publish('lib', '2.0.0')
    assert.equal((await s.read()).body.status, 'active')
  })
})
