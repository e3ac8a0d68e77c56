import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MembershipDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { decide } from './can.ts'
import type { Facts } from './grounds.ts'
import type { Principal } from './principal.ts'
import { allActions } from './tokens.ts'

// Random models: small sets of ids, so that they meet.
const stored = <T>(id: string, value: T): Stored<T> => ({ id, revision: 1, value })
const visibility = fc.constantFrom('public' as const, 'internal' as const, 'private' as const)
const teamId = fc.constantFrom('team_1', 'team_2')
const teamRole = fc.constantFrom('maintainer' as const, 'member' as const)
const seats = fc.uniqueArray(fc.tuple(teamId, teamRole), { maxLength: 2, selector: ([id]) => id })
const permissionRole = fc.constantFrom('reader' as const, 'developer' as const, 'maintainer' as const, 'admin' as const)
const holderId = fc.constantFrom('usr_1', 'usr_2', 'rob_1', 'team_1', 'team_2')
const packageName = fc.constantFrom('a', 'ab', '@acme/a')

const token = fc.record(
  {
    actions: fc.subarray([...allActions], { minLength: 1 }),
    protocols: fc.subarray(['npm', 'oci']),
    organizations: fc.subarray(['org_1', 'org_2']),
    repositories: fc.subarray(['repo_1', 'repo_2']),
    packages: fc.subarray(['a', 'a*', '@acme/*']),
  },
  { requiredKeys: ['actions'] },
)
type Limits = Pick<TokenDocument, 'actions'> & Partial<TokenDocument>
const tokenOf = (limits: Limits) =>
  stored<TokenDocument>('tok_1', {
    hash: '',
    hint: '',
    userId: '',
    name: 'ci',
    cidrs: [],
    createdAt: 0,
    ...limits,
  })

const membership = fc.option(
  fc.record({ role: fc.constantFrom('owner' as const, 'admin' as const, 'member' as const), teams: seats }),
  { nil: undefined },
)
const repository = fc.record({
  visibility,
  teams: fc.subarray(['team_1', 'team_2']),
  permissions: fc.uniqueArray(fc.tuple(holderId, permissionRole), { maxLength: 4, selector: ([id]) => id }),
  ownersOnly: fc.boolean(),
  isDisabled: fc.boolean(),
})
const model = fc.record({
  bound: visibility,
  repository,
  membership,
  packageName: fc.option(packageName, { nil: undefined }),
  packageOwners: fc.subarray(['usr_1', 'usr_2', 'rob_1']),
  anonymousAccess: fc.boolean(),
})
type Model = typeof model extends fc.Arbitrary<infer M> ? M : never

function factsOf({ bound, membership, packageName, ...more }: Model): Facts {
  const place = { organizationId: 'org_1', protocol: 'npm', name: 'tools', description: '' }
  const value: RepositoryDocument = {
    ...place,
    ...more.repository,
    requiresApproval: false,
    refusesSimilarNames: false,
    createdAt: 0,
    createdBy: 'usr_2',
  }
  const member: MembershipDocument | undefined = membership && {
    organizationId: 'org_1',
    userId: 'usr_1',
    createdAt: 0,
    ...membership,
  }
  return {
    organization: stored('org_1', { name: 'acme', displayName: 'Acme', visibility: bound, createdAt: 0 }),
    repository: stored('repo_1', value),
    membership: member,
    packageOwners: more.packageOwners,
    anonymousAccess: more.anonymousAccess,
    ...(packageName !== undefined && { packageName }),
  }
}

const person = fc.record({ isActive: fc.boolean(), isPlatformAdmin: fc.boolean() })
const holder = fc.oneof(
  person.map((flags) => {
    const value = { username: 'jane', usernameKey: 'jane', email: '', displayName: '', passwordHash: '', createdAt: 0 }
    return { kind: 'user' as const, user: stored('usr_1', { ...value, ...flags }) }
  }),
  fc.record({ isActive: fc.boolean(), teams: seats }).map((more) => {
    const value = { organizationId: 'org_1', name: 'builder', description: '', createdAt: 0, ...more }
    return { kind: 'robot' as const, robot: stored('rob_1', value) }
  }),
)
type Holder = typeof holder extends fc.Arbitrary<infer H> ? H : never
const withToken = (of: Holder, limits: Limits): Principal => ({ ...of, token: tokenOf(limits) })

const rightsOf = (principal: Principal, facts: Facts) =>
  allActions.filter((action) => decide(principal, action, facts).allowed)

function assertWithin(fewer: readonly string[], more: readonly string[], message: string) {
  assert.deepEqual(
    fewer.filter((action) => !more.includes(action)),
    [],
    message,
  )
}

test('a token never has more than its user or robot', () => {
  fc.assert(
    fc.property(holder, token, model, (of, limits, world) => {
      const all = withToken(of, { actions: allActions })
      assertWithin(
        rightsOf(withToken(of, limits), factsOf(world)),
        rightsOf(all, factsOf(world)),
        'a token added rights',
      )
    }),
  )
})

test('narrowing a token never adds a right', () => {
  fc.assert(
    fc.property(holder, token, token, model, (of, wide, other, world) => {
      const narrow = { ...other, ...wide, actions: wide.actions.filter((action) => other.actions.includes(action)) }
      const before = rightsOf(withToken(of, wide), factsOf(world))
      assertWithin(rightsOf(withToken(of, narrow), factsOf(world)), before, 'narrowing added rights')
    }),
  )
})

test('removing a grant never adds a right', () => {
  fc.assert(
    fc.property(holder, model, fc.nat({ max: 3 }), (of, world, index) => {
      const fewer: Model[] = [
        { ...world, membership: undefined },
        // The last owner cannot be removed: a package without owners is one that was deleted.
        { ...world, packageOwners: world.packageOwners.slice(0, 1) },
        { ...world, repository: { ...world.repository, teams: world.repository.teams.slice(1) } },
        {
          ...world,
          repository: { ...world.repository, permissions: world.repository.permissions.toSpliced(index, 1) },
        },
      ]
      const who = withToken(of, { actions: allActions })
      const before = rightsOf(who, factsOf(world))
      for (const less of fewer) assertWithin(rightsOf(who, factsOf(less)), before, 'removing a grant added rights')
    }),
  )
})

test('disabling takes every right', () => {
  fc.assert(
    fc.property(holder, model, (of, world) => {
      const disabled: Holder =
        of.kind === 'user'
          ? { ...of, user: { ...of.user, value: { ...of.user.value, isActive: false } } }
          : { ...of, robot: { ...of.robot, value: { ...of.robot.value, isActive: false } } }
      assert.deepEqual(rightsOf(withToken(disabled, { actions: allActions }), factsOf(world)), [])
    }),
  )
})
