import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testPassword } from '../testing/access.ts'
import { openTestApi, type TestApi } from './testing.ts'

const defaults = {
  anonymousAccess: true,
  anonymousAccessInForce: true,
  signUp: false,
  maxTokenLifetimeDays: null,
  reservedNames: [],
  banner: null,
}

async function setUp() {
  const t = await openTestApi()
  const root = await t.someone('root', { isPlatformAdmin: true })
  return {
    t,
    root,
    put: (body: object, headers?: Record<string, string>) =>
      t.ask('PUT /admin/settings', { as: root.token, body, ...(headers && { headers }) }),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

describe('the settings', () => {
  test('are for platform admins, by a token that may', async () => {
    await using s = await setUp()
    const { token: jane } = await s.t.someone('jane')
    const { text: reader } = await s.t.aToken(s.root, { actions: ['read'] })
    const { text: narrow } = await s.t.aToken(s.root, { protocols: ['npm'] })
    for (const [as, read, change] of [
      [undefined, 401, 401],
      [jane, 403, 403],
      [narrow, 403, 403],
      [reader, 200, 403],
      [s.root.token, 200, 200],
    ] as const) {
      assert.equal((await s.t.ask('GET /admin/settings', { as })).status, read)
      assert.equal((await s.t.ask('PUT /admin/settings', { as, body: {} })).status, change)
    }
  })

  test('change one by one; null takes away', async () => {
    await using s = await setUp()
    assert.deepEqual((await s.t.ask('GET /admin/settings', { as: s.root.token })).body, defaults)
    const banner = { text: '<b>Sunday</b>', level: 'warning' }
    const set = { anonymousAccess: false, maxTokenLifetimeDays: 90, banner }
    const changed = { ...defaults, ...set, anonymousAccessInForce: false }
    assert.deepEqual((await s.put(set)).body, changed)
    assert.deepEqual((await s.put({ reservedNames: ['B', 'a'] })).body, { ...changed, reservedNames: ['a', 'b'] })
    const none = { anonymousAccess: true, maxTokenLifetimeDays: null, banner: null, reservedNames: [] }
    assert.deepEqual((await s.put(none)).body, defaults)
  })

  test('change for who has read the newest, from the first change on', async () => {
    await using s = await setUp()
    const first = (await s.t.ask('GET /admin/settings', { as: s.root.token })).headers.get('etag') ?? ''
    const changed = await s.put({ signUp: true }, { 'if-match': first })
    assert.equal(changed.status, 200)
    assert.equal((await s.put({ signUp: false }, { 'if-match': first })).status, 412)
    assert.equal((await s.put({ signUp: false }, { 'if-match': changed.headers.get('etag') ?? '' })).status, 200)
    const etag = (await s.put({})).headers.get('etag') ?? ''
    const unchanged = await s.t.ask('GET /admin/settings', { as: s.root.token, headers: { 'if-none-match': etag } })
    assert.equal(unchanged.status, 304)
  })

  test('are refused by field, and stay', async () => {
    await using s = await setUp()
    const refused: [field: string, body: object][] = [
      ['owner', { owner: 'me' }],
      ['anonymousAccessInForce', { anonymousAccessInForce: true }],
      ['signUp', { signUp: 'yes' }],
      ['maxTokenLifetimeDays', { maxTokenLifetimeDays: 0 }],
      ['maxTokenLifetimeDays', { maxTokenLifetimeDays: 4000 }],
      ['reservedNames', { reservedNames: ['a b'] }],
      ['banner', { banner: { text: ' ', level: 'info' } }],
      ['banner.level', { banner: { text: 'x', level: 'loud' } }],
    ]
    for (const [field, body] of refused) {
      const { status, body: problem } = await s.put(body)
      assert.deepEqual([status, problem.errors?.[0]?.field], [400, field], JSON.stringify(problem))
    }
    assert.deepEqual((await s.t.ask('GET /admin/settings', { as: s.root.token })).body, defaults)
  })
})

describe('signing up', () => {
  const joe = { username: 'joe', email: 'joe@example.com', password: testPassword }
  const signUp = (t: TestApi, body: object = joe, as?: string) => t.ask('POST /users', { as, body })

  test('is for nobody while it is off', async () => {
    await using s = await setUp()
    assert.equal((await signUp(s.t)).status, 401)
    assert.equal(await s.t.access.users.findByUsername('joe'), undefined)
  })

  test('makes an account that is no platform admin’s, and opens nothing else', async () => {
    await using s = await setUp()
    await s.put({ signUp: true })
    const { token: jane } = await s.t.someone('jane')
    assert.equal((await signUp(s.t, joe, jane)).status, 403)
    assert.equal((await signUp(s.t, joe, 'srg_x')).status, 401)
    const greedy = await signUp(s.t, { ...joe, isPlatformAdmin: true })
    assert.deepEqual([greedy.status, greedy.body.errors[0].field], [403, 'isPlatformAdmin'])
    const made = await signUp(s.t)
    assert.deepEqual([made.status, made.body.isPlatformAdmin], [201, false])
    const login = await s.t.ask('POST /auth/login', { body: { login: 'joe', password: testPassword } })
    assert.equal(login.status, 200)
    assert.equal((await s.t.ask('GET /users')).status, 401)
    assert.equal((await s.t.ask('GET /admin/settings', { as: login.body.accessToken })).status, 403)
  })

  test('tells a taken name and a taken address alike', async () => {
    await using s = await setUp()
    await s.put({ signUp: true })
    await s.t.aUser('jane')
    const told = async (changes: object) => {
      const { status, body } = await signUp(s.t, { ...joe, ...changes })
      const { requestId: _, ...problem } = body
      return { status, problem }
    }
    const byName = await told({ username: 'jane' })
    assert.equal(byName.status, 409)
    assert.deepEqual(await told({ email: 'jane@example.com' }), byName)
  })

  test('has to wait after many', async () => {
    await using s = await setUp()
    await s.put({ signUp: true })
    const statuses: number[] = []
    for (let i = 0; i < 11; i++) {
      statuses.push((await signUp(s.t, { ...joe, username: `u${i}`, email: `u${i}@example.com` })).status)
    }
    assert.deepEqual(statuses, [...Array<number>(10).fill(201), 429])
  })
})

test('a token for longer than the maximum is refused by field', async () => {
  await using s = await setUp()
  await s.put({ maxTokenLifetimeDays: 30 })
  const login = await s.t.ask('POST /auth/login', { body: { login: 'root', password: testPassword } })
  const as = login.body.accessToken
  const make = (body: object) => s.t.ask('POST /tokens', { as, body: { name: 'x', actions: ['read'], ...body } })
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
  for (const body of [{}, { expiresAt: inDays(31) }]) {
    const { status, body: problem } = await make(body)
    assert.deepEqual([status, problem.errors[0].field], [400, 'expiresAt'])
    assert.match(problem.detail, /at most 30 days/)
  }
  assert.equal((await make({ expiresAt: inDays(29) })).status, 201)
})
