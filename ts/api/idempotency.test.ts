import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testPassword } from '../testing/access.ts'
import { openTestApi } from './testing.ts'

const newJoe = { username: 'joe', email: 'joe@example.com', password: testPassword }

async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  const post = (key: string, body: object = newJoe, as: string = root.token, path = '/users') =>
    t.ask(`POST ${path}`, { as, body, headers: { 'idempotency-key': key } })
  return { t, root, post, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() }
}

describe('a POST with an Idempotency-Key', () => {
  test('is done once, and answered again as it was', async () => {
    await using s = await setUp()
    const [first, again] = [await s.post('k'), await s.post('k')]
    assert.equal(first.status, 201)
    assert.deepEqual([again.status, again.body], [201, first.body])
    assert.equal(again.headers.get('location'), first.headers.get('location'))
    assert.deepEqual(
      [first, again].map(({ headers }) => headers.get('idempotent-replayed')),
      [null, 'true'],
    )
    assert.equal((await s.post('other key')).status, 409)
  })

  test('is done once of many at a time', async () => {
    await using s = await setUp()
    const all = await Promise.all(Array.from({ length: 5 }, () => s.post('k')))
    assert.ok(all.every(({ status, body }) => status === 201 || body.code === 'document_exists'))
    assert.equal(all.filter(({ status, headers }) => status === 201 && !headers.get('idempotent-replayed')).length, 1)
  })

  test('is refused with the key of another request, and is another for another principal', async () => {
    await using s = await setUp()
    await s.post('k')
    const other = await s.t.someone('other', { isPlatformAdmin: true })
    const differing = await s.post('k', { ...newJoe, username: 'jim' })
    assert.deepEqual([differing.status, differing.body.errors[0].field], [422, 'Idempotency-Key'])
    assert.equal((await s.post('k', newJoe, s.root.token, '/organizations')).status, 422)
    assert.equal((await s.post('k', newJoe, other.token)).status, 409)
    assert.equal((await s.post('')).status, 400)
    assert.equal((await s.post('x'.repeat(256))).status, 400)
  })

  test('may be sent again after it was refused, and is not answered to who may no more', async () => {
    await using s = await setUp()
    assert.equal((await s.post('k', { ...newJoe, username: '.' })).status, 400)
    assert.equal((await s.post('k')).status, 201)
    await s.t.aUser('second', { isPlatformAdmin: true })
    await s.t.access.users.update(s.root.id, { isPlatformAdmin: false })
    assert.equal((await s.post('k')).status, 403)
  })

  test('is forgotten after a day', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
    await using s = await setUp()
    await s.post('k')
    context.mock.timers.tick(24 * 3600 * 1000)
    assert.equal((await s.post('k')).status, 409)
  })
})
