import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AuditEntryDocument } from '../metadata/platform-schema.ts'
import { openTestAccess, type TestAccess, testPassword } from '../testing/access.ts'
import type { Access } from './access.ts'
import { witnessing } from './audit/witness.ts'

const occasion = { requestId: 'request-1', address: '192.0.2.7', userAgent: 'a test' }

async function entriesOf(t: TestAccess, after = 0): Promise<AuditEntryDocument[]> {
  const { items } = await t.trail.query({ order: 'ascending', limit: 1000 })
  return items.map(({ value }) => value).slice(after)
}

/** A platform with one of everything, and its names. */
async function aWorld() {
  const t = await openTestAccess({}, undefined, { isAudited: true })
  const { access } = t
  const [root, jane] = [await t.aUser('root', { isPlatformAdmin: true }), await t.aUser('jane')]
  const acme = await access.organizations.create({ name: 'acme', ownerId: root.id })
  await access.organizations.setMember(acme.id, jane.id, 'member')
  const repository = await access.repositories.create({
    organizationId: acme.id,
    protocol: 'npm',
    name: 'tools',
    createdBy: root.id,
  })
  const team = await access.teams.create({ organizationId: acme.id, name: 'builders' })
  const robot = await access.robots.create({ organizationId: acme.id, name: 'ci' })
  const made = await access.tokens.create({ userId: jane.id, name: 'laptop', actions: ['read'] })
  return {
    t,
    access,
    root: root.id,
    jane: jane.id,
    janeUser: jane,
    acme: acme.id,
    tools: repository.id,
    builders: team.id,
    ci: robot.id,
    laptop: made.token.id,
    laptopText: made.text,
    /** What a row keeps between its steps. */
    kept: { secret: '', refreshToken: '', sessionId: '', code: '', pollSecret: '' },
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}
type World = Awaited<ReturnType<typeof aWorld>>

/** A change, and what its one entry says: action, kind and name of the target. */
interface Row {
  readonly method: string
  readonly entry: string
  readonly before?: (w: World) => Promise<unknown>
  readonly change: (w: World) => Promise<unknown>
}

const password = 'another horse battery'
const row = (method: string, entry: string, change: Row['change'], before?: Row['before']): Row => ({
  method,
  entry,
  change,
  ...(before && { before }),
})

const granted = (w: World) => w.access.grants.setPermission(w.tools, { holderId: w.jane, role: 'reader' })
const onTeam = (w: World) => w.access.grants.addTeam(w.tools, w.builders)
const seated = (w: World) => w.access.teams.setMember(w.builders, w.jane, 'member')
const signedUp = (w: World) => w.access.platformSettings.change({ signUp: true })

const rows: readonly Row[] = [
  row('users.create', 'user.create user joe', (w) =>
    w.access.users.create({ username: 'joe', email: 'joe@example.com', password }),
  ),
  row('users.setPassword', 'user.password user jane', (w) => w.access.users.setPassword(w.jane, password)),
  row('users.update', 'user.update user jane', (w) => w.access.users.update(w.jane, { displayName: 'Jane D.' })),
  row('users.update', 'user.disable user jane', (w) =>
    w.access.users.update(w.jane, { isActive: false, displayName: 'Jane D.' }),
  ),
  row('users.setProfile', 'user.update user jane', (w) =>
    w.access.users.setProfile(w.jane, { email: 'j@example.com' }),
  ),
  row(
    'users.setActive',
    'user.enable user jane',
    (w) => w.access.users.setActive(w.jane, true),
    (w) => w.access.users.setActive(w.jane, false),
  ),
  row('users.forget', 'user.delete user jane', (w) => w.access.users.forget(w.jane)),
  row(
    'removeUser',
    'user.delete user jane',
    (w) => w.access.removeUser(w.jane),
    async (w) => {
      await granted(w)
      await w.access.sessions.open(w.janeUser)
    },
  ),
  row(
    'signUp',
    'user.create user joe',
    (w) => w.access.signUp({ username: 'joe', email: 'joe@example.com', password, address: '192.0.2.1' }),
    signedUp,
  ),
  row('organizations.create', 'organization.create organization other', (w) =>
    w.access.organizations.create({ name: 'other', ownerId: w.jane }),
  ),
  row('organizations.configure', 'organization.update organization acme', (w) =>
    w.access.organizations.configure(w.acme, { displayName: 'Acme' }),
  ),
  row('organizations.setMember', 'member.set organization acme', (w) =>
    w.access.organizations.setMember(w.acme, w.jane, 'admin'),
  ),
  row('organizations.removeMember', 'member.remove organization acme', (w) =>
    w.access.organizations.removeMember(w.acme, w.jane),
  ),
  row('deletions.beginOrganization', 'organization.delete organization acme', (w) =>
    w.access.deletions.beginOrganization(w.acme),
  ),
  row('deletions.beginRepository', 'repository.delete repository npm/acme/tools', (w) =>
    w.access.deletions.beginRepository(w.tools),
  ),
  row(
    'deletedNames.free',
    'repository.free-name repository npm/acme/tools',
    (w) => w.access.deletedNames.free(w.tools),
    async (w) => {
      await w.access.deletions.beginRepository(w.tools)
      await w.access.deletions.buryRepository(w.tools)
    },
  ),
  row('repositories.create', 'repository.create repository npm/acme/more', (w) =>
    w.access.repositories.create({ organizationId: w.acme, protocol: 'npm', name: 'more', createdBy: w.jane }),
  ),
  row('repositories.configure', 'repository.settings repository npm/acme/tools', (w) =>
    w.access.repositories.configure(w.tools, { visibility: 'public' }),
  ),
  row('grants.setPermission', 'permission.set repository npm/acme/tools', granted),
  row(
    'grants.removePermission',
    'permission.remove repository npm/acme/tools',
    (w) => w.access.grants.removePermission(w.tools, w.jane),
    granted,
  ),
  row('grants.addTeam', 'team-repository.add repository npm/acme/tools', onTeam),
  row(
    'grants.removeTeam',
    'team-repository.remove repository npm/acme/tools',
    (w) => w.access.grants.removeTeam(w.tools, w.builders),
    onTeam,
  ),
  row('grants.withdrawEverywhere', 'permission.remove-all user jane', (w) =>
    w.access.grants.withdrawEverywhere(w.jane),
  ),
  row('teams.create', 'team.create team acme/testers', (w) =>
    w.access.teams.create({ organizationId: w.acme, name: 'testers' }),
  ),
  row('teams.describe', 'team.update team acme/builders', (w) => w.access.teams.describe(w.builders, 'They build.')),
  row('teams.delete', 'team.delete team acme/builders', (w) => w.access.teams.delete(w.builders), onTeam),
  row('teams.setMember', 'team-member.set team acme/builders', seated),
  row(
    'teams.removeMember',
    'team-member.remove team acme/builders',
    (w) => w.access.teams.removeMember(w.builders, w.jane),
    seated,
  ),
  row('robots.create', 'robot.create robot acme/bot', (w) =>
    w.access.robots.create({ organizationId: w.acme, name: 'bot' }),
  ),
  row('robots.configure', 'robot.disable robot acme/ci', (w) => w.access.robots.configure(w.ci, { isActive: false })),
  row('robots.delete', 'robot.delete robot acme/ci', (w) => w.access.robots.delete(w.ci)),
  row('tokens.create', 'token.create token phone', (w) =>
    w.access.tokens.create({ userId: w.ci, name: 'phone', actions: ['read', 'write'], cidrs: ['192.0.2.0/24'] }),
  ),
  row('tokens.revoke', 'token.revoke token laptop', (w) => w.access.tokens.revoke(w.jane, w.laptop)),
  row('tokens.endSecret', 'token.revoke token laptop', (w) => w.access.tokens.endSecret(w.laptopText)),
  row('tokens.revokeAll', 'token.revoke-all user jane', (w) => w.access.tokens.revokeAll(w.jane)),
  row('tokens.rotate', 'token.rotate token laptop', (w) => w.access.tokens.rotate(w.jane, w.laptop, 60)),
  row('sessions.start', 'session.start user jane', (w) => w.access.sessions.start(w.janeUser)),
  row('sessions.open', 'session.start user jane', (w) => w.access.sessions.open(w.janeUser)),
  ...endings(),
  row('platformSettings.change', 'settings.update platform platform', signedUp),
  ...answers(),
  row('setup.createAdministrator', 'user.create user ops', (w) =>
    w.access.setup.createAdministrator({ username: 'ops', email: 'ops@example.com', password }),
  ),
]

/** Changes of what a step before made. */
function endings(): Row[] {
  const open = async (w: World) => void Object.assign(w.kept, await w.access.sessions.open(w.janeUser))
  const start = async (w: World) => void Object.assign(w.kept, await w.access.sessions.start(w.janeUser))
  const ended = 'session.end user jane'
  return [
    row('sessions.end', ended, (w) => w.access.sessions.end(w.kept.secret), start),
    row('sessions.endById', ended, (w) => w.access.sessions.endById(w.jane, w.kept.sessionId), open),
    row('sessions.endByRefreshToken', ended, (w) => w.access.sessions.endByRefreshToken(w.kept.refreshToken), open),
    row('sessions.endAll', ended, (w) => w.access.sessions.endAll(w.jane), open),
    row(
      'sessions.refresh',
      ended,
      (w) => assert.rejects(w.access.sessions.refresh(w.kept.refreshToken), { code: 'credentials_invalid' }),
      async (w) => {
        await open(w)
        // More rotations than are remembered: the first token is an old one then.
        let { refreshToken } = w.kept
        for (let i = 0; i < 51; i++) refreshToken = (await w.access.sessions.refresh(refreshToken)).refreshToken
      },
    ),
  ]
}

function answers(): Row[] {
  const start = async (w: World) =>
    void Object.assign(w.kept, await w.access.loginRequests.start({ client: 'npm/12', address: '192.0.2.9' }))
  const approve = (w: World) => w.access.loginRequests.approve(w.kept.code, w.jane)
  return [
    row('loginRequests.approve', 'login.approve user jane', approve, start),
    row('loginRequests.deny', 'login.deny user jane', (w) => w.access.loginRequests.deny(w.kept.code, w.jane), start),
    row(
      'loginRequests.collect',
      'token.create token login: npm/12',
      (w) => w.access.loginRequests.collect(w.kept.pollSecret),
      async (w) => {
        await start(w)
        await approve(w)
      },
    ),
  ]
}

describe('a change is one entry', { concurrency: 8 }, () => {
  for (const { method, entry, before, change } of rows) {
    test(`${method}: ${entry}`, async () => {
      await using w = await aWorld()
      await before?.(w)
      const known = (await entriesOf(w.t)).length
      const actor = { kind: 'user', id: w.root, name: 'root' }
      await witnessing(occasion, actor, () => change(w))
      const entries = await entriesOf(w.t, known)
      assert.deepEqual(
        entries.map(({ action, targetKind, targetName }) => `${action} ${targetKind} ${targetName}`),
        [entry],
      )
      const [{ requestId, address, userAgent, outcome, actorName }] = entries as [AuditEntryDocument]
      assert.deepEqual([requestId, address, userAgent, outcome], ['request-1', '192.0.2.7', 'a test', 'success'])
      const signsIn = method === 'sessions.start' || method === 'sessions.open' || method === 'loginRequests.collect'
      assert.equal(actorName, signsIn ? 'jane' : 'root')
      for (const secret of [testPassword, password, w.laptopText]) {
        assert.equal(JSON.stringify(entries).includes(secret), false)
      }
    })
  }

  test('the default organization and the first administrator, before anybody is signed in', async () => {
    await using t = await openTestAccess({}, undefined, { isAudited: true })
    await t.access.setup.createFirstAdministrator({ username: 'ops', email: 'ops@example.com', password })
    assert.deepEqual(
      (await entriesOf(t)).map(({ action, actorKind, targetName }) => [action, actorKind, targetName]),
      [
        ['organization.create', 'system', 'main'],
        ['user.create', 'system', 'ops'],
      ],
    )
  })

  test("an organization's default repository that its first publish makes", async () => {
    await using w = await aWorld()
    const known = (await entriesOf(w.t)).length
    const { as } = await w.t.aToken({ id: w.root })
    for (let i = 0; i < 2; i++) await w.access.enter(as, 'write', { protocol: 'npm', organization: 'acme' })
    const [, ...entries] = await entriesOf(w.t, known)
    assert.deepEqual(
      entries.map(({ action, targetName }) => `${action} ${targetName}`),
      ['repository.create npm/acme/npm'],
    )
  })
})

/** What changes nothing, or nothing that somebody asked for: sweeps, and what belongs to an entry that was written. */
const silent = [
  'can mayEnter enter enterRepository enterCreation enterOrganization enterMembership enterTeam enterAccount',
  'registryTokens.issue nameClaims.claimForPackages nameClaims.forgetEmpty',
  'enterPlatform',
  'enterSignUp enterUser explain audiences listRepositories',
  'authenticate signIn close',
  'users.get users.findByUsername users.findByLogin users.list users.checkPassword',
  'organizations.get organizations.findByName organizations.list organizations.members organizations.membership',
  'organizations.listOf organizations.membershipsOf organizations.requireOtherOwner',
  'repositories.get repositories.find repositories.list',
  'deletions.organizationsBegun deletions.repositoriesBegun deletions.isUnderWay',
  'deletions.sweepOrganization deletions.sweepRepository',
  'deletions.buryRepository deletions.buryOrganization',
  'deletedNames.list deletedNames.findOrganization deletedNames.findRepository',
  'grants.list grants.repositoriesOf',
  'teams.get teams.find teams.list teams.member teams.members',
  'robots.get robots.find robots.list',
  'tokens.get tokens.find tokens.list',
  'sessions.find sessions.list sessions.sweep',
  'loginRequests.start loginRequests.find loginRequests.sweep',
  'repeats.once',
  'cursors.seal cursors.open',
  'setup.checkLink',
  'platformSettings.read platformSettings.inForce platformSettings.refuseReserved platformSettings.mayOpen',
].flatMap((line) => line.split(' '))

const elsewhere = ['setup.prepare', 'setup.createFirstAdministrator']

test('every method of the access is one that tells of a change, or is named as one that makes none', async () => {
  await using t = await openTestAccess()
  const all = Object.entries(t.access).flatMap(([name, value]: [string, Access[keyof Access]]) => {
    if (typeof value === 'function') return [name]
    return typeof value === 'object' ? Object.keys(value).map((method) => `${name}.${method}`) : []
  })
  const known = new Set([...silent, ...elsewhere, ...rows.map(({ method }) => method)])
  assert.deepEqual(
    all.filter((method) => !known.has(method)),
    [],
  )
  assert.deepEqual(
    [...known].filter((method) => !all.includes(method)),
    [],
  )
})

describe('what changes nothing is no entry', { concurrency: 8 }, () => {
  const nothing: [name: string, work: (w: World) => Promise<unknown>][] = [
    ['removing who is no member', (w) => w.access.organizations.removeMember(w.acme, w.ci)],
    ['removing a permission that is not there', (w) => w.access.grants.removePermission(w.tools, w.jane)],
    ['a team that does not work there', (w) => w.access.grants.removeTeam(w.tools, w.builders)],
    ['who is not in the team', (w) => w.access.teams.removeMember(w.builders, w.jane)],
    ['a robot that is gone', (w) => w.access.robots.delete('rob_none')],
    ['a session that has ended', (w) => w.access.sessions.end('none')],
    ['no other sessions', (w) => w.access.sessions.endAll(w.jane)],
    ['a text that is no token', (w) => w.access.tokens.endSecret('none')],
    ['a second setup', (w) => w.access.setup.prepare()],
    ['a change that is refused', (w) => assert.rejects(w.access.users.update('usr_none', { isActive: false }))],
  ]
  for (const [name, work] of nothing) {
    test(name, async () => {
      await using w = await aWorld()
      const known = (await entriesOf(w.t)).length
      await work(w)
      assert.deepEqual(await entriesOf(w.t, known), [])
    })
  }
})
