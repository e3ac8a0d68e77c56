import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import * as packageSchema from '../../metadata/package-schema.ts'
import { aPublishBody } from './publish-builder.ts'
import { abbreviated, json, type Npm, ok, openNpm } from './testing.ts'

async function leavesNothing(t: Npm) {
  assert.equal(await t.engine.collection(packageSchema.packages).count('byName', {}), 0, 'packages')
  assert.equal(await t.engine.collection(packageSchema.units).count('byKey', {}), 0, 'units')
  assert.equal(await t.engine.collection(packageSchema.files).count('byName', {}), 0, 'files')
  assert.equal(await t.engine.collection(packageSchema.intents).count('byAge', {}), 0, 'intents')
  assert.deepEqual((await t.blobs.list({})).items, [], 'blobs')
  assert.equal(await t.blobs.sweep(0), 0, 'staging')
}

describe('reading', () => {
  test('a published version is there, at every spelling of its name and at every address', async () => {
    await using t = await openNpm()
    const published = aPublishBody('@acme/lib', '1.0.0')
    await ok(await t.publish(published))
    for (const at of ['', '/npm', '/npm/acme/npm']) {
      for (const name of ['@acme/lib', '@acme%2flib', '@acme%2Flib']) {
        const packument = await json(await t.request('GET', `${at}/${name}`, { as: t.owner }))
        const { tarball } = packument.versions['1.0.0'].dist
        assert.equal(tarball, `http://registry.example.com${at}/@acme/lib/-/lib-1.0.0.tgz`)
        const bytes = await ok(await t.request('GET', new URL(tarball).pathname, { as: t.owner }))
        assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), published.tarball)
      }
    }
    assert.equal((await t.request('GET', '/@acme%252flib', { as: t.owner })).status, 404)
  })

  test('full, abbreviated, gzipped and plain packuments have ETags of their own, and 304 for them', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0').withFiles({ 'README.md': 'read me '.repeat(500) })))
    const etags = new Set<string>()
    for (const accept of [{ accept: 'application/json' }, abbreviated]) {
      for (const encoding of ['identity', 'gzip']) {
        const headers = { ...accept, 'accept-encoding': encoding }
        const first = await ok(await t.request('GET', '/lib', { as: t.owner, headers }))
        const etag = first.headers.get('etag') ?? ''
        etags.add(etag)
        assert.match(first.headers.get('vary') ?? '', /accept-encoding, accept/)
        const again = await t.request('GET', '/lib', { as: t.owner, headers: { ...headers, 'if-none-match': etag } })
        assert.equal(again.status, 304)
        assert.equal(await again.text(), '')
      }
    }
    assert.ok(etags.size >= 3, `${[...etags]}`)
    const zipped = await ok(await t.request('GET', '/lib', { as: t.owner, headers: { 'accept-encoding': 'gzip' } }))
    assert.equal(zipped.headers.get('content-encoding'), 'gzip')
    assert.equal(JSON.parse(gunzipSync(Buffer.from(await zipped.arrayBuffer())).toString()).name, 'lib')
  })

  test('the ETag changes with a tag, a deprecation and an unpublish', async () => {
    await using t = await openNpm()
    for (const version of ['1.0.0', '1.1.0']) await ok(await t.publish(aPublishBody('lib', version)))
    const etag = async () => (await ok(await t.request('GET', '/lib', { as: t.owner }))).headers.get('etag')
    const seen = new Set([await etag()])
    await ok(await t.request('PUT', '/-/package/lib/dist-tags/next', { as: t.owner, body: '1.0.0' }))
    seen.add(await etag())
    const packument = await json(await t.request('GET', '/lib?write=true', { as: t.owner }))
    packument.versions['1.0.0'].deprecated = 'too old'
    await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
    seen.add(await etag())
    delete packument.versions['1.0.0']
    const { _rev } = await json(await t.request('GET', '/lib?write=true', { as: t.owner }))
    await ok(await t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body: packument }))
    seen.add(await etag())
    assert.equal(seen.size, 4)
  })

  test('the abbreviated packument has what an install needs, and times', async () => {
    await using t = await openNpm()
    const facts = {
      dependencies: { a: '^1.0.0' },
      peerDependencies: { b: '*' },
      peerDependenciesMeta: { b: { optional: true } },
      engines: { node: '>=20' },
      os: ['linux'],
      scripts: { postinstall: 'node x' },
      description: 'left out',
    }
    await ok(await t.publish(aPublishBody('lib', '1.0.0').withPackageJson(facts)))
    const packument = await json(await t.request('GET', '/lib', { as: t.owner, headers: abbreviated }))
    const { scripts: _, description: __, ...kept } = facts
    assert.deepEqual(
      { ...packument.versions['1.0.0'], dist: undefined },
      { name: 'lib', version: '1.0.0', ...kept, hasInstallScript: true, dist: undefined },
    )
    assert.ok(packument.modified && packument.time['1.0.0'])
  })

  test('one version is found by number and by tag; another is 404', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
    for (const wanted of ['1.0.0', 'latest']) {
      assert.equal((await json(await t.request('GET', `/@acme/lib/${wanted}`, { as: t.owner }))).version, '1.0.0')
    }
    assert.equal((await t.request('GET', '/@acme/lib/2.0.0', { as: t.owner })).status, 404)
  })

  test('tarballs answer ranges, HEAD and the aliases that lockfiles hold, and nothing else', async () => {
    await using t = await openNpm()
    const published = aPublishBody('@acme/lib', '1.0.0')
    await ok(await t.publish(published))
    const paths = [
      '/@acme/lib/-/lib-1.0.0.tgz',
      '/@acme/lib/-/1.0.0/lib-1.0.0.tgz',
      '/@acme%2flib/-/@acme/lib-1.0.0.tgz',
    ]
    for (const path of paths) {
      const head = await ok(await t.request('HEAD', path, { as: t.owner }))
      assert.equal(head.headers.get('content-length'), String(published.tarball.length))
      assert.equal(head.headers.get('content-encoding'), null)
      const part = await t.request('GET', path, { as: t.owner, headers: { range: 'bytes=2-5' } })
      assert.equal(part.status, 206)
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), published.tarball.subarray(2, 6))
    }
    for (const file of ['lib-2.0.0.tgz', 'other-1.0.0.tgz', 'lib-1.0.0.sigstore', '..%2f..%2fetc%2fpasswd']) {
      assert.equal((await t.request('GET', `/@acme/lib/-/${file}`, { as: t.owner })).status, 404, file)
    }
  })

  test('who may not read learns nothing: anonymous is challenged, strangers get 404, for names that exist or not', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
    const stranger = await t.aToken(await t.aUser('stranger'))
    for (const name of ['@acme/lib', '@acme/none', '@nobody/none', 'none']) {
      const anonymous = await t.request('GET', `/${name}`)
      assert.equal(anonymous.status, 401)
      assert.doesNotMatch(anonymous.headers.get('www-authenticate') ?? '', /otp/i)
      // What npm shows: of a 401's body it shows nothing.
      assert.match(anonymous.headers.get('npm-notice') ?? '', /^Sign in first/)
      assert.equal((await t.request('GET', `/${name}`, { as: stranger.text })).status, 404)
    }
  })
})

describe('publishing', () => {
  test('the answer names the package; dist-tags, owner and signature are in the packument', async () => {
    await using t = await openNpm()
    const answer = await t.publish(aPublishBody('lib', '1.0.0-rc.1').withTags('next'))
    assert.equal(answer.status, 201)
    const packument = await json(await t.request('GET', '/lib', { as: t.owner }))
    assert.deepEqual(packument['dist-tags'], { next: '1.0.0-rc.1', latest: '1.0.0-rc.1' })
    assert.deepEqual(packument.maintainers, [{ name: 'olga', email: 'olga@example.com' }])
    const { keys } = await json(await t.request('GET', '/-/npm/v1/keys'))
    assert.equal(packument.versions['1.0.0-rc.1'].dist.signatures[0].keyid, keys[0].keyid)
  })

  const lies: [name: string, body: ReturnType<typeof aPublishBody>, says: RegExp][] = [
    [
      'a name that is not the URL’s',
      aPublishBody('lib', '1.0.0').withDocument({ name: 'other', _id: 'other' }),
      /name/,
    ],
    [
      'two versions',
      aPublishBody('lib', '1.0.0').withDocument({ versions: { '1.0.0': {}, '1.1.0': {} } }),
      /one version/,
    ],
    ['a version that is none', aPublishBody('lib', '1.0'), /version/],
    ['a leading v', aPublishBody('lib', 'v1.0.0'), /use "1.0.0"/],
    [
      'another dependency than the tarball',
      aPublishBody('lib', '1.0.0').withManifest({ dependencies: { evil: '1' } }),
      /dependencies/,
    ],
    [
      'another script than the tarball',
      aPublishBody('lib', '1.0.0').withManifest({ scripts: { install: 'evil' } }),
      /scripts/,
    ],
    ['another bin than the tarball', aPublishBody('lib', '1.0.0').withManifest({ bin: { sh: 'evil.js' } }), /bin/],
    [
      'dependencies that no install can read',
      aPublishBody('lib', '1.0.0').withManifest({ dependencies: [null] }),
      /dependencies must be/,
    ],
    ['a bin that is none', aPublishBody('lib', '1.0.0').withManifest({ bin: [null] }), /bin must be/],
    ['platforms that are none', aPublishBody('lib', '1.0.0').withManifest({ os: {} }), /os must be/],
    ['another platform than the tarball', aPublishBody('lib', '1.0.0').withManifest({ os: ['win32'] }), /os/],
    ['a tarball of another package', aPublishBody('lib', '1.0.0').withPackageJson({ name: 'other' }), /name/],
    ['a tarball of another version', aPublishBody('lib', '1.0.0').withPackageJson({ version: '9.9.9' }), /version/],
    [
      'a wrong integrity',
      aPublishBody('lib', '1.0.0').withManifest({ dist: { integrity: `sha512-${'A'.repeat(86)}==` } }),
      /integrity/,
    ],
    ['a wrong shasum', aPublishBody('lib', '1.0.0').withManifest({ dist: { shasum: '0'.repeat(40) } }), /shasum/],
    ['a tag that reads as a range', aPublishBody('lib', '1.0.0').withTags('1.x'), /range/],
    [
      'no tarball',
      aPublishBody('lib', '1.0.0').withDocument({ _attachments: { 'lib-1.0.0.tgz': { data: '' } } }),
      /gzip|empty|tarball|data/,
    ],
    ['a path out of the package', aPublishBody('lib', '1.0.0').withFiles({ '../../evil': 'x' }), /\.\./],
    ['upper case in the name', aPublishBody('Lib', '1.0.0'), /lower-case/],
    ['a reserved path at the root', aPublishBody('simple', '1.0.0'), /npm\/main\/npm/],
  ]
  for (const [name, body, says] of lies) {
    test(`refused with 400, and leaves nothing: ${name}`, async () => {
      await using t = await openNpm()
      const answer = await t.publish(body)
      const { error } = (await answer.json()) as { error: string }
      assert.equal(answer.status, 400, error)
      assert.match(error, says)
      await leavesNothing(t)
    })
  }

  test('refused before the body is looked at: anonymous 401, a reader 403, a token that only reads 403', async () => {
    await using t = await openNpm()
    assert.equal((await t.request('PUT', '/lib', { body: aPublishBody('lib', '1.0.0').body })).status, 401)
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const reader = await t.aToken({ id: t.ownerId }, { actions: ['read'] })
    assert.equal((await t.publish(aPublishBody('lib', '1.1.0'), reader.text)).status, 403)
    const member = await t.aUser('member')
    const main = await t.access.organizations.findByName('main')
    assert.ok(main)
    await t.access.organizations.setMember(main.id, member.id, 'member')
    assert.equal((await t.publish(aPublishBody('lib', '1.1.0'), (await t.aToken(member)).text)).status, 403)
  })

  test('a taken version is 403 with what to do, also with other build metadata, also after it was deleted', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    for (const version of ['1.0.0', '1.0.0+build']) {
      const answer = await t.publish(aPublishBody('lib', version))
      assert.equal(answer.status, 403)
      assert.match(await answer.text(), /already published/)
    }
    const { _rev } = await json(await t.request('GET', '/lib?write=true', { as: t.owner }))
    await ok(await t.request('DELETE', `/lib/-rev/${_rev}`, { as: t.owner }))
    assert.equal((await t.request('GET', '/lib', { as: t.owner })).status, 404)
    const answer = await t.publish(aPublishBody('lib', '1.0.0'))
    assert.match(await answer.text(), /was deleted/)
  })

  test('names of object members are packages, tags and users like any other', async () => {
    await using t = await openNpm()
    const user = await t.aUser('hasOwnProperty')
    const main = await t.access.organizations.findByName('main')
    assert.ok(main)
    await t.access.organizations.setMember(main.id, user.id, 'admin')
    const { text } = await t.aToken(user)
    await ok(await t.publish(aPublishBody('constructor', '1.0.0'), text))
    await ok(await t.request('PUT', '/-/package/constructor/dist-tags/__proto__', { as: text, body: '1.0.0' }))
    const tags = await json(await t.request('GET', '/-/package/constructor/dist-tags', { as: text }))
    assert.deepEqual(Object.entries(tags), [
      ['latest', '1.0.0'],
      ['__proto__', '1.0.0'],
    ])
    const packument = await json(await t.request('GET', '/constructor', { as: text }))
    assert.equal(Object.hasOwn(packument['dist-tags'], '__proto__'), true)
    assert.equal(packument.maintainers[0].name, 'hasOwnProperty')
    assert.equal((await t.request('GET', '/valueof', { as: text })).status, 404)
  })

  test('asking for a restricted package in a public repository is refused; asking for public in a private one is not', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0').withDocument({ access: 'public' })))
    const main = await t.access.organizations.findByName('main')
    const repository = main && (await t.access.repositories.find(main.id, 'npm', 'npm'))
    assert.ok(repository)
    await t.access.repositories.configure(repository.id, { visibility: 'public' })
    const answer = await t.publish(aPublishBody('lib', '1.1.0').withDocument({ access: 'restricted' }))
    assert.equal(answer.status, 403)
    assert.match(await answer.text(), /is public/)
  })
})

test('a publish that cannot be stored is answered, and the next one goes through when it can', async () => {
  await using t = await openNpm()
  const folder = join(dirname(t.blobs.localPath(`sha256:${'0'.repeat(64)}`) ?? ''), '../../../staging')
  await rename(folder, `${folder}-gone`)
  assert.equal((await t.publish(aPublishBody('lib', '1.0.0'))).status, 500)
  await rename(`${folder}-gone`, folder)
  await ok(await t.publish(aPublishBody('lib', '1.0.0')))
})

describe('editing', () => {
  async function withVersions(...versions: string[]): Promise<Npm> {
    const t = await openNpm()
    for (const version of versions) await ok(await t.publish(aPublishBody('lib', version)))
    return t
  }
  const packumentOf = async (t: Npm) => json(await t.request('GET', '/lib?write=true', { as: t.owner }))

  test('a deprecation appears and goes; nothing else of a manifest can change', async () => {
    await using t = await withVersions('1.0.0', '1.1.0')
    const packument = await packumentOf(t)
    packument.versions['1.0.0'].deprecated = 'use 1.1'
    await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
    assert.equal((await packumentOf(t)).versions['1.0.0'].deprecated, 'use 1.1')
    packument.versions['1.0.0'].deprecated = ''
    await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
    assert.equal('deprecated' in (await packumentOf(t)).versions['1.0.0'], false)
    packument.versions['1.0.0'].dependencies = { evil: '1' }
    assert.equal((await t.request('PUT', '/lib', { as: t.owner, body: packument })).status, 400)
  })

  test('a deprecation read before somebody published removes nothing', async () => {
    await using t = await withVersions('1.0.0')
    const packument = await packumentOf(t)
    await ok(await t.publish(aPublishBody('lib', '2.0.0')))
    packument.versions['1.0.0'].deprecated = 'old'
    await ok(await t.request('PUT', '/lib', { as: t.owner, body: packument }))
    assert.deepEqual(Object.keys((await packumentOf(t)).versions), ['1.0.0', '2.0.0'])
  })

  test('unpublish as npm does it: document without the version, then its tarball; latest moves', async () => {
    await using t = await withVersions('1.0.0', '1.1.0')
    const { _rev, ...packument } = await packumentOf(t)
    delete packument.versions['1.1.0']
    await ok(await t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body: packument }))
    const after = await packumentOf(t)
    await ok(await t.request('DELETE', `/lib/-/lib-1.1.0.tgz/-rev/${after._rev}`, { as: t.owner }))
    assert.deepEqual(after['dist-tags'], { latest: '1.0.0' })
    assert.equal((await t.request('GET', '/lib/-/lib-1.1.0.tgz', { as: t.owner })).status, 404)
  })

  test('an unpublish from an outdated document is refused; one without a revision may remove one version', async () => {
    await using t = await withVersions('1.0.0', '1.1.0')
    const { _rev, ...packument } = await packumentOf(t)
    await ok(await t.publish(aPublishBody('lib', '1.2.0')))
    delete packument.versions['1.0.0']
    assert.equal((await t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body: packument })).status, 409)
    assert.equal((await t.request('PUT', '/lib/-rev/undefined', { as: t.owner, body: packument })).status, 409)
    const fresh = await packumentOf(t)
    delete fresh.versions['1.0.0']
    await ok(await t.request('PUT', '/lib/-rev/undefined', { as: t.owner, body: fresh }))
    assert.deepEqual(Object.keys((await packumentOf(t)).versions), ['1.1.0', '1.2.0'])
  })

  test('owners from a client that did not read them are added: none is lost', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    await t.aUser('paul')
    const body = { _id: 'lib', maintainers: [{ name: 'paul' }] }
    const answer = await json(await t.request('PUT', '/lib/-rev/undefined', { as: t.owner, body }))
    // Yarn 1 looks for it.
    assert.equal(answer.success, true)
    const owners = await json(await t.request('GET', '/-/package/lib/collaborators', { as: t.owner }))
    assert.deepEqual(Object.keys(owners), ['olga', 'paul'])
  })

  test('owners change one at a time as pnpm asks it, and the last one stays', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('@acme/lib', '1.0.0')))
    await t.aUser('paul')
    const owners = async () =>
      Object.keys(await json(await t.request('GET', '/-/package/@acme%2flib/collaborators', { as: t.owner })))
    const path = '/-/package/@acme%2Flib/owners'
    const paul = await t.aToken({ id: (await t.access.users.findByUsername('paul'))?.id ?? '' })
    const refused = await t.request('PUT', path, { as: paul.text, body: { user: 'paul' } })
    assert.equal(refused.status, 404)
    for (const body of [{ user: 'paul' }, { user: 'PAUL' }])
      await ok(await t.request('PUT', path, { as: t.owner, body }))
    assert.deepEqual(await owners(), ['olga', 'paul'])
    assert.equal((await t.request('PUT', path, { as: t.owner, body: { user: 'nobody' } })).status, 400)
    await ok(await t.request('DELETE', `${path}/olga`, { as: t.owner }))
    assert.equal((await t.request('DELETE', `${path}/paul`, { as: t.owner })).status, 400)
    assert.deepEqual(await owners(), ['paul'])
    const access = await t.request('GET', '/-/package/@acme%2flib/access', { as: t.owner })
    assert.deepEqual(await json(access), { access: 'restricted' })
  })

  test('deleting the package from an outdated document is refused, and takes nobody’s newer version along', async () => {
    await using t = await withVersions('1.0.0')
    const { _rev } = await packumentOf(t)
    await ok(await t.publish(aPublishBody('lib', '1.1.0')))
    assert.equal((await t.request('DELETE', `/lib/-rev/${_rev}`, { as: t.owner })).status, 409)
    assert.deepEqual(Object.keys((await packumentOf(t)).versions), ['1.0.0', '1.1.0'])
  })

  test('a tag and the unpublish of its version at once leave no tag without a version', async () => {
    for (let round = 0; round < 5; round++) {
      await using t = await withVersions('1.0.0', '1.1.0')
      const { _rev, ...packument } = await packumentOf(t)
      delete packument.versions['1.0.0']
      await Promise.all([
        t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body: packument }),
        t.request('PUT', '/-/package/lib/dist-tags/beta', { as: t.owner, body: '1.0.0' }),
      ])
      const after = await packumentOf(t)
      for (const version of Object.values<string>(after['dist-tags'])) assert.ok(version in after.versions, version)
    }
  })

  test('owners are users that exist, never nobody, and write without being members', async () => {
    await using t = await withVersions('1.0.0')
    const other = await t.aUser('other')
    const main = await t.access.organizations.findByName('main')
    assert.ok(main)
    await t.access.organizations.setMember(main.id, other.id, 'member')
    const { _id, _rev, maintainers } = await packumentOf(t)
    const put = (sent: unknown[]) =>
      t.request('PUT', `/lib/-rev/${_rev}`, { as: t.owner, body: { _id, _rev, maintainers: sent } })
    assert.equal((await put([{ name: 'nobody' }])).status, 400)
    assert.equal((await put([])).status, 400)
    await ok(await put([...maintainers, { name: 'other' }]))
    await ok(await t.publish(aPublishBody('lib', '1.1.0'), (await t.aToken(other)).text))
  })

  test('dist-tags: add, list, remove; latest stays; the version must exist; ranges are no tags', async () => {
    await using t = await withVersions('1.0.0', '1.1.0')
    const at = '/-/package/lib/dist-tags'
    await ok(await t.request('PUT', `${at}/beta`, { as: t.owner, body: '1.0.0' }))
    assert.deepEqual(await json(await t.request('GET', at, { as: t.owner })), { latest: '1.1.0', beta: '1.0.0' })
    assert.equal((await t.request('PUT', `${at}/beta`, { as: t.owner, body: '9.0.0' })).status, 404)
    assert.equal((await t.request('PUT', `${at}/1.0`, { as: t.owner, body: '1.0.0' })).status, 400)
    assert.equal((await t.request('DELETE', `${at}/latest`, { as: t.owner })).status, 400)
    await ok(await t.request('DELETE', `${at}/beta`, { as: t.owner }))
    await ok(await t.request('POST', at, { as: t.owner, body: { a: '1.0.0', b: '1.0.0' } }))
    await ok(await t.request('PUT', at, { as: t.owner, body: { c: '1.0.0' } }))
    assert.deepEqual(await json(await t.request('GET', at, { as: t.owner })), { latest: '1.1.0', c: '1.0.0' })
  })

  test('npm access: what the repository is succeeds, anything else names the setting', async () => {
    await using t = await withVersions('1.0.0')
    assert.deepEqual(await json(await t.request('GET', '/-/package/lib/visibility', { as: t.owner })), {
      public: false,
    })
    const set = (access: string) => t.request('POST', '/-/package/lib/access', { as: t.owner, body: { access } })
    await ok(await set('restricted'))
    const refused = await set('public')
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /setting \\?"visibility/)
    assert.deepEqual(await json(await t.request('GET', '/-/package/lib/collaborators', { as: t.owner })), {
      olga: 'write',
    })
  })
})

describe('accounts', () => {
  test('whoami, profile and tokens need a valid credential; an invalid one is never anonymous', async () => {
    await using t = await openNpm()
    assert.deepEqual(await json(await t.request('GET', '/-/whoami', { as: t.owner })), { username: 'olga' })
    for (const path of ['/-/whoami', '/-/npm/v1/user', '/-/npm/v1/tokens']) {
      assert.equal((await t.request('GET', path)).status, 401)
    }
    for (const authorization of ['Bearer srg_wrong', 'Bearer', 'Digest x', `Basic ${btoa('olga:wrong')}`, 'Basic %']) {
      assert.equal((await t.request('GET', '/-/ping', { headers: { authorization } })).status, 401, authorization)
    }
  })

  test('legacy login: 409 for every name, then Basic gives a token that logout revokes', async () => {
    await using t = await openNpm()
    const at = (name: string) => `/-/user/org.couchdb.user:${name}`
    for (const name of ['olga', 'nobody']) {
      const body = { _id: `org.couchdb.user:${name}`, name, password: 'a long password' }
      assert.equal((await t.request('PUT', at(name), { body })).status, 409)
      assert.equal((await json(await t.request('GET', `${at(name)}?write=true`))).name, name)
    }
    const authorization = `Basic ${btoa('olga:correct horse battery')}`
    const login = await t.request('PUT', `${at('olga')}/-rev/undefined`, {
      body: { name: 'olga' },
      headers: { authorization },
    })
    assert.equal(login.status, 201)
    const { token } = (await login.json()) as { token: string }
    assert.deepEqual(await json(await t.request('GET', '/-/whoami', { as: token })), { username: 'olga' })
    await ok(await t.request('DELETE', `/-/user/token/${token}`, { as: token }))
    assert.equal((await t.request('GET', '/-/whoami', { as: token })).status, 401)
  })

  test('web login: both addresses are on this origin; the token comes once, after the approval', async () => {
    await using t = await openNpm()
    const { loginUrl, doneUrl } = await json(await t.request('POST', '/npm/acme/npm/-/v1/login', { body: {} }))
    const [code = ''] = loginUrl.split('/').slice(-1)
    assert.equal(loginUrl, `http://registry.example.com/ui/login/${code}`)
    const done = new URL(doneUrl).pathname
    assert.match(done, /^\/npm\/acme\/npm\/-\/v1\/done\//)
    const waiting = await t.request('GET', done)
    assert.equal(waiting.status, 202)
    assert.ok(waiting.headers.get('retry-after'))
    await t.access.loginRequests.approve(code, t.ownerId)
    const { token } = await json(await t.request('GET', done))
    assert.deepEqual(await json(await t.request('GET', '/-/whoami', { as: token })), { username: 'olga' })
    assert.equal((await t.request('GET', done)).status, 404)
  })

  test('tokens are made with the password, listed without their secret, and revoked', async () => {
    await using t = await openNpm()
    const make = (body: object) => t.request('POST', '/-/npm/v1/tokens', { as: t.owner, body })
    assert.equal((await make({ password: 'wrong' })).status, 401)
    assert.equal((await make({})).status, 400)
    assert.equal((await make({ password: 'correct horse battery', readonly: 'yes' })).status, 400)
    const made = await json(
      await make({ password: 'correct horse battery', readonly: true, cidr_whitelist: ['192.0.2.0/24'], name: 'ci' }),
    )
    assert.match(made.token, /^srg_/)
    assert.equal((await make({ password: 'correct horse battery', cidr_whitelist: ['nonsense'] })).status, 400)
    const { objects } = await json(await t.request('GET', '/-/npm/v1/tokens', { as: t.owner }))
    const listed = objects.find((token: { key: string }) => token.key === made.key)
    assert.deepEqual([listed.readonly, listed.cidr_whitelist, listed.name], [true, ['192.0.2.0/24'], 'ci'])
    assert.ok(!JSON.stringify(objects).includes(made.token))
    assert.equal((await t.request('DELETE', `/-/npm/v1/tokens/token/${made.key}`, { as: t.owner })).status, 204)
    assert.equal((await t.request('DELETE', `/-/npm/v1/tokens/token/${made.key}`, { as: t.owner })).status, 404)
  })
})

for (const [sent, readonly] of [
  [{ readonly: false }, false],
  [{ readonly: true }, true],
  [{ packages_and_scopes_permission: 'read-write' }, false],
  [{ packages_and_scopes_permission: 'read-only' }, true],
  [{}, true],
] as const) {
  test(`a token made with ${JSON.stringify(sent)} ${readonly ? 'only reads' : 'may do everything'}`, async () => {
    await using t = await openNpm()
    const body = { password: 'correct horse battery', ...sent }
    const made = await json(await t.request('POST', '/-/npm/v1/tokens', { as: t.owner, body }))
    assert.equal(made.readonly, readonly)
    assert.equal((await t.publish(aPublishBody('lib', '1.0.0'), made.token)).status, readonly ? 403 : 201)
  })
}

test('a user’s e-mail address is told to that user alone', async () => {
  await using t = await openNpm()
  const other = await t.aToken(await t.aUser('other'))
  const emailAs = async (as: string) =>
    (await json(await t.request('GET', '/-/user/org.couchdb.user:olga', { as }))).email
  assert.deepEqual([await emailAs(t.owner), await emailAs(other.text)], ['olga@example.com', ''])
})

test('a body that neither publishes nor changes anything is refused, naming what is missing', async () => {
  await using t = await openNpm()
  const answer = await t.request('PUT', '/lib', { as: t.owner, body: { name: 'lib', versions: {} } })
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /_attachments/)
})

describe('stages', () => {
  test('a stage is listed, shown, approved; its version is then there', async () => {
    await using t = await openNpm()
    const { body } = aPublishBody('lib', '1.0.0')
    const { stageId } = await json(await t.request('POST', '/-/stage/package/lib', { as: t.owner, body }))
    const { items, total } = await json(await t.request('GET', '/-/stage', { as: t.owner }))
    assert.deepEqual([total, items[0].id, items[0].packageName, items[0].status], [1, stageId, 'lib', 'staged'])
    await ok(await t.request('GET', `/-/stage/${stageId}/tarball`, { as: t.owner }))
    const stranger = await t.aToken(await t.aUser('stranger'))
    assert.equal((await t.request('GET', `/-/stage/${stageId}`, { as: stranger.text })).status, 404)
    assert.equal((await t.request('GET', '/lib', { as: t.owner })).status, 404)
    await ok(await t.request('POST', `/-/stage/${stageId}/approve`, { as: t.owner }))
    await ok(await t.request('GET', '/lib', { as: t.owner }))
  })

  test('of an approval and a rejection at once one is told that it came too late, and the package agrees', async () => {
    for (let round = 0; round < 6; round++) {
      await using t = await openNpm()
      const { body } = aPublishBody('lib', '1.0.0')
      const { stageId } = await json(await t.request('POST', '/-/stage/package/lib', { as: t.owner, body }))
      const approve = () => t.request('POST', `/-/stage/${stageId}/approve`, { as: t.owner })
      const reject = () => t.request('DELETE', `/-/stage/${stageId}`, { as: t.owner })
      const both = round % 2 === 0 ? [approve(), reject()] : [reject(), approve()]
      const [first, second] = await Promise.all(both)
      const approved = (round % 2 === 0 ? first : second)?.ok
      assert.notEqual(first?.ok, second?.ok)
      assert.equal((await t.request('GET', '/lib', { as: t.owner })).ok, approved)
    }
  })

  test('where approval is demanded, a direct publish is refused and the stager cannot approve', async () => {
    await using t = await openNpm()
    await ok(await t.publish(aPublishBody('lib', '1.0.0')))
    const main = await t.access.organizations.findByName('main')
    const repository = main && (await t.access.repositories.find(main.id, 'npm', 'npm'))
    assert.ok(repository)
    await t.access.repositories.configure(repository.id, { requiresApproval: true })
    assert.equal((await t.publish(aPublishBody('lib', '1.1.0'))).status, 403)
    const { body } = aPublishBody('lib', '1.1.0')
    const { stageId } = await json(await t.request('POST', '/-/stage/package/lib', { as: t.owner, body }))
    assert.equal((await t.request('POST', `/-/stage/${stageId}/approve`, { as: t.owner })).status, 403)
    await ok(await t.request('DELETE', `/-/stage/${stageId}`, { as: t.owner }))
    assert.equal((await json(await t.request('GET', '/-/stage', { as: t.owner }))).total, 0)
  })
})

describe('the rest', () => {
  test('search finds what the caller may read, with qualifiers and pages', async () => {
    await using t = await openNpm()
    await ok(
      await t.publish(aPublishBody('@acme/http', '1.0.0').withPackageJson({ keywords: ['net'], description: 'd' })),
    )
    await ok(await t.publish(aPublishBody('http', '1.0.0')))
    const names = async (query: string, as?: string, at = '') => {
      const { objects } = await json(await t.request('GET', `${at}/-/v1/search?${query}`, { as }))
      return objects.map((hit: { package: { name: string } }) => hit.package.name)
    }
    assert.deepEqual(await names('text=http', t.owner), ['@acme/http', 'http'])
    assert.deepEqual(await names('text=http&size=1&from=1', t.owner), ['http'])
    assert.deepEqual(await names('text=keywords:net', t.owner), ['@acme/http'])
    assert.deepEqual(await names('text=scope:acme', t.owner), ['@acme/http'])
    assert.deepEqual(await names('text=maintainer:olga%20http', t.owner), ['@acme/http', 'http'])
    assert.deepEqual(await names('text=http', t.owner, '/npm/main/npm'), ['http'])
    assert.deepEqual(await names('text=http'), [])
    const stranger = await t.aToken(await t.aUser('stranger'))
    assert.deepEqual(await names('text=http', stranger.text), [])
    assert.equal((await t.request('GET', '/-/v1/search?text=a&size=-1', { as: t.owner })).status, 400)
  })

  test('audits are answered, empty', async () => {
    await using t = await openNpm()
    const bulk = await t.request('POST', '/-/npm/v1/security/advisories/bulk', { body: { lib: ['1.0.0'] } })
    assert.deepEqual(await json(bulk), {})
    const quick = await json(await t.request('POST', '/-/npm/v1/security/audits/quick', { body: { dependencies: {} } }))
    assert.equal(quick.metadata.vulnerabilities.critical, 0)
  })

  test('what is not supported says so in JSON; unknown endpoints and methods are 404', async () => {
    await using t = await openNpm()
    for (const path of ['/-/package/lib/trust', '/-/npm/v1/hooks']) {
      const answer = await t.request('GET', path, { as: t.owner })
      assert.equal(answer.status, 404, path)
      assert.match(((await answer.json()) as { error: string }).error, /not supported/)
    }
    for (const path of ['/-/nonsense', '/npm/main/npm/-/nonsense', '/npm/main/npm/a/b/c/d', '/a/b/c/d/e']) {
      const answer = await t.request('GET', path, { as: t.owner })
      assert.equal(answer.status, 404, path)
      assert.ok(((await answer.json()) as { error: string }).error)
    }
    const api = await t.request('GET', '/api/v1/nonsense')
    assert.equal(api.headers.get('content-type'), 'application/problem+json')
  })

  test('GET / is JSON for clients and the dashboard for browsers', async () => {
    await using t = await openNpm()
    assert.equal((await json(await t.request('GET', '/'))).name, 'stowage')
    const browser = await t.request('GET', '/', { headers: { accept: 'text/html,*/*;q=0.8' } })
    assert.equal(browser.headers.get('location'), '/ui/')
    for (const at of ['/npm/', '/npm/main/npm', '/npm/main/npm/']) await json(await t.request('GET', at))
  })
})
