import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestAccess } from '../testing/access.ts'

const request = { principalId: 'usr_1', key: 'k', route: 'POST /things', body: Buffer.from('{}') }
const secret = { status: 201, id: 'tok_1' }

test('an answer without its body is kept with what was made', async () => {
  await using t = await openTestAccess()
  await t.access.repeats.once(request, async () => secret)
  const again = await t.access.repeats.once(request, () => assert.fail('done twice'))
  assert.deepEqual(again, { answer: secret, isReplay: true })
})

test('while the first runs others are told so, until it must be dead', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  await using t = await openTestAccess()
  const first = Promise.withResolvers<typeof secret>()
  const running = Promise.withResolvers<void>()
  const done = t.access.repeats.once(request, async () => {
    running.resolve()
    return first.promise
  })
  await running.promise
  const refused = { code: 'document_exists', details: { field: 'Idempotency-Key', retryAfterSeconds: 1 } }
  await assert.rejects(
    t.access.repeats.once(request, async () => secret),
    refused,
  )
  context.mock.timers.tick(120_000)
  const other = { status: 201, id: 'tok_2' }
  assert.deepEqual((await t.access.repeats.once(request, async () => other)).answer, other)
  first.resolve(secret)
  assert.deepEqual((await done).answer, secret)
  assert.deepEqual((await t.access.repeats.once(request, async () => secret)).answer, other)
})
