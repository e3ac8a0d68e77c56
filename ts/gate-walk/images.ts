import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { TestApp } from '../testing/app.ts'

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

const layer = 'what a quokka is made of'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(layer), size: layer.length }
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: manifestType,
  config: descriptor,
  layers: [],
  subject: { ...descriptor, digest: digestOf('a subject') },
  annotations: { 'org.opencontainers.image.description': 'a quokka' },
})

/** Of every image of the walk. */
export const layerDigest = descriptor.digest
export const manifestDigest = digestOf(manifest)
/** What the manifest is about; it is nowhere. */
export const subjectDigest = digestOf('a subject')

/** Full names of the images: in a repository, and the one in the default repository in both its spellings. */
export const imageNames = ['main/tools/wombat', 'main/wombat', 'wombat'] as const

/** Pushes an image into the repository and into the default one, under the tag, and gives it these owners as well. */
export async function pushImages(
  t: TestApp,
  as: Readonly<Record<string, string>>,
  tag: string,
  owners: readonly string[],
): Promise<void> {
  for (const name of imageNames.slice(0, 2)) {
    const send = async (method: string, path: string, body: string, headers: Readonly<Record<string, string>>) => {
      const answer = await t.request(method, `/v2/${name}/${path}`, {
        headers: { ...as, ...headers },
        body: new TextEncoder().encode(body),
      })
      assert.equal(answer.status, 201, `${method} ${path}: ${await answer.text()}`)
    }
    await send('POST', `blobs/uploads/?digest=${layerDigest}`, layer, {})
    await send('PUT', `manifests/${tag}`, manifest, { 'content-type': manifestType })
  }
  const { items } = await t.registry.images.list({ protocol: 'oci', limit: 10 })
  for (const pkg of items) {
    const author = { actor: 'usr_nobody', requestId: 'walk' }
    await t.registry.edit(pkg, { kind: 'owner' }, author, ({ owners: known }) => ({
      owners: [...new Set([...known, ...owners])],
    }))
  }
}
