import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Stored } from '../metadata/engine.ts'
import type { Action, MembershipDocument, OrganizationRole, TokenDocument, Visibility } from '../metadata/schema.ts'
import { decide, decideCreation, effectiveVisibility, type Facts } from './can.ts'
import { anonymous, type Principal } from './principal.ts'

const everything: Action[] = ['read', 'write', 'delete', 'admin']
const stored = <T>(id: string, value: T): Stored<T> => ({ id, revision: 1, value })

interface World {
  visibility?: Visibility
  bound?: Visibility
  role?: OrganizationRole
  owners?: string[]
  anonymousAccess?: boolean
  packageName?: string
}

function facts({ visibility = 'private', bound = 'public', role, owners, packageName, ...more }: World): Facts {
  const membership: MembershipDocument | undefined = role && {
    organizationId: 'org_1',
    userId: 'usr_1',
    role,
    createdAt: 0,
  }
  return {
    organization: stored('org_1', { name: 'acme', displayName: 'Acme', visibility: bound, createdAt: 0 }),
    repository: stored('repo_1', {
      organizationId: 'org_1',
      protocol: 'npm',
      name: 'tools',
      visibility,
      description: '',
      requiresApproval: false,
      refusesSimilarNames: false,
      createdAt: 0,
      createdBy: 'usr_1',
    }),
    membership,
    anonymousAccess: more.anonymousAccess ?? true,
    ...(owners && { packageOwners: owners }),
    ...((packageName ?? owners) && { packageName: packageName ?? 'left-pad' }),
  }
}

function user(more: { isActive?: boolean; isPlatformAdmin?: boolean; token?: Partial<TokenDocument> } = {}): Principal {
  const { token, isActive = true, isPlatformAdmin = false } = more
  const limits = { hash: '', hint: '', userId: 'usr_1', name: 'ci', actions: everything, cidrs: [], createdAt: 0 }
  return {
    kind: 'user',
    user: stored('usr_1', {
      username: 'jane',
      usernameKey: 'jane',
      email: 'jane@example.com',
      displayName: 'Jane',
      passwordHash: '',
      isActive,
      isPlatformAdmin,
      createdAt: 0,
    }),
    ...(token && { token: stored('tok_1', { ...limits, ...token }) }),
  }
}

const allowedTo = (principal: Principal, of: Facts) =>
  everything.filter((action) => decide(principal, action, of).allowed)

describe('rights', () => {
  const reads = ['read'] as const
  const cases: { rule: string; who: Principal; world: World; may: readonly Action[] }[] = [
    { rule: 'a platform admin: everything', who: user({ isPlatformAdmin: true }), world: {}, may: everything },
    { rule: 'an organization owner: everything in it', who: user(), world: { role: 'owner' }, may: everything },
    { rule: 'an organization admin: everything in it', who: user(), world: { role: 'admin' }, may: everything },
    { rule: 'an organization member: reads', who: user(), world: { role: 'member' }, may: reads },
    { rule: 'no member: nothing in private', who: user(), world: {}, may: [] },
    { rule: 'signed in: reads internal', who: user(), world: { visibility: 'internal' }, may: reads },
    { rule: 'signed in: reads public', who: user(), world: { visibility: 'public' }, may: reads },
    { rule: 'anonymous: reads public', who: anonymous, world: { visibility: 'public' }, may: reads },
    { rule: 'anonymous: nothing in internal', who: anonymous, world: { visibility: 'internal' }, may: [] },
    { rule: 'anonymous: nothing in private', who: anonymous, world: {}, may: [] },
    {
      rule: 'anonymous access off: nothing for anonymous',
      who: anonymous,
      world: { visibility: 'public', anonymousAccess: false },
      may: [],
    },
    {
      rule: 'the organization bounds the visibility of its repositories',
      who: anonymous,
      world: { visibility: 'public', bound: 'internal' },
      may: [],
    },
    {
      rule: 'a package owner who may read: writes and deletes that package',
      who: user(),
      world: { visibility: 'public', owners: ['usr_2', 'usr_1'] },
      may: ['read', 'write', 'delete'],
    },
    { rule: 'a package owner who may not read: nothing', who: user(), world: { owners: ['usr_1'] }, may: [] },
    { rule: 'a package of others: reads', who: user(), world: { visibility: 'public', owners: ['usr_2'] }, may: reads },
    {
      rule: 'a disabled user: nothing',
      who: user({ isActive: false, isPlatformAdmin: true }),
      world: { visibility: 'public', role: 'owner', owners: ['usr_1'] },
      may: [],
    },
  ]
  for (const { rule, who, world, may } of cases) {
    test(rule, () => assert.deepEqual(allowedTo(who, facts(world)), may))
  }

  test('every decision names its rule', () => {
    for (const { who, world } of cases) {
      for (const action of everything) assert.match(decide(who, action, facts(world)).rule, /\w+ \w+/)
    }
    assert.equal(decide(user(), 'write', facts({ role: 'owner' })).rule, 'jane is owner of the organization acme')
  })
})

describe('a token', () => {
  const cases: { rule: string; token: Partial<TokenDocument>; packageName?: string; may: readonly Action[] }[] = [
    { rule: 'without limits: what its user may', token: {}, may: everything },
    { rule: 'limited to actions', token: { actions: ['read', 'delete'] }, may: ['read', 'delete'] },
    { rule: 'limited to this protocol', token: { protocols: ['npm'] }, may: everything },
    { rule: 'limited to another protocol', token: { protocols: ['oci'] }, may: [] },
    { rule: 'limited to this organization', token: { organizations: ['org_1'] }, may: everything },
    { rule: 'limited to another organization', token: { organizations: ['org_2'] }, may: [] },
    { rule: 'limited to this repository', token: { repositories: ['repo_1'] }, may: everything },
    { rule: 'limited to another repository', token: { repositories: ['repo_2'] }, may: [] },
    { rule: 'limited to no repository', token: { repositories: [] }, may: [] },
    { rule: 'limited to the package', token: { packages: ['left-pad'] }, packageName: 'left-pad', may: everything },
    { rule: 'limited to another package', token: { packages: ['left'] }, packageName: 'left-pad', may: [] },
    { rule: 'limited to a pattern', token: { packages: ['a', '@acme/*'] }, packageName: '@acme/x', may: everything },
    { rule: 'limited to another pattern', token: { packages: ['@acme/*'] }, packageName: '@acmes/x', may: [] },
    { rule: 'limited to packages, asked about none', token: { packages: ['*'] }, may: [] },
  ]
  for (const { rule, token, packageName, may } of cases) {
    test(rule, () => {
      const of = facts({ role: 'owner', ...(packageName && { packageName }) })
      assert.deepEqual(allowedTo(user({ token }), of), may)
    })
  }

  test('never has more than its user has now', () => {
    const token = { actions: everything }
    assert.deepEqual(allowedTo(user({ token }), facts({ role: 'member' })), ['read'])
    assert.deepEqual(allowedTo(user({ token }), facts({})), [])
    assert.deepEqual(allowedTo(user({ token, isActive: false }), facts({ role: 'owner' })), [])
  })

  test('of a platform admin is narrowed too', () => {
    const narrowed = user({ isPlatformAdmin: true, token: { actions: ['read'] } })
    assert.deepEqual(allowedTo(narrowed, facts({})), ['read'])
  })
})

describe('making a repository', () => {
  const cases: { rule: string; who: Principal; role?: OrganizationRole; may: boolean }[] = [
    { rule: 'an owner may', who: user(), role: 'owner', may: true },
    { rule: 'an admin may', who: user(), role: 'admin', may: true },
    { rule: 'a platform admin may', who: user({ isPlatformAdmin: true }), may: true },
    { rule: 'a member may not', who: user(), role: 'member', may: false },
    { rule: 'a stranger may not', who: user(), may: false },
    { rule: 'anonymous may not', who: anonymous, may: false },
    { rule: 'a disabled owner may not', who: user({ isActive: false }), role: 'owner', may: false },
    {
      rule: 'a token that may not write may not',
      who: user({ token: { actions: ['read'] } }),
      role: 'owner',
      may: false,
    },
    {
      rule: 'a token for some repositories may not',
      who: user({ token: { repositories: ['repo_1'] } }),
      role: 'owner',
      may: false,
    },
    {
      rule: 'a token for another protocol may not',
      who: user({ token: { protocols: ['oci'] } }),
      role: 'owner',
      may: false,
    },
    { rule: 'a token for the protocol may', who: user({ token: { protocols: ['npm'] } }), role: 'owner', may: true },
  ]
  for (const { rule, who, role, may } of cases) {
    test(rule, () => {
      const { repository: _, ...of } = facts(role ? { role } : {})
      assert.equal(decideCreation(who, { ...of, protocol: 'npm' }).allowed, may)
    })
  }
})

test('a repository shows no more than its organization', () => {
  const levels = ['private', 'internal', 'public'] as const
  for (const [i, bound] of levels.entries()) {
    for (const [j, visibility] of levels.entries()) {
      const { organization, repository } = facts({ bound, visibility })
      assert.equal(effectiveVisibility(organization.value, repository.value), levels[Math.min(i, j)])
    }
  }
})
