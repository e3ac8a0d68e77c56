import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newTokenText } from '../token-text.ts'
import { canonical } from './canonical.ts'
import { factOf } from './entries.ts'
import { anEntry } from './testing.ts'

describe('details under a secret’s name are refused, at any depth and in any case, without their value', () => {
  const details: Record<string, object> = {
    password: { password: 'hunter2' },
    token: { token: 'hunter2' },
    secret: { secret: 'hunter2' },
    authorization: { authorization: 'hunter2' },
    'a header': { headers: { Authorization: 'hunter2' } },
    'a field in a list': { users: [{ name: 'x', newPassword: 'hunter2' }] },
    'a field with a prefix': { client_secret: 'hunter2' },
    'a camel-cased field': { refreshToken: 'hunter2' },
    cookie: { 'set-cookie': 'hunter2' },
  }
  for (const [name, value] of Object.entries(details)) {
    test(name, () => {
      const entry = anEntry({ details: JSON.parse(JSON.stringify(value)) })
      assert.throws(
        () => factOf(entry, 0),
        (err: Error) => /never holds a secret/.test(err.message) && !err.message.includes('hunter2'),
      )
    })
  }
})

test('details under the names of secrets are refused by type', () => {
  // @ts-expect-error: a password is no detail.
  assert.throws(() => factOf(anEntry({ details: { password: 'x' } }), 0))
  // @ts-expect-error: nor is a token; its id is.
  assert.throws(() => factOf(anEntry({ details: { token: 'x' } }), 0))
  assert.deepEqual(factOf(anEntry({ details: { tokenId: 'tok_1', tokens: 2 } }), 0).details, {
    tokenId: 'tok_1',
    tokens: 2,
  })
})

test('a token of ours is taken out of every text', () => {
  const token = newTokenText()
  const target = { kind: 'package', id: `pkg/${token}`, name: token }
  const actor = { kind: 'user', id: 'usr_1', name: token }
  const details = { from: ['a', `x${token}y`] }
  const fact = factOf(anEntry({ actor, target, userAgent: `curl ${token}`, details, requestId: token }), 0)
  assert.doesNotMatch(JSON.stringify(fact), new RegExp(token.slice(4, 20)))
  assert.deepEqual(fact.details, { from: ['a', 'xsrg_[removed]'] })
})

describe('what looks like a secret is taken out of every text:', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"usr_1"}').toString('base64url')}.c2lnbmF0dXJl`
  const texts: [text: string, stored: string][] = [
    [`curl ${jwt}`, 'curl [token removed]'],
    [`x${jwt}/y`, 'x[token removed]/y'],
    [`curl ${jwt.slice(0, 40)}`, 'curl [token removed]'],
    [`refresh=${jwt};`, 'refresh=[token removed];'],
    ['Authorization: Basic amFuZTpodW50ZXIy, x', 'Authorization: [removed], x'],
    ['sent Bearer 0123456789abcdef', 'sent Bearer [removed]'],
    ['curl --password=hunter2 x', 'curl --password=[removed] x'],
    ['{"password":"hunter 2"}', '{"password":[removed]}'],
    ['user=jane&pwd=hunter2&a=b', 'user=jane&pwd=[removed]&a=b'],
    ['//registry.example.com/:_authToken=hunter2', '//registry.example.com/:_authToken=[removed]'],
    ['stowage_session=abcdef', 'stowage_session=[removed]'],
    ['https://jane:hunter2@registry.example.com/', 'https://jane:[removed]@registry.example.com/'],
  ]
  for (const [text, stored] of texts) {
    test(text.slice(0, 40), () => {
      const target = { kind: 'user', id: 'usr_1', name: text }
      const fact = factOf(anEntry({ target, userAgent: text, details: { why: text } }), 0)
      assert.deepEqual([fact.targetName, fact.userAgent, fact.details], [stored, stored, { why: stored }])
    })
  }

  test('also where the text is cut', () => {
    const fact = factOf(anEntry({ userAgent: `${'x '.repeat(250)}${jwt}` }), 0)
    assert.doesNotMatch(fact.userAgent, /eyJ/)
  })

  test('in a moment, whatever a client sends', () => {
    const startedAt = performance.now()
    factOf(anEntry({ userAgent: '-eyJ'.repeat(25_000) }), 0)
    assert.ok(performance.now() - startedAt < 1000)
  })

  test('and nothing else', () => {
    const plain = 'npm/12.0.0 node/v26 linux x64, @acme/password-box@1.0.0 sha512-eyJhbGciOiJIUzI1NiJ9aaaa=='
    assert.equal(factOf(anEntry({ userAgent: plain }), 0).userAgent, plain)
  })
})

test('a long or broken text of a request is cut and mended, and never hinders the entry', () => {
  const fact = factOf(
    anEntry({ userAgent: 'x'.repeat(10_000), target: { kind: 'package', id: 'a\ud800', name: '' } }),
    0,
  )
  assert.equal(fact.userAgent.length, 512)
  assert.equal(fact.targetId, 'a\ufffd')
})

test('the canonical text orders keys by UTF-16 units and leaves out what is undefined', () => {
  const value = { b: [1, { d: undefined, c: 'é' }], 10: null, 9: true, a: -0, ['__proto__']: 1 }
  assert.equal(canonical(value), '{"10":null,"9":true,"__proto__":1,"a":0,"b":[1,{"c":"é"}]}')
})

test('details that are too large are left out, and the entry says so; too deep ones are refused', () => {
  const { details } = factOf(anEntry({ details: { files: 'x'.repeat(20_000) } }), 0)
  assert.match(JSON.stringify(details), /^{"leftOut":"Details of 20012 characters/)
  const deep = JSON.parse(`{"a":${'['.repeat(20)}${']'.repeat(20)}}`)
  assert.throws(() => factOf(anEntry({ details: deep }), 0), /16 deep at most/)
})
