import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OciServer, openOciServer, requireAnswer, requireError } from './testing.ts'

let o: OciServer
let image: string

before(async () => {
  o = await openOciServer()
  image = o.anImage()
  const organization = await o.t.access.organizations.findByName('acme')
  const repository = await o.t.access.repositories.find(organization?.id ?? '', 'oci', 'containers')
  await o.t.access.repositories.configure(repository?.id ?? '', { immutableTags: ['v*'] })
})
after(() => o[Symbol.asyncDispose]())

const remove = (reference: string) => o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${reference}` })

test('an immutable tag is pushed once, again with the same content, and never with another', async () => {
  const config = await o.pushBlob(image, '{}')
  const manifest = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [] }
  requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
  requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
  const other = { ...manifest, annotations: { other: 'yes' } }
  requireError(await o.putManifest(image, other, 'v1'), 403, 'DENIED', /"v1".*stays.*immutable tags/)
  requireAnswer(await o.putManifest(image, other, 'v2'), 201)
})

test('neither it nor what it names is deleted', async () => {
  const { digest } = await o.pushImage(image, 'v3')
  requireError(await remove('v3'), 403, 'DENIED', /"v3".*immutable tags/)
  requireError(await remove(digest), 403, 'DENIED', /"v3".*immutable tags/)
  const { headers, status } = await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/v3` })
  assert.deepEqual([status, headers['docker-content-digest']], [200, digest])
  await o.pushImage(image, 'latest')
  requireAnswer(await remove('latest'), 202)
})
