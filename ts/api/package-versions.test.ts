import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { ok } from '../protocols/npm/testing.ts'
import { openTestPackages, type TestPackages } from '../testing/packages.ts'

type Listed = { version: string }

async function versionsOf(s: TestPackages, path: string, limit = 50): Promise<string[][]> {
  const pages: string[][] = []
  for (let cursor = ''; ; ) {
    const { body } = await s.t.ask(`GET ${path}/versions?limit=${limit}${cursor}`, { as: s.reader.token })
    pages.push(body.items.map(({ version }: Listed) => version))
    if (body.next === undefined) return pages
    cursor = `&cursor=${encodeURIComponent(body.next)}`
  }
}

describe('versions', () => {
  test('are listed in pages, the newest first, whatever is published meanwhile', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '1.1.0', '1.2.0', '2.0.0-a.1', '2.0.0'])
    const first = (await s.t.ask(`GET ${path}/versions?limit=2`, { as: s.reader.token })).body
    assert.deepEqual(
      first.items.map(({ version }: Listed) => version),
      ['2.0.0', '2.0.0-a.1'],
    )
    await s.publish('lib', '3.0.0')
    await s.t.ask(`DELETE ${path}/versions/1.2.0`, { as: s.owner.token })
    const second = (await s.t.ask(`GET ${path}/versions?limit=9&cursor=${first.next}`, { as: s.reader.token })).body
    assert.deepEqual(
      second.items.map(({ version }: Listed) => version),
      ['1.1.0', '1.0.0'],
    )
    assert.equal(second.next, undefined)
    assert.deepEqual((await versionsOf(s, path, 2)).flat(), ['3.0.0', '2.0.0', '2.0.0-a.1', '1.1.0', '1.0.0'])
    assert.equal((await s.t.ask(`GET ${path}/versions?cursor=x`, { as: s.reader.token })).status, 400)
  })

  test('are told with publisher, tags, size, and what is true of them now', async () => {
    await using s = await openTestPackages()
    await s.publish('lib', '1.0.0', { as: s.developer.token, manifest: { description: 'one' } })
    const path = `/packages/${await s.idOf('lib')}`
    const { body } = await s.t.ask(`GET ${path}/versions/1.0.0`, { as: s.reader.token })
    assert.ok(body.sizeBytes > 0 && Date.parse(body.publishedAt) > 0)
    assert.deepEqual(
      { ...body, sizeBytes: 0, publishedAt: '' },
      {
        version: '1.0.0',
        description: 'one',
        keywords: [],
        publishedAt: '',
        publisher: { id: s.developer.id, name: 'developer' },
        tags: ['latest'],
        files: 1,
        sizeBytes: 0,
      },
    )
  })

  test('are found by their encoded names alone', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0-rc.1'])
    const status = async (version: string) =>
      (await s.t.ask(`GET ${path}/versions/${version}`, { as: s.reader.token })).status
    assert.equal(await status('1.0.0%2Drc.1'), 200)
    for (const version of ['1.0.0%252Drc.1', '1.0.0', 'latest', '__proto__', '%00', '%ff', 'x'.repeat(5000)]) {
      assert.equal(await status(version), 404, version.slice(0, 20))
    }
  })

  test('have files that are where their address says, with these digests', async () => {
    await using s = await openTestPackages()
    for (const name of ['lib', '@acme/lib']) {
      await s.publish(name, '1.0.0')
      const line = `GET /packages/${await s.idOf(name)}/versions/1.0.0/files`
      const [file, ...more] = (await s.t.ask(line, { as: s.reader.token })).body.items
      assert.deepEqual(more, [])
      assert.deepEqual([file.name, file.contentType], ['lib-1.0.0.tgz', 'application/octet-stream'])
      assert.ok(file.url.startsWith('http://registry.example.com/npm/acme/tools/'))
      const { pathname } = new URL(file.url)
      const bytes = await (await ok(await s.t.request('GET', pathname, { as: s.reader.token }))).bytes()
      assert.equal(bytes.length, file.sizeBytes)
      const digests = ['sha256', 'sha512', 'sha1'].map((name) => [name, createHash(name).update(bytes).digest('hex')])
      assert.deepEqual(file.digests, Object.fromEntries(digests))
    }
  })
})

describe('deleting a version', () => {
  test('moves latest to the highest release that is left, drops other tags, and keeps the number', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '1.10.0', '1.9.0', '2.0.0'])
    const tags = { tags: ['latest', 'next'].map((tag) => ({ tag, version: '2.0.0' })) }
    await s.t.ask(`PUT ${path}/tags`, { as: s.owner.token, body: tags })
    assert.equal((await s.t.ask(`DELETE ${path}/versions/2.0.0`, { as: s.owner.token })).status, 204)
    assert.deepEqual((await s.packument('lib'))['dist-tags'], { latest: '1.10.0' })
    assert.equal((await s.t.ask(`GET ${path}`, { as: s.reader.token })).body.latestVersion, '1.10.0')
    assert.equal((await s.t.ask(`DELETE ${path}/versions/2.0.0`, { as: s.owner.token })).status, 404)
    await assert.rejects(s.publish('lib', '2.0.0'), /was deleted/)
  })

  test('one after the other takes the package along with the last', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '2.0.0'])
    for (const version of ['2.0.0', '1.0.0']) {
      assert.equal((await s.t.ask(`DELETE ${path}/versions/${version}`, { as: s.owner.token })).status, 204)
    }
    assert.equal((await s.t.ask(`GET ${path}`, { as: s.owner.token })).status, 404)
  })

  test('is of what npm sees, and npm deletes what is seen here', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '1.1.0', '1.2.0'])
    await s.t.ask(`DELETE ${path}/versions/1.0.0`, { as: s.owner.token })
    const { _rev, ...packument } = await s.packument('lib')
    assert.deepEqual(Object.keys(packument.versions), ['1.1.0', '1.2.0'])
    delete packument.versions['1.2.0']
    await ok(await s.t.request('PUT', `/npm/acme/tools/lib/-rev/${_rev}`, { as: s.owner.token, body: packument }))
    assert.deepEqual((await versionsOf(s, path)).flat(), ['1.1.0'])
  })

  test('while others publish and delete leaves latest at a version that is there', async () => {
    await using s = await openTestPackages()
    const path = await s.aPackage('lib', ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'])
    const deleting = ['1.4.0', '1.3.0', '1.2.0'].map((version) =>
      s.t.ask(`DELETE ${path}/versions/${version}`, { as: s.owner.token }),
    )
    const [publishing, ...deleted] = await Promise.all([s.publish('lib', '1.5.0'), ...deleting])
    assert.equal(publishing, undefined)
    assert.deepEqual(
      deleted.map(({ status }) => status),
      [204, 204, 204],
    )
    assert.deepEqual((await s.packument('lib'))['dist-tags'], { latest: '1.5.0' })
    assert.deepEqual((await versionsOf(s, path)).flat(), ['1.5.0', '1.1.0', '1.0.0'])
  })
})
