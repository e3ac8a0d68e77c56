import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tokens as tokensSpec } from '../metadata/sign-in-schema.ts'
import { openTestAccess, type TestAccess } from '../testing/access.ts'

const dayMs = 86_400_000
const inDays = (days: number) => Date.now() + days * dayMs
const isAbout = (at: number | undefined, expected: number) => Math.abs((at ?? 0) - expected) < 10_000

const limitTo = (t: TestAccess, maxTokenLifetimeDays: number | null) =>
  t.access.platformSettings.change({ maxTokenLifetimeDays })

/** Moves the token's birth so many days into the past. */
async function age({ engine }: TestAccess, id: string, days: number): Promise<void> {
  const tokens = engine.collection(tokensSpec)
  const token = await tokens.get(id)
  assert.ok(token)
  const { createdAt, ...value } = token.value
  await tokens.update(id, token.revision, { ...value, createdAt: createdAt - days * dayMs })
}

async function setUp() {
  const t = await openTestAccess()
  const jane = await t.aUser('jane')
  const { tokens } = t.access
  const newest = async () => (await tokens.list(jane.id, { limit: 1 })).items[0]
  return {
    t,
    jane,
    tokens,
    newest,
    make: (more: { expiresAt?: number; shortened?: boolean } = {}) =>
      tokens.create({ userId: jane.id, name: 'x', actions: ['read'], ...more }),
    use: (token: string) => t.access.authenticate({ kind: 'token', token }, '127.0.0.1'),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

describe('under a maximum, a new token', () => {
  test('without an expiry, or with a later one, is refused, naming the maximum', async () => {
    await using s = await setUp()
    await limitTo(s.t, 90)
    const refusal = { code: 'payload_invalid', details: { field: 'expiresAt' }, message: /at most 90 days here/ }
    await assert.rejects(s.make(), refusal)
    await assert.rejects(s.make({ expiresAt: inDays(91) }), refusal)
    assert.equal(await s.newest(), undefined)
    for (const expiresAt of [inDays(90), inDays(1)]) {
      assert.ok(isAbout((await s.make({ expiresAt })).token.value.expiresAt, expiresAt))
    }
  })

  test('may be asked for by a clock that is a little ahead, and lives no longer for it', async () => {
    await using s = await setUp()
    await limitTo(s.t, 1)
    const { token } = await s.make({ expiresAt: inDays(1) + 30_000 })
    assert.ok((token.value.expiresAt ?? 0) <= inDays(1))
  })

  test('of a login is shortened to it', async () => {
    await using s = await setUp()
    await limitTo(s.t, 30)
    for (const more of [{}, { expiresAt: inDays(400) }]) {
      assert.ok(isAbout((await s.make({ ...more, shortened: true })).token.value.expiresAt, inDays(30)))
    }
    const { code, pollSecret } = await s.t.access.loginRequests.start({ client: 'npm', address: '127.0.0.1' })
    await s.t.access.loginRequests.approve(code, s.jane.id)
    const collected = await s.t.access.loginRequests.collect(pollSecret)
    assert.equal(collected.state, 'ready')
    assert.ok(isAbout((await s.newest())?.value.expiresAt, inDays(30)))
  })

  test('without a maximum, lives for ever or as long as it says', async () => {
    await using s = await setUp()
    assert.equal((await s.make({ shortened: true })).token.value.expiresAt, undefined)
    assert.ok(isAbout((await s.make({ expiresAt: inDays(9000) })).token.value.expiresAt, inDays(9000)))
  })
})

describe('a token that was made before the maximum', () => {
  test('ends so long after it was made, and is shown to; without the maximum it works again', async () => {
    await using s = await setUp()
    const { text, token } = await s.make()
    await age(s.t, token.id, 8)
    await s.use(text)
    await limitTo(s.t, 9)
    const principal = await s.use(text)
    assert.ok(principal.kind === 'user' && isAbout(principal.token?.value.expiresAt, inDays(1)))
    assert.ok(isAbout((await s.newest())?.value.expiresAt, inDays(1)))
    await limitTo(s.t, 7)
    await assert.rejects(s.use(text), { code: 'credentials_invalid', message: /at most 7 days here/ })
    await limitTo(s.t, null)
    await s.use(text)
    assert.equal((await s.newest())?.value.expiresAt, undefined)
  })

  test('keeps an expiry of its own that is sooner', async () => {
    await using s = await setUp()
    const { text } = await s.make({ expiresAt: inDays(2) })
    await limitTo(s.t, 9)
    const principal = await s.use(text)
    assert.ok(principal.kind === 'user' && isAbout(principal.token?.value.expiresAt, inDays(2)))
  })
})

describe('a rotation', () => {
  test('begins the maximum anew, and the old secret lives no longer than it would have', async () => {
    await using s = await setUp()
    const { text, token } = await s.make()
    await age(s.t, token.id, 8)
    await limitTo(s.t, 9)
    const rotated = await s.tokens.rotate(s.jane.id, token.id, (20 * dayMs) / 1000)
    assert.ok(isAbout(rotated.token.value.expiresAt, inDays(9)))
    assert.ok(isAbout(rotated.token.value.previousUntil, inDays(1)))
    await s.use(rotated.text)
    await s.use(text)
  })

  test('does not move an expiry of the token’s own', async () => {
    await using s = await setUp()
    const { token } = await s.make({ expiresAt: inDays(2) })
    await limitTo(s.t, 9)
    const rotated = await s.tokens.rotate(s.jane.id, token.id, 0)
    assert.ok(isAbout(rotated.token.value.expiresAt, inDays(2)))
  })

  test('is refused for a token that the maximum has ended', async () => {
    await using s = await setUp()
    const { token } = await s.make()
    await age(s.t, token.id, 10)
    await limitTo(s.t, 9)
    await assert.rejects(s.tokens.rotate(s.jane.id, token.id, 0), { code: 'unprocessable' })
  })
})
