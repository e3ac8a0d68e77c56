import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { aPublishBody } from './publish-builder.ts'
import { json, ok, openNpm } from './testing.ts'

const path = '/-/npm/v1/attestations/lib@1.0.0'

/** A publish with an attestation of its tarball, as `npm publish --provenance-file` sends it. */
function anAttestedPublish() {
  const published = aPublishBody('lib', '1.0.0')
  const sha512 = createHash('sha512').update(published.tarball).digest('hex')
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'pkg:npm/lib@1.0.0', digest: { sha512 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  }
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    dsseEnvelope: {
      payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
      payloadType: 'application/vnd.in-toto+json',
      signatures: [{ sig: 'c2ln' }],
    },
  }
  const data = JSON.stringify(bundle)
  const attachment = { content_type: bundle.mediaType, data, length: data.length }
  const body = { ...published.body, _attachments: { ...published.body._attachments, 'lib-1.0.0.sigstore': attachment } }
  return { bundle, body }
}

test('an attestation that is recorded but gone from the store is the fault of the server', async () => {
  await using t = await openNpm()
  const { bundle, body } = anAttestedPublish()
  await ok(await t.request('PUT', '/lib', { as: t.owner, body }))
  const { attestations } = await json(await t.request('GET', path, { as: t.owner }))
  assert.deepEqual(attestations[0].bundle, bundle)
  for (const { digest } of (await t.blobs.list({})).items) await t.blobs.delete(digest)
  const answer = await t.request('GET', path, { as: t.owner })
  assert.equal(answer.status, 503)
  assert.match(await answer.text(), /missing in the store/)
})
