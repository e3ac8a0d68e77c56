import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { attestationsAnswer, packageUrl, parseProvenance } from './provenance.ts'

const sha512 = 'ab'.repeat(64)

function aStatement(over: object = {}): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'pkg:npm/%40acme/thing@1.0.0', digest: { sha512 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
    ...over,
  }
}

function aBundle(statement: object | string = aStatement(), over: object = {}, envelope: object = {}): object {
  const payload = Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement)).toString('base64')
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {},
    dsseEnvelope: { payload, payloadType: 'application/vnd.in-toto+json', signatures: [{ sig: 'c2ln' }], ...envelope },
    ...over,
  }
}

function parse(bundle: object | string) {
  const text = typeof bundle === 'string' ? bundle : JSON.stringify(bundle)
  return parseProvenance(text, '@acme/thing', '1.0.0', sha512)
}

test('a bundle about this very tarball is taken and served as it came', () => {
  const provenance = parse(aBundle())
  assert.deepEqual(attestationsAnswer([provenance]), {
    attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', bundle: aBundle() }],
  })
})

test('a package URL encodes the @ of the scope only', () => {
  assert.equal(packageUrl('@acme/thing', '1.0.0'), 'pkg:npm/%40acme/thing@1.0.0')
  assert.equal(packageUrl('thing', '1.0.0-a'), 'pkg:npm/thing@1.0.0-a')
})

describe('bundles that are refused', () => {
  const subject = (over: object) =>
    aStatement({ subject: [{ name: 'pkg:npm/%40acme/thing@1.0.0', digest: { sha512 }, ...over }] })
  const table: [name: string, bundle: object | string, message: RegExp][] = [
    ['no JSON', '{', /not JSON/],
    ['no object', '[]', /no JSON object/],
    ['no media type', aBundle(undefined, { mediaType: 'text/plain' }), /mediaType/],
    ['no envelope', aBundle(undefined, { dsseEnvelope: null }), /no dsseEnvelope/],
    ['another payload type', aBundle(undefined, {}, { payloadType: 'x' }), /payloadType/],
    ['no signature', aBundle(undefined, {}, { signatures: [] }), /no signature/],
    ['a payload that is no JSON', aBundle('nonsense'), /payload of its dsseEnvelope is not JSON/],
    ['another statement', aBundle(aStatement({ _type: 'x' })), /no in-toto statement/],
    ['no predicate type', aBundle(aStatement({ predicateType: undefined })), /predicateType/],
    ['no subject', aBundle(aStatement({ subject: [] })), /exactly one subject/],
    ['two subjects', aBundle(aStatement({ subject: [{}, {}] })), /exactly one subject/],
    [
      'another version',
      aBundle(subject({ name: 'pkg:npm/%40acme/thing@1.0.1' })),
      /about "pkg:npm\/%40acme\/thing@1.0.1", but/,
    ],
    ['another tarball', aBundle(subject({ digest: { sha512: 'cd' } })), /sha512 is not that/],
    ['no digest', aBundle(subject({ digest: undefined })), /sha512 is not that/],
  ]
  for (const [name, bundle, message] of table) {
    test(name, () => assert.throws(() => parse(bundle), { code: 'payload_invalid', message }))
  }
})
