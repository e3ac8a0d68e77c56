import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type {
  Action,
  MembershipDocument,
  OrganizationRole,
  PermissionRole,
  RepositoryDocument,
  TeamRole,
  Visibility,
} from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { decide, decideCreation, explain } from './can.ts'
import type { Facts } from './grounds.ts'
import { anonymous, type Principal } from './principal.ts'
import { effectiveVisibility } from './visibility.ts'

const everything: Action[] = ['read', 'write', 'delete', 'admin']
const stored = <T>(id: string, value: T): Stored<T> => ({ id, revision: 1, value })

interface World {
  visibility?: Visibility
  bound?: Visibility
  role?: OrganizationRole
  /** Of the user, in the team `team_1`. */
  team?: TeamRole
  repository?: Partial<RepositoryDocument>
  membersCreateRepositories?: boolean
  owners?: string[]
  anonymousAccess?: boolean
  packageName?: string
}

function facts({ visibility = 'private', bound = 'public', role, team, owners, packageName, ...more }: World): Facts {
  const membership: MembershipDocument | undefined = role && {
    organizationId: 'org_1',
    userId: 'usr_1',
    role,
    ...(team && { teams: [['team_1', team]] }),
    createdAt: 0,
  }
  const { membersCreateRepositories = false } = more
  const acme = { name: 'acme', displayName: 'Acme', visibility: bound, membersCreateRepositories, createdAt: 0 }
  return {
    organization: stored('org_1', acme),
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
      ...more.repository,
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

function robot(more: { isActive?: boolean; organizationId?: string; team?: TeamRole } = {}): Principal {
  const { isActive = true, organizationId = 'org_1', team } = more
  const limits = { hash: '', hint: '', userId: 'rob_1', name: 'ci', actions: everything, cidrs: [], createdAt: 0 }
  const teams = team ? [['team_1', team] as const] : []
  return {
    kind: 'robot',
    robot: stored('rob_1', { organizationId, name: 'builder', description: '', isActive, teams, createdAt: 0 }),
    token: stored('tok_1', limits),
  }
}

const gives = (holderId: string, role: PermissionRole): World => ({ repository: { permissions: [[holderId, role]] } })
const ofTeam: World = { repository: { teams: ['team_1'] } }

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
    { rule: 'a reader: reads', who: user(), world: gives('usr_1', 'reader'), may: reads },
    { rule: 'a developer: and writes', who: user(), world: gives('usr_1', 'developer'), may: ['read', 'write'] },
    {
      rule: 'a maintainer: and deletes',
      who: user(),
      world: gives('usr_1', 'maintainer'),
      may: everything.slice(0, 3),
    },
    { rule: 'an admin of the repository: everything', who: user(), world: gives('usr_1', 'admin'), may: everything },
    { rule: 'the permission of another: nothing', who: user(), world: gives('usr_2', 'admin'), may: [] },
    {
      rule: 'a team member, on a repository of the team: reads and writes',
      who: user(),
      world: { role: 'member', team: 'member', ...ofTeam },
      may: ['read', 'write'],
    },
    {
      rule: 'a team maintainer, on a repository of the team: and deletes',
      who: user(),
      world: { role: 'member', team: 'maintainer', ...ofTeam },
      may: ['read', 'write', 'delete'],
    },
    {
      rule: 'a team, on other repositories: nothing',
      who: user(),
      world: { role: 'member', team: 'maintainer' },
      may: reads,
    },
    {
      rule: 'a direct permission of the team: its members’, whatever their role in it',
      who: user(),
      world: { role: 'member', team: 'member', ...gives('team_1', 'maintainer') },
      may: ['read', 'write', 'delete'],
    },
    { rule: 'a robot: nothing by itself', who: robot(), world: {}, may: [] },
    { rule: 'a robot: nothing in internal', who: robot(), world: { visibility: 'internal' }, may: [] },
    { rule: 'a robot: reads public', who: robot(), world: { visibility: 'public' }, may: reads },
    {
      rule: 'a robot: its direct permission',
      who: robot(),
      world: gives('rob_1', 'developer'),
      may: ['read', 'write'],
    },
    { rule: 'a robot: what its team has', who: robot({ team: 'member' }), world: ofTeam, may: ['read', 'write'] },
    {
      rule: 'a robot of another organization: nothing by a team',
      who: robot({ team: 'member', organizationId: 'org_2' }),
      world: ofTeam,
      may: [],
    },
    { rule: 'a disabled robot: nothing', who: robot({ isActive: false }), world: gives('rob_1', 'admin'), may: [] },
    {
      rule: 'owners only: who may write makes new packages',
      who: user(),
      world: { packageName: 'new', repository: { permissions: [['usr_1', 'developer']], ownersOnly: true } },
      may: ['read', 'write'],
    },
    {
      rule: 'owners only: who may write leaves packages of others alone',
      who: user(),
      world: { owners: ['usr_2'], repository: { permissions: [['usr_1', 'maintainer']], ownersOnly: true } },
      may: ['read', 'delete'],
    },
    {
      rule: 'owners only: an owner writes',
      who: user(),
      world: { owners: ['usr_1'], repository: { permissions: [['usr_1', 'developer']], ownersOnly: true } },
      may: ['read', 'write', 'delete'],
    },
    {
      rule: 'a disabled repository: enabled again by who administers it, and nothing else',
      who: user({ isPlatformAdmin: true }),
      world: { visibility: 'public', repository: { isDisabled: true } },
      may: ['admin'],
    },
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

describe('an explanation', () => {
  test('names every rule that allows, teams by their names', () => {
    const world: World = {
      role: 'member',
      team: 'member',
      repository: { teams: ['team_1'], permissions: [['usr_1', 'reader']] },
    }
    const { rules } = explain(user(), 'read', { ...facts(world), teamNames: new Map([['team_1', 'web']]) })
    assert.deepEqual(rules, [
      'jane is member of the team web',
      'jane is reader of the repository',
      'jane is a member of the organization acme',
    ])
  })

  test('names the one rule that refuses', () => {
    assert.deepEqual(explain(user(), 'write', facts({ role: 'member' })), {
      allowed: false,
      rule: 'nothing gives jane the right to write here',
      rules: ['nothing gives jane the right to write here'],
    })
  })
})
