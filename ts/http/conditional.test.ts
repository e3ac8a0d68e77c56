import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNotModified } from './conditional.ts'

const lastModified = new Date('2026-03-01T10:00:00.750Z')
const validators = { etag: '"abc"', lastModified }

const cases: [string, { ifNoneMatch?: string; ifModifiedSince?: string }, boolean][] = [
  ['nothing', {}, false],
  ['the same tag', { ifNoneMatch: '"abc"' }, true],
  ['the same tag, weak', { ifNoneMatch: 'W/"abc"' }, true],
  ['another tag', { ifNoneMatch: '"abd"' }, false],
  ['a list with it', { ifNoneMatch: '"x", W/"y,z" ,"abc"' }, true],
  ['a list without it', { ifNoneMatch: '"x", "abc,"' }, false],
  ['a tag without quotes', { ifNoneMatch: 'abc' }, false],
  ['any', { ifNoneMatch: '*' }, true],
  ['a tag wins over the date', { ifNoneMatch: '"x"', ifModifiedSince: 'Sun, 01 Mar 2026 10:00:00 GMT' }, false],
  ['the same second', { ifModifiedSince: 'Sun, 01 Mar 2026 10:00:00 GMT' }, true],
  ['a later date', { ifModifiedSince: 'Sun, 01 Mar 2026 11:00:00 GMT' }, true],
  ['an earlier date', { ifModifiedSince: 'Sun, 01 Mar 2026 09:59:59 GMT' }, false],
  ['no date', { ifModifiedSince: 'yesterday' }, false],
]
for (const [name, given, expected] of cases) {
  test(`${name}: ${expected ? '304' : 'the whole answer'}`, () => {
    const conditions = { ifNoneMatch: given.ifNoneMatch, ifModifiedSince: given.ifModifiedSince }
    assert.equal(isNotModified(conditions, validators), expected)
  })
}

test('a weak tag of ours matches its strong form', () => {
  assert.equal(isNotModified({ ifNoneMatch: '"a"', ifModifiedSince: undefined }, { etag: 'W/"a"' }), true)
})
