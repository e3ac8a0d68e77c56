import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../errors.ts'
import type { Action, Visibility } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { packages } from '../metadata/package-schema.ts'
import { collections } from '../metadata/schema.ts'
import { openTestAccess, type TestAccess } from '../testing/access.ts'
import { heardReads } from '../testing/heard-reads.ts'
import { openTestEngine } from '../testing/stores.ts'
import type { RepositoryAddress } from './access.ts'
import { anonymous, type Principal } from './principal.ts'

/** An organization `acme` with an owner, a member and one npm repository `tools`. */
async function setUp(t: TestAccess, visibility: Visibility = 'private') {
  const owner = await t.aUser('owner')
  const member = await t.aUser('member')
  const stranger = await t.aUser('stranger')
  const organization = await t.access.organizations.create({ name: 'acme', ownerId: owner.id })
  await t.access.organizations.setMember(organization.id, member.id, 'member')
  const repository = await t.access.repositories.create({
    organizationId: organization.id,
    protocol: 'npm',
    name: 'tools',
    visibility,
    createdBy: owner.id,
  })
  return { owner, member, stranger, organization, repository }
}

const tools = { protocol: 'npm', organization: 'acme', repository: 'tools' }
const nowhere = [
  { protocol: 'npm', organization: 'nobody', repository: 'tools' },
  { protocol: 'npm', organization: 'acme', repository: 'nothing' },
  { protocol: 'npm', organization: 'acme' },
  { protocol: 'oci', organization: 'acme', repository: 'tools' },
  { protocol: 'npm', organization: 'constructor', repository: '__proto__' },
  { protocol: 'npm', organization: 'x'.repeat(100_000), repository: 'tools' },
]

const unreadable = 'There is no such repository, or you may not read it.'

describe('entering', () => {
  const cases: { name: string; who: string; visibility: Visibility; action: Action; code: ErrorCode | 'entered' }[] = [
    { name: 'anonymous reads public', who: 'anonymous', visibility: 'public', action: 'read', code: 'entered' },
    { name: 'anonymous and internal', who: 'anonymous', visibility: 'internal', action: 'read', code: 'auth_required' },
    { name: 'anonymous and private', who: 'anonymous', visibility: 'private', action: 'read', code: 'auth_required' },
    { name: 'anonymous writes public', who: 'anonymous', visibility: 'public', action: 'write', code: 'auth_required' },
    { name: 'a stranger reads internal', who: 'stranger', visibility: 'internal', action: 'read', code: 'entered' },
    { name: 'a stranger, private', who: 'stranger', visibility: 'private', action: 'read', code: 'repository_unknown' },
    { name: 'a stranger writes', who: 'stranger', visibility: 'private', action: 'write', code: 'repository_unknown' },
    { name: 'a stranger writes public', who: 'stranger', visibility: 'public', action: 'write', code: 'access_denied' },
    { name: 'a member reads private', who: 'member', visibility: 'private', action: 'read', code: 'entered' },
    { name: 'a member writes', who: 'member', visibility: 'private', action: 'write', code: 'access_denied' },
    { name: 'an owner deletes', who: 'owner', visibility: 'private', action: 'delete', code: 'entered' },
  ]
  for (const { name, who, visibility, action, code } of cases) {
    test(`${name}: ${code}`, async () => {
      await using t = await openTestAccess()
      const people = { anonymous: { as: anonymous }, ...(await setUp(t, visibility)) }
      const principal = people[who as 'owner' | 'member' | 'stranger' | 'anonymous'].as
      const entering = t.access.enter(principal, action, tools)
      if (code === 'entered') assert.equal((await entering).repository.value.name, 'tools')
      else await assert.rejects(entering, { code })
    })
  }

  test('a place that does not exist is refused like one that may not be read', async () => {
    await using t = await openTestAccess()
    const { stranger } = await setUp(t)
    for (const address of nowhere) {
      for (const action of ['read', 'write', 'delete', 'admin'] as const) {
        await assert.rejects(t.access.enter(anonymous, action, address), { code: 'auth_required' })
        await assert.rejects(t.access.enter(stranger.as, action, address), { code: 'repository_unknown' })
      }
    }
  })

  test('by its id is the same decision, and makes nothing', async () => {
    await using t = await openTestAccess()
    const { owner, member, stranger, repository } = await setUp(t)
    const enter = (principal: Principal, action: Action, id = repository.id) =>
      t.access.enterRepository(principal, action, id)
    assert.equal((await enter(owner.as, 'admin')).organization.value.name, 'acme')
    assert.equal((await enter(member.as, 'read')).repository.id, repository.id)
    await assert.rejects(enter(member.as, 'write'), { code: 'access_denied' })
    for (const id of [repository.id, 'repo_never', '', '__proto__', 'x'.repeat(100_000), '\ud800']) {
      await assert.rejects(enter(stranger.as, 'read', id), { code: 'repository_unknown', message: unreadable })
      await assert.rejects(enter(anonymous, 'write', id), { code: 'auth_required' })
    }
  })

  test('what may not be read costs the same look-ups as what does not exist', async () => {
    const opened = await openTestEngine(collections)
    const asked: string[] = []
    const engine = heardReads(opened.store, asked)
    await using t = await openTestAccess({ engine })
    const { stranger, repository } = await setUp(t)
    async function costOf(entering: () => Promise<unknown>): Promise<string> {
      await t.access.users.setProfile(stranger.id, { displayName: 'Who' })
      asked.length = 0
      await assert.rejects(entering())
      return asked.join()
    }
    for (const principal of [anonymous, stranger.as]) {
      for (const action of ['read', 'write', 'delete', 'admin'] as const) {
        const byName = (address: RepositoryAddress) => costOf(() => t.access.enter(principal, action, address, 'lib'))
        const byId = (id: string) => costOf(() => t.access.enterRepository(principal, action, id, 'lib'))
        const there = await byName(tools)
        for (const address of nowhere.slice(0, 4)) assert.equal(await byName(address), there)
        assert.equal(await byId('repo_never'), await byId(repository.id))
        assert.match(there, principal === anonymous ? /repositories/ : /memberships/)
      }
    }
    await opened[Symbol.asyncDispose]()
  })

  test('with anonymous access off, a public repository asks to sign in', async () => {
    await using t = await openTestAccess({ anonymousAccess: false })
    const { stranger } = await setUp(t, 'public')
    await assert.rejects(t.access.enter(anonymous, 'read', tools), { code: 'auth_required' })
    assert.deepEqual(await t.access.audiences(anonymous), [])
    await t.access.enter(stranger.as, 'read', tools)
  })

  test('a demotion, a removal and a change of visibility hold for the next request', async () => {
    await using t = await openTestAccess()
    const { owner, member, organization, repository } = await setUp(t)
    await t.access.enter(owner.as, 'write', tools)
    await t.access.organizations.setMember(organization.id, (await t.aUser('second')).id, 'owner')
    await t.access.organizations.setMember(organization.id, owner.id, 'member')
    await assert.rejects(t.access.enter(owner.as, 'write', tools), { code: 'access_denied' })
    await t.access.enter(member.as, 'read', tools)
    await t.access.organizations.removeMember(organization.id, member.id)
    await assert.rejects(t.access.enter(member.as, 'read', tools), { code: 'repository_unknown' })
    await t.access.repositories.configure(repository.id, { visibility: 'public' })
    await t.access.enter(anonymous, 'read', tools)
  })
})

test('where the store cannot tell of commits, what this process changes holds for its next request', async () => {
  await using opened = await openTestEngine(collections)
  const inner = opened.store
  const engine: MetadataEngine = {
    kind: 'mongo',
    collection: (spec) => inner.collection(spec),
    batch: (writes) => inner.batch(writes),
    commitMark: () => undefined,
    ping: () => inner.ping(),
    close: () => inner.close(),
  }
  await using t = await openTestAccess({ engine })
  const { owner, member, organization, repository } = await setUp(t)
  const token = await t.aToken(owner)
  await t.access.enter(member.as, 'read', tools)
  await t.access.organizations.removeMember(organization.id, member.id)
  await assert.rejects(t.access.enter(member.as, 'read', tools), { code: 'repository_unknown' })
  await t.access.repositories.configure(repository.id, { visibility: 'public' })
  await t.access.enter(anonymous, 'read', tools)
  const [{ id } = { id: '' }] = (await t.access.tokens.list(owner.id, {})).items
  await t.access.tokens.revoke(owner.id, id)
  const authenticating = t.access.authenticate({ kind: 'token', token: token.text }, '127.0.0.1')
  await assert.rejects(authenticating, { code: 'credentials_invalid' })
})

describe('the default repository', () => {
  const address = { protocol: 'npm', organization: 'acme' }

  test('is made, private and named like the protocol, by the first write of who may', async () => {
    await using t = await openTestAccess()
    const { owner, member } = await setUp(t)
    await assert.rejects(t.access.enter(owner.as, 'read', address), { code: 'repository_unknown' })
    await assert.rejects(t.access.enter(member.as, 'write', address), { code: 'repository_unknown' })
    const { repository } = await t.access.enter(owner.as, 'write', address)
    assert.deepEqual([repository.value.name, repository.value.visibility], ['npm', 'private'])
    await t.access.enter(member.as, 'read', address)
  })

  test('is made once by many at a time', async () => {
    await using t = await openTestAccess()
    const { owner } = await setUp(t)
    const entered = await Promise.all(Array.from({ length: 20 }, () => t.access.enter(owner.as, 'write', address)))
    assert.equal(new Set(entered.map(({ repository }) => repository.id)).size, 1)
  })

  test('is not made by a token whose scope excludes it', async () => {
    await using t = await openTestAccess()
    const { owner, repository } = await setUp(t)
    const reader = await t.aToken(owner, { actions: ['read'] })
    await assert.rejects(t.access.enter(reader.as, 'write', address), { code: 'access_denied', message: /token/ })
    const limits = [{ protocols: ['oci'] }, { repositories: [repository.id] }] as const
    for (const limit of limits) {
      const { as } = await t.aToken(owner, limit)
      await assert.rejects(t.access.enter(as, 'write', address), { code: 'repository_unknown' })
    }
  })
})

test('who owns a package writes and deletes it while the repository is readable', async () => {
  await using t = await openTestAccess()
  const { stranger, repository, organization } = await setUp(t, 'public')
  const document = {
    repositoryId: repository.id,
    protocol: 'npm',
    name: 'constructor',
    nameKey: 'constructor',
    published: 1,
    tags: [],
    owners: [stranger.id],
    marks: [],
    recentChanges: [],
    facts: { version: '1.0.0', description: '', keywords: [], authors: [] },
    createdAt: 0,
    updatedAt: 0,
  }
  await t.engine.collection(packages).insert('pkg_1', document)
  const allowed = async (principal: Principal, action: Action, name?: string) =>
    (await t.access.can(principal, action, { organization, repository }, name)).allowed
  assert.equal(await allowed(stranger.as, 'write', 'constructor'), true)
  assert.equal(await allowed(stranger.as, 'delete', 'constructor'), true)
  assert.equal(await allowed(stranger.as, 'admin', 'constructor'), false)
  assert.equal(await allowed(stranger.as, 'write', 'other'), false)
  assert.equal(await allowed(stranger.as, 'write'), false)
  await t.access.repositories.configure(repository.id, { visibility: 'private' })
  await assert.rejects(t.access.enter(stranger.as, 'write', tools, 'constructor'), { code: 'repository_unknown' })
})

describe('audiences', () => {
  test('are public for anonymous, and internal and the own organizations for users', async () => {
    await using t = await openTestAccess()
    const { member, stranger, organization } = await setUp(t)
    assert.deepEqual(await t.access.audiences(anonymous), ['public'])
    assert.deepEqual(await t.access.audiences(stranger.as), ['public', 'internal'])
    assert.deepEqual(await t.access.audiences(member.as), ['public', 'internal', organization.id])
    await t.access.organizations.removeMember(organization.id, member.id)
    assert.deepEqual(await t.access.audiences(member.as), ['public', 'internal'])
  })

  test('are all for a platform admin, but those of the token when it is limited', async () => {
    await using t = await openTestAccess()
    const { organization } = await setUp(t)
    const admin = await t.aUser('root', { isPlatformAdmin: true })
    assert.deepEqual(await t.access.audiences(admin.as), ['all'])
    const limited = await t.aToken(admin, { organizations: [organization.id] })
    assert.deepEqual(await t.access.audiences(limited.as), ['public', 'internal', organization.id])
    const writer = await t.aToken(admin, { actions: ['write'] })
    assert.deepEqual(await t.access.audiences(writer.as), [])
  })
})

test('an explanation names the package’s owner beside what else allows', async () => {
  await using opened = await openTestAccess()
  const { access } = opened
  const owner = await opened.aUser('owner')
  const acme = await access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId: acme.id, protocol: 'npm', name: 'tools', createdBy: owner.id }
  const repository = await access.repositories.create(place)
  const written = { published: 1, tags: [], marks: [], createdAt: 0, updatedAt: 0, recentChanges: [] }
  const facts = { version: '1.0.0', description: '', keywords: [], authors: [] }
  const named = { repositoryId: repository.id, protocol: 'npm', name: 'lib', nameKey: 'lib', owners: [owner.id] }
  await opened.engine.collection(packages).insert('pkg_1', { ...written, ...named, facts })
  const { rules } = await access.explain(owner.as, 'write', { organization: acme, repository }, 'lib')
  assert.deepEqual(rules, ['owner is owner of the organization acme', 'owner owns the package lib'])
})

describe('an organization', () => {
  const actions = ['read', 'delete', 'admin'] as const
  const cases = [
    { rule: 'to its owner: everything', role: 'owner', may: ['read', 'delete', 'admin'] },
    { rule: 'to its admin: all but deleting it', role: 'admin', may: ['read', 'admin'] },
    { rule: 'to a member: reading', role: 'member', may: ['read'] },
    { rule: 'to a stranger: as if it were not there', role: undefined, may: [] },
  ] as const
  for (const { rule, role, may } of cases) {
    test(rule, async () => {
      await using opened = await openTestAccess()
      const { access } = opened
      const jane = await opened.aUser('jane')
      const acme = await access.organizations.create({ name: 'acme' })
      if (role) await access.organizations.setMember(acme.id, jane.id, role)
      const allowed: string[] = []
      for (const action of actions) {
        const entering = access.enterOrganization(jane.as, action, { name: 'acme' })
        if (await entering.catch(() => undefined)) allowed.push(action)
        const code = role ? 'access_denied' : 'organization_unknown'
        if (!allowed.includes(action)) await assert.rejects(entering, { code })
      }
      assert.deepEqual(allowed, may)
    })
  }

  test('is the same for a stranger as a name never used, by name and by id', async () => {
    await using opened = await openTestAccess()
    const { access } = opened
    const jane = await opened.aUser('jane')
    const { id } = await access.organizations.create({ name: 'acme' })
    const answers = [{ name: 'acme' }, { name: 'never' }, { id }, { id: 'org_never' }].map((key) =>
      access.enterOrganization(jane.as, 'read', key).catch((err: Error) => err.message),
    )
    assert.equal(new Set(await Promise.all(answers)).size, 1)
    await assert.rejects(access.enterOrganization(anonymous, 'read', { id }), { code: 'auth_required' })
    await assert.rejects(access.enterOrganization(anonymous, 'read', { id: 'org_never' }), { code: 'auth_required' })
  })

  test('is out of reach of tokens that are limited to less than it', async () => {
    await using opened = await openTestAccess()
    const { access } = opened
    const jane = await opened.aUser('jane')
    const acme = await access.organizations.create({ name: 'acme', ownerId: jane.id })
    const limits = [
      { protocols: ['npm'] },
      { repositories: ['repo_1'] },
      { packages: ['*'] },
      { organizations: ['org_1'] },
    ]
    for (const limit of [...limits, { actions: ['write', 'delete', 'admin'] as const }]) {
      const { as } = await opened.aToken(jane, limit)
      await assert.rejects(access.enterOrganization(as, 'read', { id: acme.id }), { code: 'organization_unknown' })
    }
    const { as } = await opened.aToken(jane, { organizations: [acme.id] })
    assert.equal((await access.enterOrganization(as, 'admin', { id: acme.id })).id, acme.id)
  })
})

describe('a membership', () => {
  test('is changed by offices, an owner’s by owners alone, and ended by the member', async () => {
    await using opened = await openTestAccess()
    const { access } = opened
    const [owner, admin, member] = [
      await opened.aUser('owner'),
      await opened.aUser('admin'),
      await opened.aUser('jane'),
    ]
    const { id } = await access.organizations.create({ name: 'acme', ownerId: owner.id })
    await access.organizations.setMember(id, admin.id, 'admin')
    await access.organizations.setMember(id, member.id, 'member')
    const root = await opened.aUser('root', { isPlatformAdmin: true })
    const enter = (who: typeof owner, of: typeof owner, role?: 'owner' | 'admin') =>
      access.enterMembership(who.as, { id }, of.id, role)
    const refused = { code: 'access_denied', message: /owners alone make, change and remove owners/ }
    await assert.rejects(enter(admin, admin, 'owner'), refused)
    await assert.rejects(enter(admin, member, 'owner'), refused)
    await assert.rejects(enter(admin, owner, 'admin'), refused)
    await assert.rejects(enter(admin, owner), refused)
    await assert.rejects(enter(member, admin), { code: 'access_denied' })
    for (const who of [owner, root]) await enter(who, member, 'owner')
    assert.equal((await enter(admin, member, 'admin')).membership?.value.role, 'member')
    await enter(member, member)
    const narrow = await opened.aToken(member, { actions: ['read'] })
    await assert.rejects(access.enterMembership(narrow.as, { id }, member.id), { code: 'access_denied' })
  })

  test('of a stranger is refused like one of an organization that never was', async () => {
    await using opened = await openTestAccess()
    const jane = await opened.aUser('jane')
    await opened.access.organizations.create({ name: 'acme' })
    const answers = ['acme', 'never'].map((name) =>
      opened.access.enterMembership(jane.as, { name }, jane.id).catch((err: Error) => err.message),
    )
    assert.equal(new Set(await Promise.all(answers)).size, 1)
  })
})

test('a token that is limited to a part is told that it does not reach accounts', async () => {
  await using opened = await openTestAccess()
  const jane = await opened.aUser('jane')
  const { as } = await opened.aToken(jane, { packages: ['left-pad'] })
  assert.throws(() => opened.access.enterAccount(as, 'read'), {
    code: 'access_denied',
    message: /is limited to some packages and does not reach accounts/,
  })
})
