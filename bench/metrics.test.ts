import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMetrics } from './metrics.ts'

test('samples are summed over their labels and comments are passed over', () => {
  const text = '# HELP a_total x\na_total{route="/a b",status="200"} 3\na_total{route="}"} 4\nlag_seconds 0.0125\n'
  assert.deepEqual(
    [...readMetrics(text)],
    [
      ['a_total', 7],
      ['lag_seconds', 0.0125],
    ],
  )
})
