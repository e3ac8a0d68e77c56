import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from './json.ts'

const parse = (text: string) => parseJson(new TextEncoder().encode(text))

test('JSON is what JSON.parse says, keys of objects included', () => {
  const text = '{"__proto__":{"a":[1,-2.5e3,true,null,"\\u00e9\\"}"]},"constructor":"x"}'
  assert.deepEqual(parse(text), JSON.parse(text))
})

const broken: [string, string][] = [
  ['{"a":x}', 'line 1, column 6'],
  ['{"a":1,}', 'line 1, column 8'],
  ['{"a" 1}', 'line 1, column 6'],
  ['[1,2', 'line 1, column 5'],
  ['[1 2]', 'line 1, column 4'],
  ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3'],
  ['{"a":"b\nc"}', 'line 1, column 6'],
  ['"\\x"', 'line 1, column 1'],
  ['[01]', 'line 1, column 2'],
  ['{} {}', 'line 1, column 4'],
  ['[1}', 'line 1, column 3'],
  ['{1:2}', 'line 1, column 2'],
  ["{'a':1}", 'line 1, column 2'],
  ['nul', 'line 1, column 1'],
  ['[,1]', 'line 1, column 2'],
]
for (const [text, where] of broken) {
  test(`${JSON.stringify(text)} is refused at ${where}`, () => {
    assert.throws(() => parse(text), { code: 'payload_invalid', message: `The body is not valid JSON (at ${where})` })
  })
}

test('an empty body is refused as empty', () => {
  assert.throws(() => parse(' \n'), { code: 'payload_invalid', message: /empty/ })
})

test('bytes that are no UTF-8 are refused', () => {
  assert.throws(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)), { code: 'payload_invalid', message: /UTF-8/ })
})

test('depth is bounded, brackets in strings do not count', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.ok(parse(nested(200)))
  assert.throws(() => parse(nested(201)), { message: 'The body is nested deeper than 200 (at line 1, column 201)' })
  assert.throws(() => parse('{"a":'.repeat(300)), { message: /deeper/ })
  assert.equal(parse(JSON.stringify('\\"[{'.repeat(500))), '\\"[{'.repeat(500))
})

test('the refusal does not repeat the text', () => {
  assert.throws(
    () => parse('{"password":"hunter2"'),
    (err: Error) => !err.message.includes('hunter2'),
  )
})

test('a fault after a string of megabytes is found', () => {
  assert.throws(() => parse(`{"a":"${'x'.repeat(10_000_000)}",}`), { message: /column 10000009/ })
})
