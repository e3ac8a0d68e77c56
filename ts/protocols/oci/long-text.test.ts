import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { digestOf, type OciServer, ociImage, openOciServer } from './testing.ts'

let o: OciServer
before(async () => {
  o = await openOciServer()
})
after(() => o[Symbol.asyncDispose]())

const long = 'x'.repeat(1_000_000)
const digest = digestOf('{}')
const config = { mediaType: 'application/vnd.example+json', digest, size: 2 }
const image = { schemaVersion: 2, mediaType: ociImage, config, layers: [] }
const put = (manifest: object) =>
  o.send({
    method: 'PUT',
    path: `/v2/${o.anImage()}/manifests/v1`,
    headers: { 'content-type': ociImage },
    body: JSON.stringify(manifest),
  })
const manifests: [what: string, manifest: object][] = [
  ['a digest', { ...image, config: { ...config, digest: long } }],
  ['a digest of sha256', { ...image, config: { ...config, digest: `sha256:${long}` } }],
  ['an algorithm', { ...image, config: { ...config, digest: `${long}:0` } }],
  ['a digest of quotation marks', { ...image, config: { ...config, digest: '"'.repeat(1_000_000) } }],
  ['a digest of a subject', { ...image, subject: { ...config, digest: `md5:${long}` } }],
  ['a type', { ...image, mediaType: long }],
  ['a type of a layer', { ...image, layers: [{ ...config, mediaType: long }] }],
  ['an annotation that is none', { ...image, annotations: { [long]: 3 } }],
]
for (const [what, manifest] of manifests) {
  test(`a refusal of ${what} as long as a book repeats a few words of it`, async () => {
    const answer = await put(manifest)
    assert.equal(answer.status, 400)
    assert.ok(answer.body.length < 3000, `${answer.body.length} bytes`)
  })
}

test('of thousands of blobs that are missing the answer names a hundred, and says how many there are', async () => {
  const layers = Array.from({ length: 2000 }, (_, at) => ({ ...config, digest: digestOf(`${at}`) }))
  const answer = await put({ ...image, layers })
  const [error] = JSON.parse(String(answer.body)).errors
  assert.match(error.message, /2000 more/)
  assert.equal(error.detail.length, 100)
})

test('refusals of addresses as long as headers may be repeat a few words of them', async () => {
  const text = 'y'.repeat(12_000)
  const name = o.anImage()
  const requests: [method: string, path: string][] = [
    ['GET', `${name}/blobs/${text}`],
    ['GET', `${name}/blobs/sha256:${text}`],
    ['GET', `${name}/manifests/${text}`],
    ['GET', `${name}/manifests/sha256:${text}`],
    ['GET', `${name}/referrers/${text}`],
    ['GET', `${name}/tags/list?n=${text}`],
    ['GET', `${name}/tags/list?last=${text}`],
    ['GET', `${name}/${text}`],
    ['GET', `${text}/tags/list`],
    ['GET', `_catalog?cursor=${text}`],
    ['GET', `token?service=${text}`],
    ['POST', `${name}/blobs/uploads/?digest=${text}`],
    ['POST', `${name}/blobs/uploads/?digest=md5:${text}`],
    ['POST', `${name}/blobs/uploads/?digest-algorithm=${text}`],
    ['PATCH', `${name}/blobs/uploads/${text}`],
  ]
  for (const [method, path] of requests) {
    const { status, headers, body } = await o.send({ method, path: `/v2/${path}` })
    assert.ok(status >= 400 && status < 500, path.slice(0, 60))
    assert.ok(JSON.stringify(headers).length + body.length < 3000, path.slice(0, 60))
  }
})
