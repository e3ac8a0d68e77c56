import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../../errors.ts'
import { findReference, parseDigest, parseImageName, parseReference, parseTag } from './names.ts'

const hex = (length: number, digit = 'a') => digit.repeat(length)

describe('names of images', () => {
  const right = [
    'app',
    'acme/app',
    'acme/containers/team/app',
    'a.b/c_d/e__f/g-h/i---j',
    '0/1',
    'acme/blobs/manifests/tags/uploads/referrers',
    'acme/blobs/uploads',
    `${'a/'.repeat(127)}a`,
    hex(255),
  ]
  for (const name of right) {
    test(`${name.slice(0, 60)} is one`, () => assert.equal(parseImageName(name).join('/'), name))
  }

  const wrong: [name: string, why: RegExp][] = [
    ['', /empty part/],
    ['/app', /empty part/],
    ['acme//app', /empty part/],
    ['acme/app/', /empty part/],
    ['Acme/app', /upper-case letters are not allowed. Write "acme"/],
    ['acme/App', /Write "app" instead of "App"/],
    ['acme/..', /"\.\." is not made of/],
    ['acme/a..b', /"a\.\.b" is not made of/],
    ['acme/a___b', /not made of/],
    ['acme/-app', /not made of/],
    ['acme/app-', /not made of/],
    ['acme/a b', /not made of/],
    ['acme/ä', /not made of/],
    ['acme/app\n', /not made of/],
    ['acme/a%2fb', /not made of/],
    ['acme/app:latest', /not made of/],
    [hex(256), /has 256 characters; it has at most 255/],
  ]
  for (const [name, why] of wrong) {
    test(`${JSON.stringify(name.slice(0, 60))} is none`, () => {
      assert.throws(
        () => parseImageName(name),
        (err) => hasCode(err, 'name_invalid') && why.test(err.message),
      )
    })
  }
})

describe('digests', () => {
  for (const text of [`sha256:${hex(64)}`, `sha512:${hex(128, '0')}`]) {
    test(`${text.slice(0, 12)}… is one`, () => assert.equal(parseDigest(text).text, text))
  }

  const wrong: [text: string, why: RegExp][] = [
    ['', /is no digest/],
    ['sha256', /is no digest/],
    ['sha256:', /is no digest/],
    [`:${hex(64)}`, /is no digest/],
    [`sha256:${hex(63)}/`, /is no digest/],
    [`SHA256:${hex(64)}`, /is no digest/],
    [`md5:${hex(32)}`, /algorithm "md5" is not supported here. Use sha256 or sha512/],
    [`sha384:${hex(96)}`, /not supported/],
    [`constructor:${hex(64)}`, /not supported/],
    ['multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8', /not supported/],
    [`sha256:${hex(63)}`, /malformed: it has 63 characters/],
    [`sha256:${hex(128)}`, /malformed: it has 128 characters/],
    [`sha256:${hex(64, 'A')}`, /malformed: it has upper-case digits. sha256 has 64 lower-case/],
    [`sha256:${hex(64, 'g')}`, /malformed/],
    [`sha512:${hex(64)}`, /malformed: it has 64 characters after the colon. sha512 has 128/],
  ]
  for (const [text, why] of wrong) {
    test(`${text.slice(0, 20)}… of ${text.length} characters is none`, () => {
      assert.throws(
        () => parseDigest(text),
        (err) => hasCode(err, 'digest_invalid') && why.test(err.message),
      )
    })
  }
})

describe('tags and references', () => {
  for (const tag of ['latest', '_x', '1.0', 'V1-a_b.c', hex(128)]) {
    test(`${tag.slice(0, 20)} is a tag`, () => assert.deepEqual(parseReference(tag), { kind: 'tag', tag }))
  }
  for (const tag of ['', '.x', '-x', 'a/b', 'a b', 'ä', 'a\n', hex(129)]) {
    test(`${JSON.stringify(tag.slice(0, 20))} is none: refused where it is written, nothing where it is read`, () => {
      assert.throws(() => parseTag(tag), { code: 'name_invalid' })
      assert.equal(findReference(tag), undefined)
    })
  }

  test('what has a colon is a digest, and a wrong one is a fault of reads, too', () => {
    const digest = `sha256:${hex(64)}`
    assert.deepEqual(parseReference(digest), {
      kind: 'digest',
      digest: { algorithm: 'sha256', hex: hex(64), text: digest },
    })
    assert.throws(() => findReference('sha256:x'), { code: 'digest_invalid' })
  })
})
