import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rawClient } from '../../http/testing.ts'
import { repositories } from '../../metadata/access-schema.ts'
import { imageNameId, imageNames } from '../../metadata/image-schema.ts'
import { digestOf, type OciServer, ociImage, openOciServer, requireAnswer, requireError } from './testing.ts'

/** A server with `fresh`, which has nothing yet, and its owner's token. */
async function aFresh() {
  const o = await openOciServer()
  const owner = await o.t.aUser('founder')
  const { id } = await o.t.access.organizations.create({ name: 'fresh', ownerId: owner.id })
  const { text: as } = await o.t.aToken(owner)
  const create = (name: string) =>
    o.t.access.repositories.create({ organizationId: id, protocol: 'oci', name, createdBy: owner.id })
  const push = async (image: string, more: object = {}) => {
    const path = `/v2/${image}/blobs/uploads/?digest=${digestOf('{}')}`
    requireAnswer(await o.send({ method: 'POST', path, body: '{}', as }), 201)
    const body = JSON.stringify(aManifest(more))
    const headers = { 'content-type': ociImage }
    return o.send({ method: 'PUT', path: `/v2/${image}/manifests/v1`, headers, body, as })
  }
  /** What the first push leaves. */
  async function left() {
    const { items: made } = await o.t.engine
      .collection(repositories)
      .find('byName', { equals: { organizationId: id }, limit: 10 })
    const { items: claimed } = await o.t.engine
      .collection(imageNames)
      .find('byName', { equals: { organizationId: id }, limit: 10 })
    return { repositories: made.map(({ value }) => value.name), names: claimed.map(({ value }) => value.name) }
  }
  return { o, id, as, create, push, left, [Symbol.asyncDispose]: () => o[Symbol.asyncDispose]() }
}

function aManifest(more: object) {
  const config = { mediaType: 'application/octet-stream', digest: digestOf('{}'), size: 2 }
  return { schemaVersion: 2, mediaType: ociImage, config, layers: [], ...more }
}

const bodyOf = ({ body }: { body: Buffer }) => JSON.parse(String(body))

describe('a refused request leaves neither a repository nor a claim', () => {
  const uploads = '/v2/fresh/app/blobs/uploads/'
  const manifests = '/v2/fresh/app/manifests/'
  const refused: [method: string, path: string, status: number, code: string][] = [
    ['PUT', `${manifests}bad!tag`, 400, 'NAME_INVALID'],
    ['PUT', `${manifests}v1?tag=bad!tag`, 400, 'NAME_INVALID'],
    ['PUT', `${manifests}sha256:1`, 400, 'DIGEST_INVALID'],
    ['POST', `${uploads}?digest-algorithm=md5`, 400, 'DIGEST_INVALID'],
    ['POST', `${uploads}?digest=md5:00`, 400, 'DIGEST_INVALID'],
    ['POST', `${uploads}?mount=none&from=fresh/other`, 400, 'DIGEST_INVALID'],
    ['GET', `${uploads}none`, 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PATCH', `${uploads}none`, 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['PUT', `${uploads}none?digest=${digestOf('')}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['DELETE', `${uploads}none`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ]
  test('where there is no repository yet, and where it is', async () => {
    await using w = await aFresh()
    for (const isMade of [false, true]) {
      if (isMade) await w.create('oci')
      for (const [method, path, status, code] of refused) {
        requireError(await w.o.send({ method, path, as: w.as }), status, code, /./)
        assert.deepEqual(await w.left(), { repositories: isMade ? ['oci'] : [], names: [] }, `${method} ${path}`)
      }
    }
    requireAnswer(await w.o.send({ method: 'POST', path: uploads, as: w.as }), 202)
    assert.deepEqual(await w.left(), { repositories: ['oci'], names: ['app'] })
  })
})

test('a manifest that comes for longer than a claim lasts is refused when a repository has the name by then', async () => {
  await using w = await aFresh()
  const blob = `/v2/fresh/x/first/blobs/uploads/?digest=${digestOf('{}')}`
  requireAnswer(await w.o.send({ method: 'POST', path: blob, body: '{}', as: w.as }), 201)
  const manifest = JSON.stringify(aManifest({ annotations: { who: 'slow' } }))
  const head = [
    'PUT /v2/fresh/x/first/manifests/v1 HTTP/1.1',
    'Host: registry.example.com',
    `Authorization: Bearer ${w.as}`,
    `Content-Type: ${ociImage}`,
    `Content-Length: ${manifest.length}`,
    'Expect: 100-continue',
    '\r\n',
  ].join('\r\n')
  using slow = rawClient(w.o.port, head)
  await slow.until(/100 Continue/)
  await aQuarterOfAnHour(w.o, imageNameId(w.id, 'x'))
  await w.create('x')
  slow.socket.write(manifest)
  assert.match(await slow.until(/errors/), /409 Conflict.*DENIED.*a repository of the organization has it/s)
  requireAnswer(await w.push('fresh/x/first', { annotations: { who: 'x' } }), 201)
  const catalog = bodyOf(await w.o.send({ method: 'GET', path: '/v2/_catalog', as: w.as }))
  assert.deepEqual(catalog.repositories, ['fresh/x/first'])
})

async function aQuarterOfAnHour({ t }: OciServer, id: string): Promise<void> {
  const names = t.engine.collection(imageNames)
  const claim = await names.get(id)
  assert.ok(claim)
  await names.update(id, claim.revision, { ...claim.value, touchedAt: Date.now() - 16 * 60_000 })
}

test('that a hidden repository has a name is told to nobody who may not read it', async () => {
  await using w = await aFresh()
  const { id: images } = await w.create('oci')
  const { id: secret } = await w.create('secret')
  const outsider = await w.o.t.aUser('outsider')
  await w.o.t.access.grants.setPermission(images, { holderId: outsider.id, role: 'developer' })
  const { text: as } = await w.o.t.aToken(outsider)
  for (const name of ['fresh/secret', 'fresh/secret/app']) {
    const start = () => w.o.send({ method: 'POST', path: `/v2/${name}/blobs/uploads/`, as })
    await w.o.t.access.grants.removePermission(secret, outsider.id)
    requireError(await start(), 403, 'DENIED', /^You may not push "fresh\/secret(\/app)?"\. Choose another name/)
    const path = `/v2/${name}/tags/list`
    const token = bodyOf(await w.o.send({ method: 'GET', path: `/v2/token?scope=repository:${name}:*`, as })).token
    for (const by of [as, token])
      requireError(await w.o.send({ method: 'GET', path, as: by }), 404, 'NAME_UNKNOWN', /./)
    await w.o.t.access.grants.setPermission(secret, { holderId: outsider.id, role: 'reader' })
    if (name === 'fresh/secret') requireError(await start(), 409, 'DENIED', /a repository of the organization has it/)
  }
})

test('images whose names begin like the default repository have names of their own', async () => {
  await using w = await aFresh()
  for (const name of ['fresh/oci/oci/app', 'fresh/oci/app', 'fresh/oci/oci/oci/app', 'fresh/oci']) {
    requireAnswer(await w.push(name, { annotations: { name } }), 201)
  }
  const { repositories: listed } = bodyOf(await w.o.send({ method: 'GET', path: '/v2/_catalog', as: w.as }))
  assert.deepEqual(listed, ['fresh/app', 'fresh/oci', 'fresh/oci/oci/app', 'fresh/oci/oci/oci/app'])
  const pulled = []
  for (const name of listed) {
    const answer = await w.o.send({ method: 'GET', path: `/v2/${name}/manifests/v1`, as: w.as })
    pulled.push(bodyOf(answer).annotations.name)
  }
  assert.deepEqual(pulled, ['fresh/oci/app', 'fresh/oci', 'fresh/oci/oci/app', 'fresh/oci/oci/oci/app'])
})

test('a blob is mounted from an image that the client has a scope for by any of its names', async () => {
  await using w = await aFresh()
  requireAnswer(await w.push('fresh/app'), 201)
  const scopes = 'scope=repository:fresh/other:push&scope=repository:fresh/oci/app:pull'
  const { token } = bodyOf(await w.o.send({ method: 'GET', path: `/v2/token?${scopes}`, as: w.as }))
  const path = `/v2/fresh/other/blobs/uploads/?mount=${digestOf('{}')}`
  requireAnswer(await w.o.send({ method: 'POST', path, as: token }), 201)
})
