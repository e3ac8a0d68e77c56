import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tokens } from '../metadata/sign-in-schema.ts'
import { openTestAccess, testPassword } from '../testing/access.ts'
import { isTokenText, newTokenText, tokenHash } from './token-text.ts'
import type { NewToken } from './tokens.ts'

const home = '127.0.0.1'

describe('the text of a token', () => {
  test('is srg_ and 49 letters and digits, never twice the same', () => {
    const texts = new Set(Array.from({ length: 100 }, newTokenText))
    assert.equal(texts.size, 100)
    for (const text of texts) assert.match(text, /^srg_[0-9A-Za-z]{49}$/)
  })

  test('with a typo anywhere is none', () => {
    const text = newTokenText()
    assert.equal(isTokenText(text), true)
    for (let i = 0; i < text.length; i++) {
      const typo = text.slice(0, i) + (text[i] === 'a' ? 'b' : 'a') + text.slice(i + 1)
      assert.equal(isTokenText(typo), false, typo)
    }
    for (const other of ['', text.slice(1), `${text}a`, `${text}\n`, ` ${text}`])
      assert.equal(isTokenText(other), false)
  })
})

describe('a token', () => {
  test('is its user, and only its hash is stored', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('hasOwnProperty')
    const { text } = await t.aToken(user)
    const as = await t.access.authenticate({ kind: 'token', token: text }, home)
    assert.equal(as.kind === 'user' && as.user.id, user.id)
    const { items } = await t.engine.collection(tokens).find('byUser', {})
    assert.equal(items[0]?.value.hash, tokenHash(text))
    assert.ok(!JSON.stringify(items).includes(text))
  })

  test('is taken as the password of Basic under any username', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const { text } = await t.aToken(user)
    const as = await t.access.authenticate({ kind: 'basic', username: '__token__', password: text }, home)
    assert.equal(as.kind === 'user' && as.token?.value.userId, user.id)
  })

  test('that is mistyped, unknown, revoked or expired is refused, never anonymous', async (context) => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const expiring = await t.aToken(user, { expiresAt: Date.now() + 60_000 })
    const revoked = await t.aToken(user)
    const [token] = (await t.access.tokens.list(user.id, {})).items
    await t.access.tokens.revoke(user.id, token?.id ?? '')
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
    for (const text of ['', 'x', newTokenText(), revoked.text, expiring.text]) {
      await assert.rejects(t.access.authenticate({ kind: 'token', token: text }, home), { code: 'credentials_invalid' })
    }
  })

  test('is refused from outside its ranges', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const { text } = await t.access.tokens.create({
      userId: user.id,
      name: 'ci',
      actions: ['read'],
      cidrs: ['10.0.0.0/8'],
    })
    const from = (address: string) => t.access.authenticate({ kind: 'token', token: text }, address)
    await from('10.1.2.3')
    await from('::ffff:10.1.2.3')
    await assert.rejects(from('192.0.2.1'), { code: 'credentials_invalid', message: /192\.0\.2\.1/ })
  })

  test('of a disabled user is refused at once', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const { text } = await t.aToken(user)
    await t.access.users.setActive(user.id, false)
    const authenticating = t.access.authenticate({ kind: 'token', token: text }, home)
    await assert.rejects(authenticating, { code: 'credentials_invalid' })
  })

  test('is revoked by its user alone', async () => {
    await using t = await openTestAccess()
    const [jane, joe] = [await t.aUser('jane'), await t.aUser('joe')]
    const { text } = await t.aToken(jane)
    const [token] = (await t.access.tokens.list(jane.id, {})).items
    await assert.rejects(t.access.tokens.revoke(joe.id, token?.id ?? ''), { code: 'token_unknown' })
    await assert.rejects(t.access.tokens.revoke(joe.id, 'tok_nothing'), { code: 'token_unknown' })
    assert.equal((await t.access.tokens.find(text))?.id, token?.id)
  })

  test('is ended by its text, also when it has expired; of a rotated one the old secret alone is', async (context) => {
    await using t = await openTestAccess()
    const { id } = await t.aUser('jane')
    const { text } = await t.aToken({ id }, { expiresAt: Date.now() + 60_000 })
    const rotating = await t.aToken({ id })
    const tokenId = (await t.access.tokens.find(rotating.text))?.id ?? ''
    const rotated = await t.access.tokens.rotate(id, tokenId, 3600)
    const use = (token: string) => t.access.authenticate({ kind: 'token', token }, home)
    await use(rotating.text)
    await t.access.tokens.endSecret(rotating.text)
    await assert.rejects(use(rotating.text), { code: 'credentials_invalid' })
    await use(rotated.text)
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_001 })
    for (const one of [text, text, newTokenText(), 'nonsense', '']) await t.access.tokens.endSecret(one)
    assert.deepEqual(
      (await t.access.tokens.list(id, {})).items.map((token) => token.id),
      [tokenId],
    )
  })

  test('is listed with others in pages, newest first, and never with those of another', async (context) => {
    await using t = await openTestAccess()
    const [jane, joe] = [await t.aUser('jane'), await t.aUser('joe')]
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const make = async (name: string) => {
      context.mock.timers.tick(1)
      await t.aToken(jane, { name })
    }
    for (const name of ['a', 'b', 'c']) await make(name)
    await t.aToken(joe)
    const first = await t.access.tokens.list(jane.id, { limit: 2 })
    await make('d')
    assert.ok(first.next)
    const second = await t.access.tokens.list(jane.id, { limit: 2, after: first.next })
    assert.deepEqual(
      [...first.items, ...second.items].map(({ value }) => value.name),
      ['c', 'b', 'a'],
    )
    assert.equal(second.next, undefined)
  })

  test('notes its last use, once a minute', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const { text } = await t.access.tokens.create({ userId: user.id, name: 'ci', actions: ['read'] })
    const use = (address: string) => t.access.authenticate({ kind: 'token', token: text }, address)
    await Promise.all([use('192.0.2.1'), use('192.0.2.2')])
    await t.access.close()
    await use('192.0.2.3')
    await t.access.close()
    const token = await t.access.tokens.find(text)
    assert.equal(token?.value.lastUsedFrom, '192.0.2.1')
    assert.equal(token?.revision, 2)
  })

  const refused: [field: string, limits: Partial<NewToken>][] = [
    ['name', { name: ' ' }],
    ['name', { name: 'a\nb' }],
    ['actions', { actions: [] }],
    ['expiresAt', { expiresAt: 1 }],
    ['expiresAt', { expiresAt: Number.NaN }],
    ['cidrs', { cidrs: ['10.0.0.0/99'] }],
    ['packages', { packages: [''] }],
    ['packages', { packages: ['lib', 'a*b'] }],
    ['packages', { packages: ['a**'] }],
    ['repositories', { repositories: Array.from({ length: 201 }, String) }],
  ]
  for (const [field, limits] of refused) {
    test(`with a wrong ${field} is not made: ${JSON.stringify(limits).slice(0, 40)}`, async () => {
      await using t = await openTestAccess()
      const { id } = await t.aUser('jane')
      await assert.rejects(t.aToken({ id }, limits), { code: 'payload_invalid', details: { field } })
      assert.deepEqual((await t.access.tokens.list(id, {})).items, [])
    })
  }
})

describe('Basic', () => {
  test('takes username or e-mail address and the password', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('Jane')
    for (const username of ['Jane', 'jane', 'JANE@example.com']) {
      const as = await t.access.authenticate({ kind: 'basic', username, password: testPassword }, home)
      assert.equal(as.kind === 'user' && as.user.id, user.id)
    }
  })

  test('refuses a wrong password, an unknown and a disabled user with the same words', async () => {
    await using t = await openTestAccess()
    await t.aUser('jane')
    await t.access.users.setActive((await t.aUser('off')).id, false)
    const wrong: [string, string][] = [
      ['jane', 'x'],
      ['nobody', testPassword],
      ['off', testPassword],
      ['', ''],
      ['\ud800', testPassword],
      ['x'.repeat(100_000), testPassword],
    ]
    for (const [username, password] of wrong) {
      await assert.rejects(t.access.authenticate({ kind: 'basic', username, password }, home), {
        code: 'credentials_invalid',
        message: 'Wrong username or password.',
      })
    }
  })

  test('with an old password is refused at once', async () => {
    await using t = await openTestAccess()
    const user = await t.aUser('jane')
    const basic = { kind: 'basic', username: 'jane', password: testPassword } as const
    await t.access.authenticate(basic, home)
    await t.access.users.setPassword(user.id, 'another long password')
    await assert.rejects(t.access.authenticate(basic, home), { code: 'credentials_invalid' })
  })
})
