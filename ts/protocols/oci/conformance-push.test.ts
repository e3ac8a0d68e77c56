import assert from 'node:assert/strict'
import {
  type Descriptor,
  digestOf,
  dockerImage,
  emptyConfig,
  type OciServer,
  ociImage,
  ociIndex,
  type Row,
  requireAnswer,
  requireError,
  testRows,
} from './testing.ts'

const never = { mediaType: ociImage, digest: digestOf('never pushed'), size: 7 }
const anIndex = (manifests: readonly object[], more: object = {}) => ({
  schemaVersion: 2,
  mediaType: ociIndex,
  manifests,
  ...more,
})

/** A manifest whose blobs are there. */
async function anImageManifest(o: OciServer, image: string, more: object = {}) {
  const config = await o.pushBlob(image, '{}')
  return { schemaVersion: 2, mediaType: ociImage, config, layers: [config], ...more }
}

async function statusOf(o: OciServer, image: string, reference: string): Promise<number> {
  return (await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/${reference}` })).status
}

const rows: readonly Row[] = [
  [
    'end-7a',
    'a manifest is put under a tag and answered with its digest',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      const digest = digestOf(JSON.stringify(manifest))
      requireAnswer(await o.putManifest(image, manifest, 'v1'), 201, {
        location: `/v2/${image}/manifests/${digest}`,
        'docker-content-digest': digest,
        'oci-subject': undefined,
        'oci-tag': undefined,
        'content-length': '0',
      })
      assert.equal(await statusOf(o, image, 'v1'), 200)
    },
  ],
  [
    'end-7a',
    'Content-Type may have parameters, which no answer repeats',
    async (o) => {
      const image = o.anImage()
      const { mediaType: _, ...manifest } = await anImageManifest(o, image)
      const headers = { 'content-type': `${ociImage}; charset=utf-8` }
      const path = `/v2/${image}/manifests/v1`
      requireAnswer(await o.send({ method: 'PUT', path, headers, body: JSON.stringify(manifest) }), 201)
      requireAnswer(await o.send({ method: 'GET', path }), 200, { 'content-type': ociImage })
    },
  ],
  [
    'end-7a',
    'a tag may change to another type of manifest',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image, 'v1')
      requireAnswer(await o.putManifest(image, anIndex([child]), 'v1'), 201)
      requireAnswer(await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/v1` }), 200, {
        'content-type': ociIndex,
      })
      requireAnswer(await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/${child.digest}` }), 200)
    },
  ],
  [
    'end-7a',
    'a subject is answered, whether it is there or not',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image, { subject: never, artifactType: 'application/x.test' })
      requireAnswer(await o.putManifest(image, manifest), 201, { 'oci-subject': never.digest })
    },
  ],
  [
    'end-7a',
    'every missing blob is told',
    async (o) => {
      const image = o.anImage()
      const [one, two] = [digestOf('one'), digestOf('two')]
      const config = await o.pushBlob(image, '{}')
      const layers = [one, two].map((digest) => ({ mediaType: 'application/octet-stream', digest, size: 3 }))
      const answer = await o.putManifest(image, { schemaVersion: 2, mediaType: ociImage, config, layers }, 'v1')
      requireError(answer, 400, 'MANIFEST_BLOB_UNKNOWN', new RegExp(`^${image} has no blob ${one} and lacks 1 more;`))
      const { errors } = JSON.parse(String(answer.body))
      assert.deepEqual(
        errors[0].detail.map(({ digest }: Descriptor) => digest),
        [one, two],
      )
      assert.equal(await statusOf(o, image, 'v1'), 404)
    },
  ],
  [
    'end-7a',
    'a blob of another image does not count until it is mounted',
    async (o) => {
      const [image, other] = [o.anImage(), o.anImage()]
      const layer = await o.pushBlob(other, 'elsewhere')
      const manifest = await anImageManifest(o, image, { layers: [layer] })
      requireError(await o.putManifest(image, manifest, 'v1'), 400, 'MANIFEST_BLOB_UNKNOWN', /./)
      const mount = `/v2/${image}/blobs/uploads/?mount=${layer.digest}&from=${other}`
      requireAnswer(await o.send({ method: 'POST', path: mount }), 201)
      requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
    },
  ],
  [
    'end-7a',
    'a foreign layer need not be there',
    async (o) => {
      const image = o.anImage()
      const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
      const layers = [{ ...never, mediaType, urls: ['https://registry.example.com/layer'] }]
      requireAnswer(await o.putManifest(image, await anImageManifest(o, image, { layers }), 'v1'), 201)
    },
  ],
  [
    'end-7a',
    'an artifact with an empty config and type',
    async (o) => {
      const image = o.anImage()
      const empty = { ...(await o.pushBlob(image, '{}')), mediaType: emptyConfig, data: 'e30=' }
      const manifest = await anImageManifest(o, image, { config: empty, layers: [empty], artifactType: 'a/b' })
      requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
    },
  ],
  [
    'end-7a',
    'a descriptor of another size than its blob is refused',
    async (o) => {
      const image = o.anImage()
      const config = await o.pushBlob(image, '{}')
      const manifest = await anImageManifest(o, image, { config: { ...config, size: 3 }, layers: [] })
      requireError(await o.putManifest(image, manifest, 'v1'), 400, 'SIZE_INVALID', /\b3\b/)
      assert.equal(await statusOf(o, image, 'v1'), 404)
    },
  ],
  [
    'end-7a',
    'an index whose child is unknown, or of another size, is refused',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image)
      requireError(await o.putManifest(image, anIndex([child, never]), 'v1'), 400, 'MANIFEST_BLOB_UNKNOWN', /./)
      const small = { ...child, size: child.size - 1 }
      requireError(await o.putManifest(image, anIndex([small]), 'v1'), 400, 'SIZE_INVALID', /./)
      assert.equal(await statusOf(o, image, 'v1'), 404)
    },
  ],
  [
    'end-7a',
    'an index that says another type of its child than the child has is refused',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image)
      for (const mediaType of [ociIndex, dockerImage]) {
        const answer = await o.putManifest(image, anIndex([{ ...child, mediaType }]), 'v1')
        requireError(answer, 400, 'MANIFEST_INVALID', /is of the type .*, but it was pushed as .*manifest\.v1\+json/)
      }
      assert.equal(await statusOf(o, image, 'v1'), 404)
    },
  ],
  [
    'end-7a',
    'an index of indexes, with attestations of unknown platforms',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image)
      const platform = { architecture: 'unknown', os: 'unknown' }
      const inner = anIndex([child, { ...child, platform }])
      const { status } = await o.putManifest(image, inner)
      assert.equal(status, 201)
      const text = JSON.stringify(inner)
      const outer = anIndex([{ mediaType: ociIndex, digest: digestOf(text), size: text.length }])
      requireAnswer(await o.putManifest(image, outer, 'v1'), 201)
    },
  ],
  [
    'end-7a',
    'a million children are too many bytes, or too many',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image)
      const large = anIndex(Array(50_000).fill(child))
      requireError(
        await o.putManifest(image, large, 'v1'),
        413,
        'SIZE_INVALID',
        /larger than 4194304 bytes; MAX_MANIFEST_BYTES/,
      )
      const many = `{"schemaVersion":2,"mediaType":"${ociIndex}","manifests":[${'{},'.repeat(999_999)}{}]}`
      const sent = {
        method: 'PUT',
        path: `/v2/${image}/manifests/v1`,
        headers: { 'content-type': ociIndex },
        body: many,
      }
      requireError(await o.send(sent), 400, 'MANIFEST_INVALID', /has 1000000 entries; at most 5000/)
    },
  ],
  [
    'end-7a',
    'a manifest of 5 MiB is refused, one of 4 MiB is not',
    async (o) => {
      const image = o.anImage()
      const ofBytes = async (bytes: number) => {
        const manifest = await anImageManifest(o, image, { filler: '' })
        return { ...manifest, filler: 'x'.repeat(bytes - JSON.stringify(manifest).length) }
      }
      const large = await o.putManifest(image, await ofBytes(5 * 1024 * 1024), 'v1')
      requireError(large, 413, 'SIZE_INVALID', /larger than 4194304 bytes; MAX_MANIFEST_BYTES raises the limit/)
      assert.equal(await statusOf(o, image, 'v1'), 404)
      requireAnswer(await o.putManifest(image, await ofBytes(4 * 1024 * 1024), 'v1'), 201)
      requireAnswer(await o.send({ method: 'GET', path: `/v2/${image}/manifests/v1` }), 200, {
        'content-length': '4194304',
      })
    },
  ],
  [
    'end-7a',
    'what is no manifest is refused, saying what is wrong',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      const cases: [body: string, type: string, message: RegExp][] = [
        ['{', ociImage, /not valid JSON \(at line 1, column 2\)/],
        ['', ociImage, /The body is empty/],
        [JSON.stringify(manifest), ociIndex, /came as Content-Type .* but its mediaType is/],
        [JSON.stringify({ ...manifest, manifests: [] }), ociImage, /an image has no "manifests"/],
        [
          JSON.stringify({ ...manifest, config: { ...manifest.config, digest: 'md5:0' } }),
          ociImage,
          /"md5" is not supported/,
        ],
        [
          '{"schemaVersion":1,"fsLayers":[]}',
          'application/vnd.docker.distribution.manifest.v1+prettyjws',
          /schema 1.*skopeo copy/,
        ],
        [`{"a":${'['.repeat(999)}${']'.repeat(999)}}`, ociImage, /nested deeper than 200/],
      ]
      for (const [body, type, message] of cases) {
        const path = `/v2/${image}/manifests/v1`
        const answer = await o.send({ method: 'PUT', path, headers: { 'content-type': type }, body })
        requireError(answer, 400, 'MANIFEST_INVALID', message)
      }
      assert.equal(await statusOf(o, image, 'v1'), 404)
    },
  ],
  [
    'end-7a',
    'a tag outside the grammar is refused',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      for (const [tag, message] of [
        ['-x', /begins with a letter/],
        ['x'.repeat(129), /at most 128/],
        ['a%20b', /is no tag/],
      ] as const) {
        requireError(await o.putManifest(image, manifest, tag), 400, 'NAME_INVALID', message)
      }
    },
  ],
  [
    'end-7b',
    'a manifest under its digest has no tag, and one under another digest is refused',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      const digest = digestOf(JSON.stringify(manifest))
      requireAnswer(await o.putManifest(image, manifest, digest), 201, { 'docker-content-digest': digest })
      const { body } = await o.send({ method: 'GET', path: `/v2/${image}/tags/list` })
      assert.deepEqual(JSON.parse(String(body)), { name: image, tags: [] })
      const wrong = await o.putManifest(image, manifest, never.digest)
      requireError(wrong, 400, 'DIGEST_INVALID', new RegExp(`have the digest ${digest}, not ${never.digest}`))
      const unknown = await o.putManifest(image, manifest, `md5:${'0'.repeat(32)}`)
      requireError(unknown, 400, 'DIGEST_INVALID', /"md5" is not supported here/)
    },
  ],
  [
    'end-7b',
    'a manifest goes by its sha512, too',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      const digest = digestOf(JSON.stringify(manifest), 'sha512')
      requireAnswer(await o.putManifest(image, manifest, `${digest}?tag=v1`), 201, { 'docker-content-digest': digest })
      for (const reference of [digest, 'v1']) {
        const answer = await o.send({ method: 'GET', path: `/v2/${image}/manifests/${reference}` })
        requireAnswer(answer, 200, { 'docker-content-digest': digest })
      }
    },
  ],
  [
    'end-7b',
    'tags beside a digest are all set, and each is told',
    async (o) => {
      const image = o.anImage()
      const manifest = await anImageManifest(o, image)
      const digest = digestOf(JSON.stringify(manifest))
      const tags = Array.from({ length: 12 }, (_, i) => `v${i}`)
      const answer = await o.putManifest(image, manifest, `${digest}?${tags.map((tag) => `tag=${tag}`).join('&')}`)
      requireAnswer(answer, 201)
      const told = answer.rawHeaders.filter((_value, at, all) => all[at - 1]?.toLowerCase() === 'oci-tag')
      assert.deepEqual(told, tags)
      for (const tag of tags) assert.equal(await statusOf(o, image, tag), 200)
      const byTag = await o.putManifest(image, manifest, 'first?tag=second&tag=second&tag=first')
      requireAnswer(byTag, 201)
      const toldOfQuery = byTag.rawHeaders.filter((_value, at, all) => all[at - 1]?.toLowerCase() === 'oci-tag')
      assert.deepEqual(toldOfQuery, ['second', 'first'])
      assert.equal(await statusOf(o, image, 'second'), 200)
      const many = Array.from({ length: 101 }, (_, i) => `tag=v${i}`).join('&')
      const tooMany = await o.putManifest(image, manifest, `${digest}?${many}`)
      requireError(tooMany, 400, 'NAME_INVALID', /names 101 tags; at most 100/)
      const bad = await o.putManifest(image, manifest, `${digest}?tag=good&tag=-bad`)
      requireError(bad, 400, 'NAME_INVALID', /is no tag/)
      assert.equal(await statusOf(o, image, 'good'), 404)
    },
  ],
  [
    'end-9',
    'deleting a tag leaves its manifest',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image, 'v1')
      requireAnswer(await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/v1` }), 202)
      assert.deepEqual([await statusOf(o, image, 'v1'), await statusOf(o, image, digest)], [404, 200])
      const again = await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/v1` })
      requireError(again, 404, 'MANIFEST_UNKNOWN', /There is no manifest "v1"/)
    },
  ],
  [
    'end-9',
    'deleting a digest takes its tags along; the same may be pushed again',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image, 'v1')
      await o.pushImage(image, 'v2')
      const manifest = JSON.parse(String((await o.send({ method: 'GET', path: `/v2/${image}/manifests/v1` })).body))
      await o.putManifest(image, manifest, 'also')
      requireAnswer(await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${digest}` }), 202)
      for (const reference of ['v1', 'also', digest]) assert.equal(await statusOf(o, image, reference), 404)
      assert.equal(await statusOf(o, image, 'v2'), 200)
      const again = await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${digest}` })
      requireError(again, 404, 'MANIFEST_UNKNOWN', /There is no manifest/)
      requireAnswer(await o.putManifest(image, manifest, 'v1'), 201)
      assert.deepEqual([await statusOf(o, image, 'v1'), await statusOf(o, image, 'also')], [200, 404])
    },
  ],
  [
    'end-9',
    'a manifest that an index names is not deleted before the index',
    async (o) => {
      const image = o.anImage()
      const child = await o.pushImage(image)
      await o.putManifest(image, anIndex([child]), 'v1')
      const path = `/v2/${image}/manifests/${child.digest}`
      requireError(await o.send({ method: 'DELETE', path }), 409, 'DENIED', /./)
      assert.equal(await statusOf(o, image, child.digest), 200)
      const { headers } = await o.send({ method: 'HEAD', path: `/v2/${image}/manifests/v1` })
      await o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${headers['docker-content-digest']}` })
      requireAnswer(await o.send({ method: 'DELETE', path }), 202)
    },
  ],
  [
    'end-9',
    'deletes at once of one digest: none is a fault of the server',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushImage(image, 'v1')
      const path = `/v2/${image}/manifests/${digest}`
      const answers = await Promise.all(Array.from({ length: 8 }, () => o.send({ method: 'DELETE', path })))
      const statuses = answers.map(({ status }) => status)
      assert.ok(statuses.includes(202), String(statuses))
      assert.ok(
        statuses.every((status) => [202, 404].includes(status)),
        String(statuses),
      )
    },
  ],
  [
    'end-9',
    'a malformed digest is 400, an unknown one 404',
    async (o) => {
      const image = o.anImage()
      await o.pushImage(image, 'v1')
      const remove = (reference: string) => o.send({ method: 'DELETE', path: `/v2/${image}/manifests/${reference}` })
      requireError(await remove('sha256:xyz'), 400, 'DIGEST_INVALID', /malformed/)
      requireError(await remove(never.digest), 404, 'MANIFEST_UNKNOWN', /There is no manifest/)
    },
  ],
  [
    'end-10',
    'a blob that no manifest names is deleted, one that is named is not',
    async (o) => {
      const image = o.anImage()
      const { digest } = await o.pushBlob(image, 'unused')
      const path = `/v2/${image}/blobs/${digest}`
      requireAnswer(await o.send({ method: 'DELETE', path }), 202)
      for (const method of ['GET', 'DELETE'])
        requireError(await o.send({ method, path }), 404, 'BLOB_UNKNOWN', /has no blob/)
      await o.pushImage(image, 'v1')
      const used = `/v2/${image}/blobs/${digestOf('{}')}`
      requireError(await o.send({ method: 'DELETE', path: used }), 409, 'DENIED', /./)
      requireAnswer(await o.send({ method: 'GET', path: used }), 200)
    },
  ],
  [
    'end-10',
    'a malformed digest is 400',
    async (o) => {
      const answer = await o.send({ method: 'DELETE', path: `/v2/${o.anImage()}/blobs/sha256:xyz` })
      requireError(answer, 400, 'DIGEST_INVALID', /malformed/)
    },
  ],
]

testRows('pushing and deleting by the specification', rows)
