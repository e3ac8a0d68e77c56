import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { bytesOf } from '../../testing/bytes.ts'
import { requireNewName } from './names.ts'
import { defaultPublishBodyLimits, type PublishBody, parsePublishBody } from './publish-body.ts'
import { attachmentKind, integrityOf, isPublish, parsePublishDocument, requireHashes } from './publish-document.ts'

const scoped = requireNewName('@acme/thing')
const data = Buffer.from('tarball').toString('base64')

function attached(file = '@acme/thing-1.0.0.tgz', over: object = {}): object {
  return { [file]: { content_type: 'application/octet-stream', data, length: 7, ...over } }
}

function aPublish(over: object = {}, manifest: object = {}): object {
  return {
    _id: '@acme/thing',
    name: '@acme/thing',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name: '@acme/thing', version: '1.0.0', dist: { tarball: 'http://x/' }, ...manifest } },
    access: null,
    _attachments: attached(),
    ...over,
  }
}

function parseBody(document: object): Promise<PublishBody<string>> {
  return parsePublishBody(bytesOf(JSON.stringify(document)), {
    limits: defaultPublishBodyLimits,
    isText: (attachment) => attachmentKind(scoped, attachment) === 'provenance',
    onAttachment: async (_name, bytes) => Buffer.concat(await Array.fromAsync(bytes)).toString(),
  })
}

async function parse(document: object) {
  return parsePublishDocument(await parseBody(document), scoped)
}

test('a publish as npm sends it', async () => {
  const provenance = '{"a":1}'
  const bundle = { '@acme/thing-1.0.0.sigstore': { data: provenance, length: provenance.length } }
  const sent = aPublish(
    { access: 'public', unknown: [1], _attachments: { ...attached(), ...bundle } },
    {
      dist: { integrity: 'sha512-x', shasum: 'y', tarball: 'http://x/' },
      deprecated: 'do not use',
      extra: { deep: 1 },
    },
  )
  assert.deepEqual(await parse(sent), {
    version: '1.0.0',
    manifest: { name: '@acme/thing', version: '1.0.0', deprecated: 'do not use', extra: { deep: 1 } },
    manifestField: 'versions["1.0.0"]',
    tags: ['latest'],
    tarball: { result: 'tarball', sizeBytes: 7, name: '@acme/thing-1.0.0.tgz' },
    provenance,
    access: 'public',
    claimed: { integrity: 'sha512-x', shasum: 'y' },
    deprecated: 'do not use',
  })
})

describe('what clients differ in', () => {
  test('the scope may be missing from the name of the attachment', async () => {
    assert.equal((await parse(aPublish({ _attachments: attached('thing-1.0.0.tgz') }))).tarball.result, 'tarball')
  })

  test('the length and _id may be missing', async () => {
    const sent = aPublish({ _id: undefined, _attachments: attached(undefined, { length: undefined }) })
    assert.equal((await parse(sent)).version, '1.0.0')
  })

  test('without dist-tags there are none to set', async () => {
    assert.deepEqual((await parse(aPublish({ 'dist-tags': undefined }))).tags, [])
  })

  test('build metadata may stand everywhere, as Yarn 4 sends it; it is no part of the version', async () => {
    const version = '1.0.0+b'
    const parsed = await parse({
      ...aPublish({ 'dist-tags': { next: version }, _attachments: attached(`@acme/thing-${version}.tgz`) }),
      versions: { [version]: { name: '@acme/thing', version } },
    })
    assert.deepEqual([parsed.version, parsed.tags], ['1.0.0', ['next']])
  })

  test('a tag named like a member of every object is a tag', async () => {
    const tags = JSON.parse('{"__proto__":"1.0.0","constructor":"1.0.0"}')
    assert.deepEqual((await parse(aPublish({ 'dist-tags': tags }))).tags, ['__proto__', 'constructor'])
  })
})

describe('publishes that are refused, naming the field', () => {
  const manifest = (over: object) => aPublish({}, over)
  const table: [name: string, document: object, field: string | undefined, message: RegExp][] = [
    ['an array', [], undefined, /JSON object/],
    ['another name', aPublish({ name: 'other' }), 'name', /URL names "@acme\/thing"/],
    ['no name', aPublish({ name: undefined }), 'name', /name is absent/],
    ['another _id', aPublish({ _id: 'other' }), '_id', /_id is "other"/],
    ['no version', aPublish({ versions: {} }), 'versions', /0 entries; publish exactly one/],
    ['two versions', aPublish({ versions: { '1.0.0': {}, '1.0.1': {} } }), 'versions', /2 entries/],
    ['a list of versions', aPublish({ versions: [{}] }), 'versions', /0 entries/],
    ['a manifest that is no object', aPublish({ versions: { '1.0.0': 1 } }), 'versions["1.0.0"]', /must be an object/],
    ['a loose version', aPublish({ versions: { 'v1.0.0': {} } }), 'versions["v1.0.0"]', /use "1.0.0"/],
    ['another name in the manifest', manifest({ name: 'x' }), 'versions["1.0.0"].name', /must be "@acme\/thing"/],
    ['another version in the manifest', manifest({ version: '1.0.1' }), 'versions["1.0.0"].version', /must be "1.0.0"/],
    [
      'a tag to another version',
      aPublish({ 'dist-tags': { latest: '0.9.0' } }),
      'dist-tags["latest"]',
      /must be the published/,
    ],
    ['a tag that is a range', aPublish({ 'dist-tags': { v1: '1.0.0' } }), 'dist-tags["v1"]', /range/],
    ['tags that are no object', aPublish({ 'dist-tags': 'latest' }), 'dist-tags', /object/],
    ['no attachment', aPublish({ _attachments: {} }), '_attachments', /no data for "@acme\/thing-1.0.0.tgz"/],
    ['no data', aPublish({ _attachments: attached(undefined, { data: null }) }), '_attachments', /no data for/],
    [
      'the tarball of another version',
      aPublish({ _attachments: attached('@acme/thing-1.0.1.tgz') }),
      '_attachments["@acme/thing-1.0.1.tgz"]',
      /must be named "@acme\/thing-1.0.0.tgz"/,
    ],
    [
      'two tarballs',
      aPublish({ _attachments: { ...attached(), ...attached('thing-1.0.0.tgz') } }),
      '_attachments["thing-1.0.0.tgz"]',
      /a second tarball/,
    ],
    ['an unknown attachment', aPublish({ _attachments: attached('x.zip') }), '_attachments["x.zip"]', /is unknown/],
    [
      'another length',
      aPublish({ _attachments: attached(undefined, { length: 8 }) }),
      '_attachments["@acme/thing-1.0.0.tgz"].length',
      /is 8, but the data has 7 bytes/,
    ],
    ['an access that is no string', aPublish({ access: 1 }), 'access', /must be a string/],
    [
      'a hash that is no string',
      manifest({ dist: { shasum: 1 } }),
      'versions["1.0.0"].dist.shasum',
      /must be a string/,
    ],
  ]
  for (const [name, document, field, message] of table) {
    test(name, async () => {
      await assert.rejects(parse(document), { code: 'payload_invalid', message, details: field ? { field } : {} })
    })
  }
})

describe('hashes', () => {
  const hash = (algorithm: string, encoding: 'hex' | 'base64') =>
    createHash(algorithm).update('tarball').digest(encoding)
  const computed = { sha1: hash('sha1', 'hex'), sha512: hash('sha512', 'hex') }
  const check = (claimed: { integrity?: string; shasum?: string }) =>
    requireHashes({ claimed, manifestField: 'versions["1.0.0"]' }, computed)

  test('what is claimed truly is accepted, and so is nothing', () => {
    check({})
    check({ integrity: integrityOf(computed.sha512), shasum: computed.sha1.toUpperCase() })
    check({ integrity: ` sha1-${hash('sha1', 'base64')}  sha512-${hash('sha512', 'base64')}?option sha384-unknown` })
  })

  const field = 'versions["1.0.0"].dist.integrity'
  const wrong: [claimed: { integrity?: string; shasum?: string }, field: string][] = [
    [{ shasum: 'da39a3ee' }, 'versions["1.0.0"].dist.shasum'],
    [{ integrity: 'sha512-AAAA' }, field],
    [{ integrity: `sha1-AAAA ${integrityOf(computed.sha512)}` }, field],
  ]
  for (const [claimed, at] of wrong) {
    test(`${JSON.stringify(claimed).slice(0, 40)} is refused`, () => {
      assert.throws(() => check(claimed), { code: 'payload_invalid', details: { field: at }, message: /send it again/ })
    })
  }
})

test('a body without attachments is no publish', async () => {
  assert.equal(isPublish(await parseBody(aPublish())), true)
  assert.equal(isPublish(await parseBody(aPublish({ _attachments: undefined }))), false)
  assert.equal(isPublish(await parseBody(aPublish({ _attachments: {} }))), false)
})
