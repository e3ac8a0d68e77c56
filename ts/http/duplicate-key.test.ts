import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { duplicateKey } from './duplicate-key.ts'

describe('a key that comes twice', () => {
  const cases: [text: string, found: string | undefined][] = [
    ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', undefined],
    ['{"a":1,"b":2,"a":3}', 'a'],
    ['{"a":[{"b":1,"c":"}","b":2}]}', 'b'],
    ['{"a":{"x":1},"b":2,"a":3}', 'a'],
    ['{"layers":1,"\\u006cayers":2}', 'layers'],
    ['{"a\\"":1,"a":"a\\"","b":["a","a",{"b":"b"}]}', undefined],
    ['{"":1,"":2}', ''],
    ['{"__proto__":1,"constructor":2}', undefined],
    ['["a","a"]', undefined],
    ['"a"', undefined],
    [' { "a" : "\\\\" , "a" : 1 } ', 'a'],
  ]
  for (const [text, found] of cases) test(text, () => assert.equal(duplicateKey(text), found))
})

test('a long text takes time by its length alone', () => {
  const objects = (count: number) => `[${'{"a":{},"b":[]},'.repeat(count)}0]`
  const keys = (count: number) => `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join(',')}}`
  const opened = (count: number) => `${'{"a":'.repeat(count)}0${'}'.repeat(count)}`
  for (const text of [objects(200_000), keys(200_000), opened(200_000)]) {
    const startedAt = performance.now()
    assert.equal(duplicateKey(text), undefined)
    assert.ok(performance.now() - startedAt < 3000, 'seconds for a few megabytes')
  }
})
