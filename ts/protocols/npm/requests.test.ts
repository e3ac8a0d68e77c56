import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { aPublishBody } from './publish-builder.ts'
import { abbreviated, json, ok, openNpm } from './testing.ts'

const abbreviatedType = 'application/vnd.npm.install-v1+json'

describe('a packument', () => {
  test('says which of its forms it is, to HEAD as to GET', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    for (const [accept, type] of [
      [abbreviated.accept, abbreviatedType],
      ['application/json', 'application/json'],
      ['*/*', 'application/json'],
    ] as const) {
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map((method) => t.request(method, '/lib', { as: t.owner, headers: { accept } })),
      )
      for (const name of ['content-type', 'content-length', 'etag', 'last-modified', 'vary']) {
        assert.equal(get?.headers.get(name), head?.headers.get(name), name)
        assert.ok(get?.headers.get(name), name)
      }
      assert.equal(get?.headers.get('content-type'), type)
      assert.equal(await head?.text(), '')
    }
  })

  test('is not sent again to who has it since its last change', async (context) => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const changed = Date.now()
    context.mock.timers.enable({ apis: ['Date'], now: changed + 3_600_000 })
    const since = (time: number) =>
      t.request('GET', '/lib', { as: t.owner, headers: { 'if-modified-since': new Date(time).toUTCString() } })
    assert.equal((await since(changed)).status, 304)
    assert.equal((await since(changed - 60_000)).status, 200)
  })

  test('before an edit is the full one with its revision, whatever form is asked for', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const read = async () => json(await t.request('GET', '/lib?write=true', { as: t.owner, headers: abbreviated }))
    const first = await read()
    assert.equal(first._id, 'lib')
    await ok(await t.publish(aPublishBody('lib', '1.1.0')))
    const second = await read()
    assert.notEqual(second._rev, first._rev)
    assert.deepEqual(Object.keys(second.versions), ['1.0.0', '1.1.0'])
  })

  test('has the hashes of the tarball’s bytes, both kinds, in both forms', async () => {
    await using t = await openNpm()
    const published = aPublishBody('lib', '1.0.0').withManifest({ dist: {} })
    await ok(await t.publish(published))
    const hash = (algorithm: string) => createHash(algorithm).update(published.tarball)
    for (const headers of [abbreviated, {}]) {
      const { versions } = await json(await t.request('GET', '/lib', { as: t.owner, headers }))
      const { shasum, integrity } = versions['1.0.0'].dist
      assert.deepEqual([shasum, integrity], [hash('sha1').digest('hex'), `sha512-${hash('sha512').digest('base64')}`])
    }
  })
})

describe('a tarball', () => {
  test('is sent as it is, also to who takes gzip, and not again to who has it', async () => {
    await using t = await openNpm()
    const { tarball, ...published } = aPublishBody('lib', '1.0.0').withFiles({ 'a.txt': 'a'.repeat(5000) })
    await ok(await t.publish({ tarball, ...published }))
    const get = (headers: Record<string, string>) => t.request('GET', '/lib/-/lib-1.0.0.tgz', { as: t.owner, headers })
    const answer = await ok(await get({ 'accept-encoding': 'gzip' }))
    const names = ['content-encoding', 'content-type', 'content-length']
    const [encoding, type, length] = names.map((name) => answer.headers.get(name))
    assert.deepEqual([encoding, type, length], [null, 'application/octet-stream', String(tarball.length)])
    const etag = answer.headers.get('etag') ?? ''
    assert.match(etag, /^"/)
    assert.equal((await get({ 'if-none-match': etag })).status, 304)
  })

  test('is found with its scope before the file, the slash encoded or not, and under no other scope', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
    const status = async (file: string) => (await t.request('GET', `/@acme%2flib/-/${file}`, { as: t.owner })).status
    assert.equal(await status('@acme%2flib-1.0.0.tgz'), 200)
    assert.equal(await status('@acme/lib-1.0.0.tgz'), 200)
    for (const file of ['@main%2flib-1.0.0.tgz', '..%2flib-1.0.0.tgz', '%2flib-1.0.0.tgz']) {
      assert.equal(await status(file), 404, file)
    }
  })

  test('stays what it was when its version is published again with other bytes', async () => {
    await using t = await openNpm()
    const first = aPublishBody('lib', '1.0.0')
    await ok(await t.publish(first))
    assert.equal((await t.publish(first.withFiles({ 'other.js': 'x' }))).status, 403)
    const answer = await ok(await t.request('GET', '/lib/-/lib-1.0.0.tgz', { as: t.owner }))
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), first.tarball)
  })
})

describe('unpublishing', () => {
  test('the last version by a document without any takes the package, and what npm asks then agrees', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const { _rev, ...document } = await json(await t.request('GET', '/lib?write=true', { as: t.owner }))
    const body = { ...document, versions: {}, 'dist-tags': {} }
    await ok(await t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body }))
    assert.equal((await t.request('GET', '/lib?write=true', { as: t.owner })).status, 404)
    await ok(await t.request('DELETE', `/lib/-/lib-1.0.0.tgz/-rev/${_rev}`, { as: t.owner }))
    assert.equal((await t.request('DELETE', `/lib/-rev/${_rev}`, { as: t.owner })).status, 404)
  })

  test('a version by its tarball alone, as a client that skips the document does, takes the version', async () => {
    await using t = await openNpm()
    for (const version of ['1.0.0', '1.1.0']) await ok(await t.publish(aPublishBody('lib', version)))
    await ok(await t.request('DELETE', '/lib/-/lib-1.1.0.tgz/-rev/undefined', { as: t.owner }))
    const { versions, ...packument } = await json(await t.request('GET', '/lib', { as: t.owner }))
    assert.deepEqual([Object.keys(versions), packument['dist-tags']], [['1.0.0'], { latest: '1.0.0' }])
  })
})

test('POST sets a tag as PUT does', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
  const answer = await t.request('POST', '/-/package/lib/dist-tags/next', { as: t.owner, body: '1.0.0' })
  assert.ok(Object.keys(await json(answer)).length > 0)
  const tags = await json(await t.request('GET', '/-/package/lib/dist-tags', { as: t.owner }))
  assert.deepEqual(tags, { latest: '1.0.0', next: '1.0.0' })
})

test('the visibility of a package that is not there yet is 404, which npm takes for unknown', async () => {
  await using t = await openNpm()
  assert.equal((await t.request('GET', '/-/package/none/visibility', { as: t.owner })).status, 404)
})

test('search passes over the weights that npm sends, and its answer counts all hits', async () => {
  await using t = await openNpm()
  for (const name of ['one-tool', 'two-tool']) await ok(await t.publish(aPublishBody(name, '1.0.0')))
  const query = 'text=tool&size=1&from=0&quality=0.65&popularity=0.98&maintenance=0.5'
  const { objects, total, time } = await json(await t.request('GET', `/-/v1/search?${query}`, { as: t.owner }))
  assert.deepEqual([objects.length, total], [1, 2])
  assert.ok(Date.parse(time))
})

test('an audit may be gzipped, as npm and Yarn 1 send it', async () => {
  await using t = await openNpm()
  const headers = { 'content-encoding': 'gzip' }
  for (const path of ['advisories/bulk', 'audits/quick', 'audits']) {
    const body = gzipSync(JSON.stringify({ lib: ['1.0.0'] }))
    await json(await t.request('POST', `/-/npm/v1/security/${path}`, { body, headers }))
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '))
    const refused = await t.request('POST', `/-/npm/v1/security/${path}`, { body: bomb, headers })
    assert.equal(refused.status, 413)
  }
})

test('what is not offered is 404 with a reason, whatever the method', async () => {
  await using t = await openNpm()
  for (const [method, path] of [
    ['GET', '/-/all'],
    ['GET', '/-/all/since'],
    ['POST', '/-/package/@acme%2flib/trust'],
    ['POST', '/-/npm/v1/oidc/token/exchange/package/@acme%2flib'],
  ] as const) {
    const answer = await t.request(method, path, { as: t.owner })
    assert.equal(answer.status, 404, path)
    assert.match(((await answer.json()) as { error: string }).error, /not supported/, path)
  }
})

test('nobody is sent to a page: who asks like a browser gets the client’s answer', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  for (const path of ['/lib', '/lib/-/lib-1.0.0.tgz', '/-/whoami', '/npm/main/npm/lib']) {
    const answer = await t.request('GET', path, { headers })
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [401, 'application/json'], path)
  }
})

test('a token that is not valid is refused where none is needed, too', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
  const main = await t.access.organizations.findByName('main')
  const repository = main && (await t.access.repositories.find(main.id, 'npm', 'npm'))
  await t.access.repositories.configure(repository?.id ?? '', { visibility: 'public' })
  await ok(await t.request('GET', '/lib'))
  assert.equal((await t.request('GET', '/lib', { as: 'srg_expired' })).status, 401)
})

test('attestations are for who may read, and 404 where a version has none', async () => {
  await using t = await openNpm()
  await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
  for (const spec of ['@acme%2flib@1.0.0', '@acme/lib@1.0.0', '@acme%2flib@2.0.0', 'nonsense']) {
    const path = `/-/npm/v1/attestations/${spec}`
    assert.equal((await t.request('GET', path, { as: t.owner })).status, 404, spec)
  }
  assert.equal((await t.request('GET', '/-/npm/v1/attestations/@acme%2flib@1.0.0')).status, 401)
})

test('no package is called "-", however it is spelled', async () => {
  await using t = await openNpm()
  for (const path of ['/-', '/%2d', '/-/nothing', '/%2d/nothing', '/npm/main/npm/-']) {
    assert.equal((await t.request('GET', path, { as: t.owner })).status, 404, path)
  }
  assert.ok(!(await t.publish(aPublishBody('-', '1.0.0'))).ok)
})
