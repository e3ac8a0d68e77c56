import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { hasCode } from '../errors.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { addressRanges, isInRanges } from './cidrs.ts'
import { anonymous, type Principal } from './principal.ts'
import { refuseWiderToken, type TokenReach } from './token-delegation.ts'
import { type TokenTarget, whyOutOfScope } from './token-scope.ts'
import { allActions } from './tokens.ts'

const jane = { id: 'usr_1', revision: 1, value: { username: 'jane' } } as Stored<UserDocument>
const tokenOf = (reach: TokenReach): Stored<TokenDocument> => {
  const value = { hash: '', hint: '', userId: 'usr_1', name: 'ci', cidrs: [], createdAt: 0, ...reach }
  return { id: 'tok_1', revision: 1, value }
}
const withToken = (reach: TokenReach): Principal => ({ kind: 'user', user: jane, token: tokenOf(reach) })

const tomorrow = Date.now() + 86_400_000
const admin = { actions: allActions }

describe('a token hands on', () => {
  const rows: [title: string, own: TokenReach, wanted: TokenReach, field?: string][] = [
    ['all that it may itself', admin, admin],
    ['no action that it lacks', { actions: ['read', 'admin'] }, { actions: ['read', 'write'] }, 'actions'],
    ['a limit of its own', { ...admin, protocols: ['npm', 'oci'] }, { ...admin, protocols: ['npm'] }],
    ['no lack of a limit', { ...admin, protocols: ['npm'] }, admin, 'protocols'],
    [
      'no other organization',
      { ...admin, organizations: ['a'] },
      { ...admin, organizations: ['a', 'b'] },
      'organizations',
    ],
    ['no other repository', { ...admin, repositories: ['a'] }, { ...admin, repositories: ['b'] }, 'repositories'],
    [
      'a package that its pattern matches',
      { ...admin, packages: ['@acme/*'] },
      { ...admin, packages: ['@acme/a', '@acme/b*'] },
    ],
    ['no wider pattern', { ...admin, packages: ['@acme/*'] }, { ...admin, packages: ['@acme*'] }, 'packages'],
    ['no pattern for a name', { ...admin, packages: ['lib'] }, { ...admin, packages: ['lib*'] }, 'packages'],
    ['a smaller range', { ...admin, cidrs: ['10.0.0.0/8'] }, { ...admin, cidrs: ['10.1.0.0/16', '10.2.3.4'] }],
    ['no larger range', { ...admin, cidrs: ['10.0.0.0/8'] }, { ...admin, cidrs: ['10.0.0.0/7'] }, 'cidrs'],
    ['no other range', { ...admin, cidrs: ['10.0.0.0/8'] }, { ...admin, cidrs: ['11.0.0.0/16'] }, 'cidrs'],
    ['no range of the other kind', { ...admin, cidrs: ['0.0.0.0/0'] }, { ...admin, cidrs: ['::/0'] }, 'cidrs'],
    ['no lack of ranges', { ...admin, cidrs: ['10.0.0.0/8'] }, admin, 'cidrs'],
    ['an end before its own', { ...admin, expiresAt: tomorrow }, { ...admin, expiresAt: tomorrow }],
    ['no later end', { ...admin, expiresAt: tomorrow }, { ...admin, expiresAt: tomorrow + 1 }, 'expiresAt'],
    ['no life without end', { ...admin, expiresAt: tomorrow }, admin, 'expiresAt'],
  ]
  for (const [title, own, wanted, field] of rows) {
    test(title, () => {
      const check = () => refuseWiderToken(withToken(own), wanted)
      if (field === undefined) return check()
      assert.throws(check, (err) => hasCode(err, 'access_denied') && err.details.errors?.[0]?.field === field)
    })
  }

  test('no actions that it lacks, told as a sentence', () => {
    const check = () => refuseWiderToken(withToken({ actions: ['admin'] }), admin)
    assert.throws(check, /It may not read, write or delete itself\./)
  })

  test('nothing without the action admin', () => {
    const own: TokenReach = { actions: ['read', 'write', 'delete'] }
    assert.throws(() => refuseWiderToken(withToken(own), { actions: ['read'] }), { code: 'access_denied' })
  })
})

test('who signed in hands on what they like, and nobody hands on nothing', () => {
  refuseWiderToken({ kind: 'user', user: jane }, admin)
  assert.throws(() => refuseWiderToken(anonymous, admin), { code: 'auth_required' })
})

const reach = fc.record(
  {
    actions: fc.subarray([...allActions], { minLength: 1 }),
    protocols: fc.subarray(['npm', 'oci']),
    organizations: fc.subarray(['org_1', 'org_2']),
    repositories: fc.subarray(['repo_1', 'repo_2']),
    packages: fc.subarray(['a', 'ab', 'a*', '*', '@acme/*', '@acme/a']),
    cidrs: fc.subarray(['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '::/0', '2001:db8::/32']),
    expiresAt: fc.constantFrom(tomorrow, tomorrow + 1),
  },
  { requiredKeys: ['actions'] },
)
const target: fc.Arbitrary<TokenTarget> = fc.record({
  action: fc.constantFrom(...allActions),
  protocol: fc.constantFrom('npm', 'oci'),
  organizationId: fc.constantFrom('org_1', 'org_2'),
  repositoryId: fc.constantFrom('repo_1', 'repo_2'),
  packageName: fc.constantFrom('a', 'ab', 'b', '@acme/a', '@acme/b'),
})
const address = fc.constantFrom('10.1.2.3', '10.1.9.9', '10.9.9.9', '192.0.2.1', '2001:db8::1', '2001:db9::1')

test('what a token hands on reaches nothing that it does not reach itself', () => {
  const isIn = (cidrs: readonly string[] = [], from: string) =>
    cidrs.length === 0 || isInRanges(addressRanges(cidrs), from)
  let handedOn = 0
  fc.assert(
    fc.property(reach, reach, target, address, (own, wanted, at, from) => {
      try {
        refuseWiderToken(withToken(own), wanted)
      } catch (err) {
        if (hasCode(err, 'access_denied')) return
        throw err
      }
      handedOn++
      if (whyOutOfScope(tokenOf(wanted), at) === undefined) assert.equal(whyOutOfScope(tokenOf(own), at), undefined)
      if (isIn(wanted.cidrs, from)) assert.ok(isIn(own.cidrs, from))
    }),
    { numRuns: 5000 },
  )
  assert.ok(handedOn > 20, `${handedOn} were handed on`)
})
