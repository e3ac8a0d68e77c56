import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestedRange } from './range.ts'

const cases: [string, string, [number, number] | 'whole' | 416][] = [
  ['first and last', 'bytes=2-5', [2, 5]],
  ['one byte', 'bytes=0-0', [0, 0]],
  ['open end', 'bytes=90-', [90, 99]],
  ['beyond the end', 'bytes=90-1000', [90, 99]],
  ['a suffix', 'bytes=-10', [90, 99]],
  ['a suffix longer than all', 'bytes=-1000', [0, 99]],
  ['several', 'bytes=0-1,5-6', 'whole'],
  ['another unit', 'lines=0-1', 'whole'],
  ['reversed', 'bytes=5-2', 'whole'],
  ['empty', 'bytes=-', 'whole'],
  ['not numbers', 'bytes=a-b', 'whole'],
  ['behind the end', 'bytes=100-', 416],
  ['no byte of a suffix', 'bytes=-0', 416],
]
for (const [name, range, expected] of cases) {
  test(`range ${name}`, () => {
    const ask = () => requestedRange({ range, ifRange: undefined }, 100, '"a"')
    if (expected === 416) assert.throws(ask, { code: 'range_invalid', details: { sizeBytes: 100 } })
    else assert.deepEqual(ask(), expected === 'whole' ? undefined : { start: expected[0], end: expected[1] })
  })
}

test('If-Range with the same tag keeps the range, with another or a date it asks for the whole', () => {
  const ask = (ifRange: string) => requestedRange({ range: 'bytes=0-1', ifRange }, 100, '"a"')
  assert.deepEqual(ask('"a"'), { start: 0, end: 1 })
  assert.equal(ask('"b"'), undefined)
  assert.equal(ask('W/"a"'), undefined)
  assert.equal(ask('Sun, 01 Mar 2026 10:00:00 GMT'), undefined)
})

test('nothing of an empty file can be asked for', () => {
  assert.throws(() => requestedRange({ range: 'bytes=0-', ifRange: undefined }, 0, '"a"'), { code: 'range_invalid' })
})
