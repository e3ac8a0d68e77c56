import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import jwt from 'jsonwebtoken'
import { openTestAccess } from '../testing/access.ts'
import { anonymous, type Scope } from './principal.ts'
import { registryTokens } from './registry-tokens.ts'
import { sessionTokens } from './session-tokens.ts'

const secret = 'a secret of the tests, long enough'
const scopes: readonly Scope[] = [{ kind: 'package', name: 'acme/app', actions: ['read'] }]

describe('a registry token', () => {
  test('says who and which scopes, for five minutes', () => {
    const { issue, read } = registryTokens(secret)
    const { text, issuedAt, expiresAt } = issue(anonymous, scopes)
    assert.equal(expiresAt - issuedAt, 300_000)
    assert.deepEqual(read(text), { holder: { kind: 'anonymous' }, scopes, expiresAt })
  })

  test('is read by nobody else: not with another secret, algorithm, audience, after its time, or half', () => {
    const { issue, read } = registryTokens(secret)
    const { text } = issue(anonymous, scopes)
    const claims = { holder: { kind: 'anonymous' }, scopes }
    const good = { algorithm: 'HS256', issuer: 'stowage', audience: 'stowage-registry', expiresIn: 60 } as const
    assert.ok(read(jwt.sign(claims, secret, good)))
    const { expiresIn: _, ...endless } = good
    const session = { sessionId: 'ses_1', userId: 'usr_1' }
    const wrong = [
      registryTokens('another secret, of the right length').issue(anonymous, scopes).text,
      jwt.sign(claims, secret, { ...good, algorithm: 'HS512' }),
      jwt.sign(claims, '', { ...good, algorithm: 'none' }),
      jwt.sign(claims, secret, { ...good, audience: 'stowage-api' }),
      jwt.sign(claims, secret, { ...good, issuer: 'other' }),
      jwt.sign(claims, secret, { ...good, expiresIn: -1 }),
      jwt.sign(claims, secret, endless),
      jwt.sign({}, secret, good),
      sessionTokens(secret).access(session).text,
      sessionTokens(secret).refresh({ ...session, generation: 0, expiresAt: Date.now() + 60_000 }),
      text.slice(0, -2),
      'eyJ',
      '',
    ]
    for (const each of wrong) assert.equal(read(each), undefined, each)
    assert.equal(sessionTokens(secret).readAccess(text), undefined)
    assert.equal(sessionTokens(secret).readRefresh(text), undefined)
  })

  test('that was read before ends all the same', () => {
    const clock = { now: Date.now() }
    const { issue, read } = registryTokens(secret, () => clock.now)
    const { text, expiresAt } = issue(anonymous, scopes)
    assert.ok(read(text))
    clock.now = expiresAt - 1
    assert.ok(read(text))
    clock.now = expiresAt
    assert.equal(read(text), undefined)
  })

  test('is not made for who came with one', () => {
    const grant = { scopes, expiresAt: Date.now() + 60_000 }
    assert.throws(() => registryTokens(secret).issue({ kind: 'anonymous', grant }, scopes), /came with one/)
  })

  test('is no token of the API, nor is one of those a registry token', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const authenticate = (kind: 'token' | 'registry-token', token: string) =>
      t.access.authenticate({ kind, token }, '127.0.0.1')
    const { text } = t.access.registryTokens.issue(jane.as, scopes)
    const { accessToken } = await t.access.sessions.open(jane)
    await assert.rejects(authenticate('token', text), { code: 'credentials_invalid' })
    await assert.rejects(authenticate('registry-token', accessToken), { code: 'credentials_invalid' })
    const principal = await authenticate('registry-token', text)
    assert.deepEqual([principal.kind, principal.grant?.scopes], ['user', scopes])
  })

  test('keeps to the addresses of the token that it came by', async () => {
    await using t = await openTestAccess()
    const jane = await t.aUser('jane')
    const { token } = await t.access.tokens.create({
      userId: jane.id,
      name: 'ci',
      actions: ['read'],
      cidrs: ['192.0.2.1'],
    })
    const { text } = t.access.registryTokens.issue({ kind: 'user', user: jane, token }, scopes)
    const from = (address: string) => t.access.authenticate({ kind: 'registry-token', token: text }, address)
    await from('192.0.2.1')
    await assert.rejects(from('192.0.2.2'), { code: 'credentials_invalid', message: /may not be used from/ })
  })
})

test('the gate bars what no scope has, organizations and accounts, whatever rights there are', async () => {
  await using t = await openTestAccess()
  const root = await t.aUser('root', { isPlatformAdmin: true })
  const { id } = await t.access.organizations.create({ name: 'acme', ownerId: root.id })
  await t.access.repositories.create({ organizationId: id, protocol: 'npm', name: 'npm', createdBy: root.id })
  const { text } = t.access.registryTokens.issue(root.as, scopes)
  const as = await t.access.authenticate({ kind: 'registry-token', token: text }, '127.0.0.1')
  const address = { protocol: 'npm', organization: 'acme' }
  await t.access.enter(as, 'read', address, 'app')
  for (const action of ['write', 'delete', 'admin'] as const) {
    await assert.rejects(t.access.enter(as, action, address, 'app'), { message: /was not given/ })
  }
  await assert.rejects(t.access.enterOrganization(as, 'read', { name: 'acme' }), { code: 'organization_unknown' })
  await assert.rejects(t.access.enterCreation(as, { name: 'acme' }, 'npm'), { code: 'organization_unknown' })
  assert.throws(() => t.access.enterAccount(as, 'read'), { code: 'access_denied' })
  assert.throws(() => t.access.enterPlatform(as, 'read'), { code: 'access_denied' })
})
