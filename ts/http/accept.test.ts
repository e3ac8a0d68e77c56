import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferredType } from './accept.ts'

const cases = [
  { name: 'no header takes the first', accept: undefined, expected: 'application/json' },
  { name: 'a browser', accept: 'text/html,application/xhtml+xml,*/*;q=0.8', expected: 'text/html' },
  { name: 'curl', accept: '*/*', expected: 'application/json' },
  { name: 'npm', accept: 'application/json', expected: 'application/json' },
  { name: 'a weight of zero refuses', accept: 'text/html;q=0, */*;q=0.1', expected: 'application/json' },
  { name: 'a group', accept: 'text/*, application/json;q=0.5', expected: 'text/html' },
]
for (const { name, accept, expected } of cases) {
  test(`Accept: ${name}`, () => assert.equal(preferredType(accept, ['application/json', 'text/html']), expected))
}
