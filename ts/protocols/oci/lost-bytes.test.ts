import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { BlobStore } from '../../blobs/store.ts'
import { digestOf as storedDigest } from '../../registry/blob-records.ts'
import { digestOf, ociImage, openOciServer, requireAnswer, requireError } from './testing.ts'

const losses: Record<string, (blobs: BlobStore, digest: string) => Promise<void>> = {
  lost: (blobs, digest) => blobs.delete(storedDigest(digest)),
  'cut short': (blobs, digest) => writeFile(blobs.localPath(storedDigest(digest)) ?? '', 'cut'),
}
for (const [damage, lose] of Object.entries(losses)) {
  test(`a manifest whose bytes are ${damage} is unknown, to HEAD too, so that a push goes on and makes it whole`, async () => {
    await using o = await openOciServer()
    const image = o.anImage()
    const config = await o.pushBlob(image, '{}')
    const manifest = { schemaVersion: 2, mediaType: ociImage, config, layers: [] }
    await o.putManifest(image, manifest, 'v1')
    const digest = digestOf(JSON.stringify(manifest))
    await lose(o.t.blobs, digest)
    for (const reference of ['v1', digest]) {
      const path = `/v2/${image}/manifests/${reference}`
      requireError(await o.send({ method: 'GET', path }), 404, 'MANIFEST_UNKNOWN', /no manifest/)
      requireAnswer(await o.send({ method: 'HEAD', path }), 404)
    }
    requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
    for (const method of ['HEAD', 'GET']) {
      requireAnswer(await o.send({ method, path: `/v2/${image}/manifests/v1` }), 200)
    }
  })

  for (const [size, content] of [
    ['small', 'precious'],
    ['large', Buffer.alloc(2_000_000, 'precious')],
  ] as const) {
    test(`a ${size} blob whose bytes are ${damage} is unknown, until somebody uploads them to any image`, async () => {
      await using o = await openOciServer()
      const [image, other] = [o.anImage(), o.anImage('open')]
      const { digest } = await o.pushBlob(image, content)
      const path = `/v2/${image}/blobs/${digest}`
      await lose(o.t.blobs, digest)
      const get = o.send({ method: 'GET', path })
      // Of what begins and ends early the connection is cut.
      if (size === 'large' && damage === 'cut short') await assert.rejects(get, { code: 'ECONNRESET' })
      else requireError(await get, 404, 'BLOB_UNKNOWN', /no blob/)
      requireAnswer(await o.send({ method: 'HEAD', path }), 404)
      await o.pushBlob(other, content)
      requireAnswer(await o.send({ method: 'HEAD', path }), 200)
      const { status, body } = await o.send({ method: 'GET', path })
      assert.deepEqual([status, body.equals(Buffer.from(content))], [200, true])
    })
  }
}
