import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PackageStatus, UnitMark } from '../metadata/package-schema.ts'
import { deprecationOf, requireMessage } from './deprecation.ts'

describe('what a unit is deprecated with', () => {
  const whole: PackageStatus = { kind: 'deprecated', reason: 'whole' }
  const rows: [
    title: string,
    PackageStatus | undefined,
    UnitMark | undefined,
    string | undefined,
    string | undefined,
  ][] = [
    ['nothing says so', undefined, undefined, undefined, undefined],
    ['its mark, before all else', whole, { deprecated: 'mark' }, 'published', 'mark'],
    ['what it was published with, before its package', whole, {}, 'published', 'published'],
    ['its package', whole, { yanked: '' }, undefined, 'whole'],
    ['its package, where an empty text was published', whole, undefined, '', 'whole'],
    ['nothing, when that was taken back', whole, { deprecated: '' }, 'published', undefined],
    ['not an archived package', { kind: 'archived', reason: 'why' }, undefined, undefined, undefined],
  ]
  for (const [title, status, mark, published, expected] of rows) {
    test(title, () => assert.equal(deprecationOf(status ? { status } : {}, mark, published), expected))
  }
})

test('a message is plain text of a bounded length', () => {
  for (const message of ['', 'use 2\n\tinstead', '\u{1F4E6} größer', 'x'.repeat(1024)])
    requireMessage(message, 'message')
  for (const message of ['x'.repeat(1025), '\u001b[2J', '\u0085', '\r', '\0', '\ud800']) {
    assert.throws(() => requireMessage(message, 'message'), { code: 'payload_invalid', details: { field: 'message' } })
  }
})
