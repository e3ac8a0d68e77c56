import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { repositories as repositoryRecords } from '../../metadata/access-schema.ts'
import { type OciServer, openOciServer, requireAnswer, requireError } from './testing.ts'

/** What the token service gives the writer for these scopes. */
async function registryToken(o: OciServer, ...scopes: string[]): Promise<string> {
  const query = scopes.map((scope) => `scope=${scope}`).join('&')
  const answer = await o.send({ method: 'GET', path: `/v2/token?service=stowage&${query}` })
  requireAnswer(answer, 200)
  return JSON.parse(String(answer.body)).token
}

describe('images, over a socket', () => {
  test('a pull with a token of the service is answered from memory, until its rights end', async () => {
    await using o = await openOciServer()
    const image = o.anImage()
    const { digest } = await o.pushImage(image, 'v1')
    const as = await registryToken(o, `repository:${image}:pull`)
    const path = `/v2/${image}/manifests/v1`
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      requireAnswer(await o.send({ method, path, as }), 200, { 'docker-content-digest': digest })
    }
    // That the token was used is written meanwhile.
    assert.ok(o.hot.counts.hits > 0)
    const writer = await o.t.access.users.findByUsername('writer')
    assert.ok(writer)
    await o.t.access.users.setActive(writer.id, false)
    requireError(await o.send({ method: 'GET', path, as }), 401, 'UNAUTHORIZED', /./)
  })

  test('a token of the service that does not reach is told which one would', async () => {
    await using o = await openOciServer()
    const image = o.anImage()
    await o.pushImage(image, 'v1')
    const as = await registryToken(o, `repository:${image}:pull`)
    const answer = await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/v1`, as })
    requireError(answer, 401, 'UNAUTHORIZED', /./)
    const challenge = String(answer.headers['www-authenticate'])
    assert.match(challenge, new RegExp(`scope="repository:${image}:pull,delete"`))
    assert.match(challenge, /error="insufficient_scope"/)
  })

  test('a HEAD of a blob is never answered from memory: it keeps the blob for who asks', async () => {
    await using o = await openOciServer()
    const image = o.anImage()
    const { digest } = await o.pushBlob(image, 'a blob')
    const path = `/v2/${image}/blobs/${digest}`
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) requireAnswer(await o.send({ method, path }), 200)
    assert.ok(o.hot.counts.hits < 2)
  })

  test('where downloads are recorded, each is before its bytes go, and none is answered from memory', async () => {
    await using o = await openOciServer({}, { recordsDownloads: true })
    const image = o.anImage()
    const { digest } = await o.pushImage(image, 'v1')
    const layer = await o.pushBlob(image, 'recorded')
    const paths = [`manifests/v1`, `manifests/v1`, `manifests/${digest}`, `blobs/${layer.digest}`]
    for (const path of paths) {
      for (const method of ['GET', 'HEAD']) requireAnswer(await o.send({ method, path: `/v2/${image}/${path}` }), 200)
    }
    assert.equal(o.hot.counts.hits, 0)
    const { items } = await o.t.trail.query({ action: 'package.download', limit: 100 })
    const versions = items.map(({ value }) => (value.details as { version?: string }).version).toReversed()
    assert.deepEqual(versions, [digest, digest, digest, layer.digest])
  })

  test('a token that is limited to a repository pulls no public image of another, which who has none does', async () => {
    await using o = await openOciServer()
    const image = o.anImage('open')
    await o.pushImage(image, 'v1')
    const { access } = o.t
    const organization = await access.organizations.findByName('acme')
    const other = await access.repositories.find(organization?.id ?? '', 'oci', 'containers')
    const writer = await access.users.findByUsername('writer')
    assert.ok(other && writer)
    const { text: as } = await o.t.aToken(writer, { repositories: [other.id] })
    const path = `/v2/${image}/manifests/v1`
    requireError(await o.send({ method: 'GET', path, as }), 404, 'NAME_UNKNOWN', /./)
    requireAnswer(await o.send({ method: 'GET', path, as: null }), 200)
  })

  test('a repository whose publishes wait for approval takes no images', async () => {
    await using o = await openOciServer()
    const image = o.anImage()
    const config = await o.pushBlob(image, '{}')
    const organization = await o.t.access.organizations.findByName('acme')
    const repository = await o.t.access.repositories.find(organization?.id ?? '', 'oci', 'containers')
    assert.ok(repository)
    const { repositories } = o.t.access
    await assert.rejects(repositories.configure(repository.id, { requiresApproval: true }), { code: 'unprocessable' })
    // As it could be set once.
    await o.t.engine
      .collection(repositoryRecords)
      .update(repository.id, repository.revision, { ...repository.value, requiresApproval: true })
    const manifest = await o.putManifest(image, { schemaVersion: 2, config, layers: [] }, 'v1')
    const upload = await o.send({ method: 'POST', path: `/v2/${image}/blobs/uploads/` })
    for (const answer of [manifest, upload]) requireError(answer, 403, 'DENIED', /takes only what was approved/)
    await repositories.configure(repository.id, { requiresApproval: false })
    await o.pushImage(image, 'v1')
  })

  test('the API shows an image as a package, its manifests as versions', async () => {
    await using o = await openOciServer()
    const image = o.anImage('open')
    const annotations = { 'org.opencontainers.image.description': 'Digs holes.' }
    const { digest } = await o.pushImage(image, 'v1', { annotations })
    const get = async (path: string) =>
      JSON.parse(String((await o.send({ method: 'GET', path: `/api/v1${path}` })).body))
    const { items } = await get('/packages?text=holes')
    assert.equal(items.length, 1)
    const shown = await get(`/packages/${items[0].id}`)
    const name = image.split('/').at(-1)
    assert.deepEqual(
      [shown.protocol, shown.repository, shown.name, shown.latestVersion, shown.description, shown.tags],
      ['oci', 'open', name, digest, 'Digs holes.', [{ tag: 'v1', version: digest }]],
    )
    assert.equal(shown.install, `docker pull 127.0.0.1:${o.port}/${image}:v1`)
  })
})
