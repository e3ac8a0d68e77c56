import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferredEncoding } from './accept-encoding.ts'

const cases: [string | undefined, 'gzip' | 'identity'][] = [
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['GZip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip, deflate, br', 'gzip'],
  ['br', 'identity'],
  ['*', 'gzip'],
  ['gzip;q=0', 'identity'],
  ['*;q=0', 'identity'],
  ['gzip;q=0, *', 'identity'],
  ['gzip; q=0.5, identity', 'identity'],
  ['gzip; q=0.5, identity; q=0.5', 'gzip'],
  ['identity;q=0.4, gzip;q=0.5', 'gzip'],
  ['gzip;q=nonsense', 'identity'],
]
for (const [header, expected] of cases) {
  test(`Accept-Encoding ${header ?? 'absent'} gets ${expected}`, () => {
    assert.equal(preferredEncoding(header), expected)
  })
}
