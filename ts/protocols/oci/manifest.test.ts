import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { hasCode } from '../../errors.ts'
import { readManifest } from './manifest.ts'

const ociImage = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'
const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const a = digestOf('a')
const b = digestOf('b')
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: a, size: 7 }
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: b, size: 9 }
const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2, data: 'e30=' }
const anImage = (more: object = {}) => ({ schemaVersion: 2, mediaType: ociImage, config, layers: [layer], ...more })
const anIndex = (more: object = {}) => ({ schemaVersion: 2, mediaType: ociIndex, manifests: [], ...more })
const child = { mediaType: ociImage, digest: a, size: 5 }

const read = (value: unknown, type?: string) =>
  readManifest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), type)

describe('a manifest that is read', () => {
  test('an OCI image names its config and its layers', () => {
    const facts = read(anImage(), ociImage)
    assert.equal(facts.kind, 'image')
    assert.equal(facts.mediaType, ociImage)
    assert.deepEqual(facts.references, [
      { kind: 'blob', digest: a, sizeBytes: 7, mediaType: config.mediaType, isOptional: false },
      { kind: 'blob', digest: b, sizeBytes: 9, mediaType: layer.mediaType, isOptional: false },
    ])
  })

  test('without a mediaType an OCI image is what its Content-Type says, parameters and case aside', () => {
    const { mediaType: _, ...bare } = anImage()
    assert.equal(read(bare, `${ociImage.toUpperCase()}; charset=utf-8`).mediaType, ociImage)
  })

  test('without a Content-Type it is what its mediaType says', () => {
    assert.equal(read(anImage()).mediaType, ociImage)
  })

  test('an image of Docker, and a list of them', () => {
    assert.equal(read(anImage({ mediaType: dockerImage }), dockerImage).kind, 'image')
    const list = read(anIndex({ mediaType: dockerList, manifests: [{ ...child, mediaType: dockerImage }] }), dockerList)
    assert.deepEqual([list.kind, list.references[0]?.kind], ['index', 'manifest'])
  })

  test('an index whose manifests are for platforms', () => {
    const platforms = [
      [{ os: 'linux', architecture: 'arm64', variant: 'v8' }, 'linux/arm64/v8'],
      [{ os: 'windows', 'os.version': '10.0', 'os.features': ['win32k'], features: null, variant: '' }, 'windows'],
      [null, undefined],
      [{}, undefined],
    ] as const
    for (const [platform, shown] of platforms) {
      const { references } = read(anIndex({ manifests: [{ ...child, platform }] }), ociIndex)
      assert.equal(references[0]?.platform, shown)
    }
  })

  test('an index of indexes, and of what no platform is', () => {
    const children = [
      { ...child, mediaType: ociIndex },
      { ...child, digest: b, platform: { architecture: 'unknown', os: 'unknown' } },
    ]
    assert.deepEqual(
      read(anIndex({ manifests: children }), ociIndex).references.map(({ kind }) => kind),
      ['manifest', 'manifest'],
    )
  })

  test("an index of layers, as a builder's cache is", () => {
    assert.equal(read(anIndex({ manifests: [layer] }), ociIndex).references[0]?.kind, 'blob')
  })

  test('an empty index, also one whose list is null', () => {
    assert.deepEqual(read(anIndex(), ociIndex).references, [])
    assert.deepEqual(read(anIndex({ manifests: null }), ociIndex).references, [])
  })

  test('an artifact with an empty config, its type and a subject', () => {
    const facts = read(
      anImage({
        config: empty,
        layers: [empty],
        artifactType: 'application/x.sbom',
        subject: child,
        annotations: { k: 'v' },
      }),
    )
    assert.equal(facts.artifactType, 'application/x.sbom')
    assert.equal(facts.subject, a)
    assert.deepEqual(facts.annotations, { k: 'v' })
    assert.equal(facts.references.length, 1)
  })

  test('the type of an artifact that names none is that of its config; an index has none then', () => {
    assert.equal(read(anImage()).artifactType, config.mediaType)
    assert.equal(read(anImage({ artifactType: '' })).artifactType, config.mediaType)
    assert.equal(read(anIndex()).artifactType, undefined)
  })

  test('an image of Docker is about nothing', () => {
    assert.equal(read(anImage({ mediaType: dockerImage, subject: child })).subject, undefined)
  })

  for (const mediaType of [
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ]) {
    test(`a layer ${mediaType} need not be here`, () => {
      const foreign = { ...layer, mediaType, urls: ['https://registry.example.com/layer'] }
      assert.equal(read(anImage({ layers: [foreign] })).references[1]?.isOptional, true)
      // Named twice, it is needed when one of the two needs it.
      assert.equal(read(anImage({ layers: [foreign, layer] })).references[1]?.isOptional, false)
    })
  }

  test('sha512 names things as well', () => {
    const digest = `sha512:${'0'.repeat(128)}`
    assert.equal(read(anImage({ layers: [{ ...layer, digest }] })).references[1]?.digest, digest)
  })

  test('fields that are not known, of a manifest and of a descriptor', () => {
    assert.doesNotThrow(() => read(anImage({ 'x-mine': { deep: [1] }, layers: [{ ...layer, more: true }] })))
  })

  test('media types with parameters, and an artifact of no type with an empty config', () => {
    const types = ['text/plain; charset=utf-8', 'application/vnd.dev.sigstore.bundle+json;version=0.1', 'A/b']
    for (const mediaType of types) assert.doesNotThrow(() => read(anImage({ layers: [{ ...layer, mediaType }] })))
    assert.equal(read(anImage({ config: empty })).artifactType, empty.mediaType)
  })
})

const million = `{"schemaVersion":2,"mediaType":"${ociIndex}","manifests":[${'{},'.repeat(999_999)}{}]}`
const refused: [name: string, value: unknown, message: RegExp, type?: string][] = [
  ['nothing', '', /cannot be read: The body is empty/, ociImage],
  ['no JSON', '{"a":', /cannot be read: The body is not valid JSON \(at line 1, column 6\)/, ociImage],
  ['a list', '[]', /must be a JSON object/, ociImage],
  ['null', 'null', /must be a JSON object/, ociImage],
  ['depth', `{"a":${'['.repeat(201)}${']'.repeat(201)}}`, /nested deeper than 200/, ociImage],
  ['no type anywhere', { schemaVersion: 2 }, /send a Content-Type, or the field "mediaType"/],
  [
    'another Content-Type',
    anImage(),
    /came as Content-Type ".*index.*", but its mediaType is ".*manifest.*"/,
    ociIndex,
  ],
  [
    'a strange type',
    { schemaVersion: 2 },
    /"application\/json" is not one that this registry takes, which are/,
    'application/json',
  ],
  ['a type that is no string', anImage({ mediaType: 1 }), /mediaType: expected a string/, ociImage],
  ['schema 1 by its version', { schemaVersion: 1 }, /schema 1.*skopeo copy --format v2s2/, ociImage],
  ['schema 1 by its type', {}, /schema 1/, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ['schema 1 by its layers', anImage({ fsLayers: [] }), /schema 1/, ociImage],
  [
    'an image of Docker without a mediaType',
    { schemaVersion: 2, config, layers: [] },
    /mediaType: it is missing/,
    dockerImage,
  ],
  ['no version of the schema', { ...anImage(), schemaVersion: undefined }, /schemaVersion: it is missing/],
  ['no config', anImage({ config: undefined }), /config: it is missing/],
  [
    'an image with manifests',
    anImage({ manifests: [child] }),
    /an image has no "manifests", and nothing is an image and an index/,
  ],
  ['an index with layers', anIndex({ layers: [] }), /an index has no "layers"/],
  ['an index with a config', anIndex({ config }), /an index has no "config"/],
  ['another spelling of a field', anIndex({ Manifests: [child] }), /"Manifests" must be written "manifests"/],
  ['a spelling that Go takes for the same', anIndex({ manifeſts: [child] }), /must be written "manifests"/],
  [
    'another spelling in a descriptor',
    anImage({ layers: [{ ...layer, Digest: a }] }),
    /"layers\[0\]\.Digest" must be written "layers\[0\]\.digest"/,
  ],
  ['a byte order mark', `\ufeff${JSON.stringify(anImage())}`, /byte order mark/],
  [
    'a field twice',
    `{"layers":[{}],${JSON.stringify(anImage()).slice(1)}`,
    /the field "layers" comes twice, and clients differ/,
  ],
  [
    'a platform in a word',
    anIndex({ manifests: [{ ...child, platform: 'weird' }] }),
    /\[0\]\.platform: expected an object/,
  ],
  [
    'a platform of numbers',
    anIndex({ manifests: [{ ...child, platform: { os: 1 } }] }),
    /platform\.os: expected a string/,
  ],
  [
    'features that are no list',
    anIndex({ manifests: [{ ...child, platform: { 'os.features': 'win32k' } }] }),
    /platform\.os\.features: expected a list/,
  ],
  [
    'a platform of a layer',
    anImage({ layers: [{ ...layer, platform: [] }] }),
    /layers\[0\]\.platform: expected an object/,
  ],
  ['addresses that are no list', anImage({ layers: [{ ...layer, urls: 'x' }] }), /layers\[0\]\.urls: expected a list/],
  [
    'a layer of no media type',
    anImage({ layers: [{ ...layer, mediaType: 'tar' }] }),
    /mediaType: expected a media type/,
  ],
  ['an artifact of no media type', anImage({ artifactType: 'my type' }), /artifactType: expected a media type/],
  ['a type with a line break', anImage({ artifactType: 'a/b;\nc' }), /artifactType: expected a media type/],
  ['a list that is none', anImage({ layers: {} }), /layers: expected a list/],
  ['a descriptor that is none', anImage({ layers: [layer, 7] }), /layers\[1\]: expected an object/],
  [
    'a descriptor without a digest',
    anImage({ layers: [{ ...layer, digest: undefined }] }),
    /layers\[0\]\.digest: it is missing/,
  ],
  [
    'a digest of capitals',
    anImage({ config: { ...config, digest: a.toUpperCase() } }),
    /config\.digest: .* is no digest/,
  ],
  [
    'a digest of an unknown algorithm',
    anImage({ config: { ...config, digest: `md5:${'0'.repeat(32)}` } }),
    /config\.digest: .*"md5" is not supported here/,
  ],
  ['a size below nothing', anImage({ config: { ...config, size: -1 } }), /config\.size: expected 0 or more/],
  ['half a byte', anImage({ config: { ...config, size: 0.5 } }), /config\.size: expected a whole number/],
  ['a size in words', anImage({ config: { ...config, size: '7' } }), /config\.size: expected a number/],
  [
    'a descriptor without a type',
    anImage({ layers: [{ ...layer, mediaType: '' }] }),
    /layers\[0\]\.mediaType: it is empty/,
  ],
  [
    'data of another size',
    anImage({ config: { ...empty, size: 3 } }),
    /config\.data has 2 bytes, but config\.size is 3/,
  ],
  [
    'data of another digest',
    anImage({ config: { ...empty, digest: a } }),
    /config\.data is not what config\.digest names/,
  ],
  ['data that is no base64', anImage({ config: { ...empty, data: '{}' } }), /config\.data: expected base64/],
  ['data of a subject', anImage({ subject: { ...empty, digest: a } }), /subject\.data is not what/],
  ['an annotation that is no string', anImage({ annotations: { k: 1 } }), /annotations\.k: expected a string/],
  [
    'too many annotations',
    anImage({ annotations: { k: 'v'.repeat(300_000) } }),
    /annotations have 300\d+ bytes; at most 262144/,
  ],
  ['too many layers', anImage({ layers: Array(5001).fill(layer) }), /layers has 5001 entries; at most 5000/],
  ['a million children', million, /manifests has 1000000 entries; at most 5000/],
  ['one digest of two sizes', anImage({ layers: [layer, { ...layer, size: 1 }] }), /of 9 and of 1 bytes/],
  [
    'one digest of two kinds',
    anIndex({ manifests: [child, { ...layer, digest: a, size: 5 }] }),
    /as a manifest and as another thing/,
  ],
  [
    'one digest of two types',
    anIndex({ manifests: [child, { ...child, mediaType: ociIndex }] }),
    /as manifests of two types/,
  ],
]

describe('a manifest that is refused', () => {
  for (const [name, value, message, type] of refused) {
    test(name, () => {
      assert.throws(
        () => read(value, type),
        (err) => hasCode(err, 'manifest_invalid') && message.test(err.message),
      )
    })
  }

  test('bytes that are no UTF-8', () => {
    assert.throws(() => readManifest(Buffer.from([0x7b, 0xff, 0x7d]), ociImage), /not valid UTF-8/)
  })

  test('its field is told', () => {
    assert.throws(
      () => read(anImage({ layers: [{ ...layer, size: null }] })),
      (err) => hasCode(err, 'manifest_invalid') && err.details.field === 'layers[0].size',
    )
  })
})
