import assert from 'node:assert/strict'
import { test } from 'node:test'
import { referrersPage } from './referrers.ts'

test('a walk that finds nothing for long ends, and says where to go on', async () => {
  let reads = 0
  const page = await referrersPage(
    async ({ after = '0' }) => ({ items: [], next: String(Number(after) + ++reads) }),
    100,
    '5',
  )
  assert.ok(reads > 1 && reads < 50, `${reads} reads`)
  assert.deepEqual(page.found, [])
  assert.equal(page.next, String(5 + (reads * (reads + 1)) / 2))
})

test('a walk to the end has no place to go on from', async () => {
  assert.deepEqual(await referrersPage(async () => ({ items: [] }), 100, undefined), { found: [], next: undefined })
})
