import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bulkAnswer, parseBulkRequest, quickReport } from './audit-report.ts'

test('a bulk request names packages and versions, whatever the names', () => {
  const body = JSON.parse('{"a":["1.0.0","2.0.0"],"__proto__":["1.0.0"],"constructor":[]}')
  assert.deepEqual(
    [...parseBulkRequest(body)],
    [
      ['a', ['1.0.0', '2.0.0']],
      ['__proto__', ['1.0.0']],
      ['constructor', []],
    ],
  )
  assert.deepEqual(bulkAnswer(), {})
})

describe('bulk requests that are refused', () => {
  for (const body of [null, [], 'x', { a: '1.0.0' }, { a: [1] }, { a: null }]) {
    test(JSON.stringify(body), () => assert.throws(() => parseBulkRequest(body), { code: 'payload_invalid' }))
  }
  test('too many packages', () => {
    const many = Object.fromEntries(Array.from({ length: 50_001 }, (_, i) => [`p${i}`, []]))
    assert.throws(() => parseBulkRequest(many), {
      code: 'payload_invalid',
      message: /50001 packages; .* at most 50000/,
    })
  })
})

test('a quick report finds nothing and counts what it was shown', () => {
  const body = {
    name: 'x',
    requires: { a: '1' },
    dependencies: {
      a: { version: '1.0.0', dependencies: { b: { version: '1.0.0' }, c: { version: '1.0.0', dev: true } } },
      constructor: { version: '1.0.0', optional: true },
      broken: null,
    },
  }
  assert.deepEqual(quickReport(body), {
    actions: [],
    advisories: {},
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
      dependencies: 3,
      devDependencies: 1,
      optionalDependencies: 1,
      totalDependencies: 5,
    },
  })
})

test('a very deep tree is counted', () => {
  let tree: object = { version: '1.0.0' }
  for (let depth = 0; depth < 100_000; depth++) tree = { dependencies: { a: tree } }
  assert.equal(quickReport(tree).metadata.totalDependencies, 100_000)
})

test('a quick request that is no object is refused', () => {
  for (const body of [null, [], 7]) assert.throws(() => quickReport(body), { code: 'payload_invalid' })
})
