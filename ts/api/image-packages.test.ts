import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import { imagesIn } from '../testing/registry-images.ts'
import { openTestApi } from './testing.ts'

/** A repository of images, its owner, somebody who may write and not delete, and somebody who may read. */
async function setUp(settings: Partial<Pick<RepositoryDocument, 'immutableTags'>> = {}) {
  const t = await openTestApi()
  const owner = await t.someone('owner')
  const { id: organizationId } = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId, createdBy: owner.id, protocol: 'oci', name: 'containers' }
  const containers = await t.access.repositories.create({ ...place, ...settings })
  const [developer, reader] = [await t.someone('developer'), await t.someone('reader')]
  await t.access.grants.setPermission(containers.id, { holderId: developer.id, role: 'developer' })
  await t.access.grants.setPermission(containers.id, { holderId: reader.id, role: 'reader' })
  const images = imagesIn(t, containers)
  return {
    t,
    ...images,
    pulls: t.registry.images.pulls,
    developer: developer.token,
    reader: reader.token,
    repositoryId: containers.id,
    /** Of the image `app`, as its owner unless said otherwise. */
    async ask(method: string, path = '', body?: object, as = owner.token) {
      return t.ask(`${method} /packages/${(await images.image()).id}${path}`, { as, ...(body && { body }) })
    },
    list: async (query: string) => (await t.ask(`GET /packages?${query}`, { as: reader.token })).body.items,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

describe('an image', () => {
  test('is listed, found by its name, and shown with its tags, downloads and how to pull it', async () => {
    await using s = await setUp()
    await s.push({ tags: ['v1'] })
    const { digest } = await s.push({ tags: ['v2', 'v3'] })
    s.pulls.count((await s.image()).id, ['v2', digest])
    await s.pulls.flush()
    await s.t.registry.downloads.flush()
    for (const query of [`repository=${s.repositoryId}`, 'text=app', 'protocol=oci']) {
      const [listed] = await s.list(query)
      assert.deepEqual([listed.name, listed.protocol, listed.latestVersion], ['app', 'oci', digest], query)
      assert.equal(listed.downloads, 1, query)
    }
    const { body } = await s.ask('GET')
    assert.deepEqual(
      body.tags.map(({ tag }: { tag: string }) => tag),
      ['v1', 'v2', 'v3'],
    )
    assert.equal(body.install, 'docker pull registry.example.com/acme/containers/app:v2')
  })

  test('has its manifests as versions, with what they say, their tags and pulls', async () => {
    await using s = await setUp()
    const child = await s.push()
    const index = await s.push({ tags: ['latest'], children: [child] })
    const about = await s.push({ subject: index.digest })
    s.pulls.count((await s.image()).id, ['latest', index.digest])
    await s.pulls.flush()
    const { items } = (await s.ask('GET', '/versions')).body
    assert.deepEqual(
      items.map((item: { version: string; manifest: { kind: string }; tags: string[]; pulls: number }) => [
        item.version,
        item.manifest.kind,
        item.tags,
        item.pulls,
      ]),
      [
        [about.digest, 'image', [], 0],
        [index.digest, 'index', ['latest'], 1],
        [child.digest, 'image', [], 0],
      ],
    )
    assert.equal(items[0].manifest.subject, index.digest)
    assert.deepEqual([items[0].manifest.platforms, items[1].manifest.platforms], [undefined, ['linux/amd64']])
    assert.ok(Date.parse(items[1].lastPulledAt) > 0)
    const one = await s.ask('GET', `/versions/${encodeURIComponent(index.digest)}`)
    assert.deepEqual(one.body, items[1])
    const referrers = await s.ask('GET', `/versions/${index.digest}/referrers`)
    assert.deepEqual(referrers.body.items, [items[0]])
    const files = await s.ask('GET', `/versions/${index.digest}/files`)
    assert.deepEqual(
      files.body.items.map(({ name }: { name: string }) => name).sort(),
      [index.digest, child.digest].sort(),
    )
  })

  test('changes its entity tag with its tags', async () => {
    await using s = await setUp()
    await s.push({ tags: ['v1'], content: 'the same' })
    for (const path of ['', '/tags']) {
      const before = (await s.ask('GET', path)).headers.get('etag')
      await s.push({ tags: [`x${path.length}`], content: 'the same' })
      assert.notEqual((await s.ask('GET', path)).headers.get('etag'), before, path)
    }
  })

  test('is deleted whole, and pushed again with the same content', async () => {
    await using s = await setUp()
    const child = await s.push({ content: 'child' })
    await s.push({ tags: ['latest'], children: [child], content: 'index' })
    const before = await s.image()
    assert.equal((await s.ask('DELETE', '', undefined, s.developer)).status, 403)
    assert.equal((await s.ask('DELETE')).status, 204)
    assert.deepEqual(await s.list('protocol=oci'), [])
    assert.equal((await s.t.ask(`GET /packages/${before.id}`, { as: s.reader })).status, 404)
    await s.push({ content: 'child', tags: ['again'] })
    assert.deepEqual(await s.tags(), ['again'])
  })
})

describe('a manifest', () => {
  test('is deleted with its tags, but not while an index names it', async () => {
    await using s = await setUp()
    const child = await s.push({ tags: ['amd64'] })
    const index = await s.push({ tags: ['latest'], children: [child] })
    assert.equal((await s.ask('DELETE', `/versions/${child.digest}`)).status, 409)
    assert.equal((await s.ask('DELETE', `/versions/${index.digest}`)).status, 204)
    assert.deepEqual(await s.tags(), ['amd64'])
    assert.equal((await s.ask('DELETE', `/versions/${child.digest}`)).status, 204)
  })
})

describe('the tags of an image', () => {
  test('are listed in pages, with when they were set and pulled', async () => {
    await using s = await setUp()
    const { digest } = await s.push({ tags: ['a', 'b', 'c'] })
    s.pulls.count((await s.image()).id, ['b'])
    await s.pulls.flush()
    const first = (await s.ask('GET', '/tags?limit=2')).body
    const second = (await s.ask('GET', `/tags?limit=2&cursor=${first.next}`)).body
    assert.deepEqual(
      [...first.tags, ...second.tags].map(({ tag, version, pulls }) => [tag, version, pulls]),
      [
        ['a', digest, 0],
        ['b', digest, 1],
        ['c', digest, 0],
      ],
    )
    assert.equal(second.next, undefined)
    assert.ok(Date.parse(first.tags[0].updatedAt) > 0 && Date.parse(first.tags[1].lastPulledAt) > 0)
  })

  test('are set and moved by who may write, and removed by who may delete', async () => {
    await using s = await setUp()
    const [one, two] = [await s.push(), await s.push()]
    for (const { digest: version } of [one, two]) {
      const { status, body } = await s.ask('PUT', '/tags/stable', { version }, s.developer)
      assert.deepEqual([status, body.tag, body.version], [200, 'stable', version])
    }
    assert.equal((await s.ask('PUT', '/tags/stable', { version: one.digest }, s.reader)).status, 403)
    assert.equal((await s.ask('DELETE', '/tags/stable', undefined, s.developer)).status, 403)
    assert.equal((await s.ask('DELETE', '/tags/stable')).status, 204)
    assert.deepEqual(await s.tags(), [])
    assert.ok((await s.has(one)) && (await s.has(two)))
    assert.equal((await s.ask('DELETE', '/tags/stable')).status, 404)
  })

  test('that are none are refused, and so are all at once', async () => {
    await using s = await setUp()
    const { digest: version } = await s.push()
    assert.equal((await s.ask('PUT', '/tags/a%20b', { version })).status, 400)
    assert.equal((await s.ask('PUT', '/tags/a', { version: `sha256:${'0'.repeat(64)}` })).status, 404)
    assert.equal((await s.ask('PUT', '/tags', { tags: [{ tag: 'a', version }] })).status, 422)
    assert.deepEqual(await s.tags(), [])
  })

  test('that are immutable stay where they are, and what they name stays', async () => {
    await using s = await setUp({ immutableTags: ['v*'] })
    const [one, two] = [await s.push({ tags: ['v1', 'latest'] }), await s.push()]
    const before = await s.ask('GET', '/tags')
    assert.equal((await s.ask('PUT', '/tags/v1', { version: two.digest })).status, 403)
    assert.equal((await s.ask('DELETE', '/tags/v1')).status, 403)
    assert.equal((await s.ask('DELETE', `/versions/${one.digest}`)).status, 403)
    assert.equal((await s.ask('DELETE')).status, 403)
    assert.deepEqual((await s.ask('GET', '/tags')).body, before.body)
    assert.equal((await s.ask('PUT', '/tags/v1', { version: one.digest })).status, 200)
    assert.equal((await s.ask('PUT', '/tags/v2', { version: two.digest })).status, 200)
    assert.equal((await s.ask('PUT', '/tags/latest', { version: two.digest })).status, 200)
  })
})
