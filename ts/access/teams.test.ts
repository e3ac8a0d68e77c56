import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../errors.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { openTestAccess, type TestAccess } from '../testing/access.ts'
import type { Principal } from './principal.ts'

/** An organization `acme`, its private npm repository `tools`, its team `web`, and jane, a member. */
async function aWorld(opened: TestAccess) {
  const { access } = opened
  const jane = await opened.aUser('jane')
  const acme = await access.organizations.create({ name: 'acme' })
  await access.organizations.setMember(acme.id, jane.id, 'member')
  const place = { organizationId: acme.id, protocol: 'npm', name: 'tools' }
  const tools = await access.repositories.create({ ...place, createdBy: jane.id })
  const web = await access.teams.create({ organizationId: acme.id, name: 'web' })
  const rightsOf = async (who: Principal) => {
    const rights: string[] = []
    for (const action of ['read', 'write', 'delete', 'admin'] as const) {
      const entered = await access
        .enter(who, action, { protocol: 'npm', organization: 'acme', repository: 'tools' })
        .catch((err) => {
          if (hasCode(err, 'access_denied', 'repository_unknown')) return undefined
          throw err
        })
      if (entered) rights.push(action)
    }
    return rights
  }
  return { access, jane, acme, tools, web, rightsOf }
}

describe('a team', () => {
  test('gives its members what it has, from the next request on, and takes it again', async () => {
    await using opened = await openTestAccess()
    const { access, jane, tools, web, rightsOf } = await aWorld(opened)
    await access.teams.setMember(web.id, jane.id, 'member')
    assert.deepEqual(await rightsOf(jane.as), ['read'])
    await access.grants.addTeam(tools.id, web.id)
    assert.deepEqual(await rightsOf(jane.as), ['read', 'write'])
    await access.teams.setMember(web.id, jane.id, 'maintainer')
    assert.deepEqual(await rightsOf(jane.as), ['read', 'write', 'delete'])
    await access.teams.removeMember(web.id, jane.id)
    assert.deepEqual(await rightsOf(jane.as), ['read'])
  })

  test('that leaves a repository gives nothing there', async () => {
    await using opened = await openTestAccess()
    const { access, jane, tools, web, rightsOf } = await aWorld(opened)
    await access.teams.setMember(web.id, jane.id, 'maintainer')
    await access.grants.addTeam(tools.id, web.id)
    await access.grants.removeTeam(tools.id, web.id)
    assert.deepEqual(await rightsOf(jane.as), ['read'])
    assert.deepEqual(await access.grants.repositoriesOf(web.id), [])
  })

  test('that is deleted gives nothing, and leaves nothing behind', async () => {
    await using opened = await openTestAccess()
    const { access, jane, acme, tools, web, rightsOf } = await aWorld(opened)
    await access.teams.setMember(web.id, jane.id, 'maintainer')
    await access.grants.addTeam(tools.id, web.id)
    await access.grants.setPermission(tools.id, { holderId: web.id, role: 'admin' })
    assert.deepEqual(await rightsOf(jane.as), ['read', 'write', 'delete', 'admin'])
    await access.teams.delete(web.id)
    assert.deepEqual(await rightsOf(jane.as), ['read'])
    assert.deepEqual((await access.repositories.get(tools.id))?.value.permissions, [])
    assert.deepEqual((await access.organizations.membership(acme.id, jane.id))?.value.teams, [])
    assert.deepEqual(await pointersIn(opened.engine, web.id), [0, 0])
  })

  test('takes members and robots of its organization alone', async () => {
    await using opened = await openTestAccess()
    const { access, web } = await aWorld(opened)
    const stranger = await opened.aUser('john')
    const other = await access.organizations.create({ name: 'other' })
    const robot = await access.robots.create({ organizationId: other.id, name: 'ci' })
    for (const memberId of [stranger.id, robot.id, 'usr_nobody', 'rob_nobody']) {
      await assert.rejects(access.teams.setMember(web.id, memberId, 'member'), { code: 'unprocessable' })
    }
    assert.deepEqual(await pointersIn(opened.engine, web.id), [0, 0])
    assert.deepEqual((await access.teams.members(web.id, {})).items, [])
  })

  test('lists who is in it, and not who left the organization', async () => {
    await using opened = await openTestAccess()
    const { access, jane, acme, web } = await aWorld(opened)
    const robot = await access.robots.create({ organizationId: acme.id, name: 'ci' })
    await access.teams.setMember(web.id, jane.id, 'maintainer')
    await access.teams.setMember(web.id, robot.id, 'member')
    assert.deepEqual((await access.teams.members(web.id, {})).items, [
      { memberId: robot.id, role: 'member', revision: 2 },
      { memberId: jane.id, role: 'maintainer', revision: 2 },
    ])
    await access.organizations.removeMember(acme.id, jane.id)
    assert.deepEqual((await access.teams.members(web.id, {})).items, [
      { memberId: robot.id, role: 'member', revision: 2 },
    ])
  })

  test('changes from what was read alone, where that is asked for', async () => {
    await using opened = await openTestAccess()
    const { access, jane, web } = await aWorld(opened)
    const { revision } = await access.teams.setMember(web.id, jane.id, 'member', 'none')
    await assert.rejects(access.teams.setMember(web.id, jane.id, 'maintainer', 'none'), { code: 'name_taken' })
    await assert.rejects(access.teams.setMember(web.id, jane.id, 'maintainer', revision - 1), {
      code: 'precondition_failed',
    })
    const changed = await access.teams.setMember(web.id, jane.id, 'maintainer', revision)
    assert.deepEqual(await access.teams.member(web.id, jane.id), changed)
    assert.equal(changed.role, 'maintainer')
    await access.teams.removeMember(web.id, jane.id)
    assert.equal(await access.teams.member(web.id, jane.id), undefined)
    await assert.rejects(access.teams.describe(web.id, 'x', web.revision + 1), { code: 'precondition_failed' })
    assert.equal((await access.teams.describe(web.id, 'x', web.revision)).value.description, 'x')
  })

  test('keeps its members when their role in the organization changes', async () => {
    await using opened = await openTestAccess()
    const { access, jane, acme, web } = await aWorld(opened)
    await access.teams.setMember(web.id, jane.id, 'maintainer')
    await access.organizations.setMember(acme.id, jane.id, 'admin')
    assert.equal((await access.teams.members(web.id, {})).items.length, 1)
  })

  test('of a taken, wrong or unknown name or id is refused', async () => {
    await using opened = await openTestAccess()
    const { access, acme, web, jane } = await aWorld(opened)
    await assert.rejects(access.teams.create({ organizationId: acme.id, name: 'web' }), { code: 'name_taken' })
    await assert.rejects(access.teams.create({ organizationId: acme.id, name: 'We b' }), { code: 'payload_invalid' })
    await assert.rejects(access.teams.setMember('team_0', jane.id, 'member'), { code: 'team_unknown' })
    await assert.rejects(access.teams.describe('team_0', ''), { code: 'team_unknown' })
    await assert.rejects(access.teams.describe(web.id, 'x'.repeat(1001)), { code: 'payload_invalid' })
  })

  test('deleted while fifty join leaves nobody with a right', async () => {
    await using opened = await openTestAccess()
    const { access, acme, web, tools } = await aWorld(opened)
    await access.grants.addTeam(tools.id, web.id)
    const robots = await Promise.all(
      Array.from({ length: 50 }, (_, i) => access.robots.create({ organizationId: acme.id, name: `ci-${i}` })),
    )
    const joining = robots.map(({ id }) =>
      access.teams.setMember(web.id, id, 'maintainer').catch((err) => {
        if (!hasCode(err, 'team_unknown')) throw err
      }),
    )
    await Promise.all([...joining, access.teams.delete(web.id)])
    for (const { id } of robots) assert.deepEqual((await access.robots.get(id))?.value.teams, [])
    assert.deepEqual((await access.repositories.get(tools.id))?.value.teams, [])
  })
})

describe('a direct permission', () => {
  test('holds for a user outside the organization, who finds the repository by search then', async () => {
    await using opened = await openTestAccess()
    const { access, tools, rightsOf } = await aWorld(opened)
    const john = await opened.aUser('john')
    assert.deepEqual(await rightsOf(john.as), [])
    await access.grants.setPermission(tools.id, { holderId: john.id, role: 'developer' })
    assert.deepEqual(await rightsOf(john.as), ['read', 'write'])
    assert.ok((await access.audiences(john.as)).includes(tools.id))
    await access.grants.setPermission(tools.id, { holderId: john.id, role: 'reader' })
    assert.deepEqual(await rightsOf(john.as), ['read'])
    await access.grants.removePermission(tools.id, john.id)
    assert.deepEqual(await rightsOf(john.as), [])
    assert.ok(!(await access.audiences(john.as)).includes(tools.id))
  })

  test('is refused for who is not there or of another organization', async () => {
    await using opened = await openTestAccess()
    const { access, tools } = await aWorld(opened)
    const other = await access.organizations.create({ name: 'other' })
    const team = await access.teams.create({ organizationId: other.id, name: 'web' })
    for (const holderId of ['usr_0', 'rob_0', 'team_0', team.id]) {
      await assert.rejects(access.grants.setPermission(tools.id, { holderId, role: 'reader' }), {
        code: 'unprocessable',
      })
    }
    assert.deepEqual(await pointersIn(opened.engine, team.id), [0, 0])
    await assert.rejects(access.grants.addTeam('repo_0', team.id), { code: 'repository_unknown' })
  })
})

describe('a robot', () => {
  test('signs in by its token and has what it was given, while it is active', async () => {
    await using opened = await openTestAccess()
    const { access, acme, tools, rightsOf } = await aWorld(opened)
    const robot = await access.robots.create({ organizationId: acme.id, name: 'ci' })
    const { text, as } = await opened.aToken(robot)
    assert.equal(as.kind, 'robot')
    assert.deepEqual(await rightsOf(as), [])
    await access.grants.setPermission(tools.id, { holderId: robot.id, role: 'developer' })
    assert.deepEqual(await rightsOf(as), ['read', 'write'])
    assert.deepEqual(await access.audiences(as), ['public', tools.id])
    await access.robots.configure(robot.id, { isActive: false })
    await assert.rejects(access.authenticate({ kind: 'token', token: text }, '127.0.0.1'), {
      code: 'credentials_invalid',
    })
  })

  test('that is deleted takes its tokens and permissions with it', async () => {
    await using opened = await openTestAccess()
    const { access, acme, tools } = await aWorld(opened)
    const robot = await access.robots.create({ organizationId: acme.id, name: 'ci' })
    const { text } = await opened.aToken(robot)
    await access.grants.setPermission(tools.id, { holderId: robot.id, role: 'admin' })
    await access.robots.delete(robot.id)
    await assert.rejects(access.authenticate({ kind: 'token', token: text }, '127.0.0.1'), {
      code: 'credentials_invalid',
    })
    assert.equal(await access.tokens.find(text), undefined)
    assert.deepEqual((await access.repositories.get(tools.id))?.value.permissions, [])
  })
})

describe('a rotated token', () => {
  test('has a new secret, and the old one for the grace alone', async (t) => {
    await using opened = await openTestAccess()
    const jane = await opened.aUser('jane')
    const { text } = await opened.aToken(jane)
    const { access } = opened
    const id = (await access.tokens.find(text))?.id ?? ''
    const signIn = (token: string) => access.authenticate({ kind: 'token', token }, '127.0.0.1')
    const rotated = await access.tokens.rotate(jane.id, id, 60)
    assert.equal((await signIn(text)).kind, 'user')
    assert.equal((await signIn(rotated.text)).kind, 'user')
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 })
    await assert.rejects(signIn(text), { code: 'credentials_invalid', message: /rotated/ })
    assert.equal((await signIn(rotated.text)).kind, 'user')
  })

  test('without grace has one secret', async () => {
    await using opened = await openTestAccess()
    const jane = await opened.aUser('jane')
    const { text } = await opened.aToken(jane)
    const { access } = opened
    const id = (await access.tokens.find(text))?.id ?? ''
    await access.tokens.rotate(jane.id, id, 0)
    await assert.rejects(access.authenticate({ kind: 'token', token: text }, '127.0.0.1'), {
      code: 'credentials_invalid',
    })
    await assert.rejects(access.tokens.rotate('usr_0', id, 0), { code: 'token_unknown' })
    await assert.rejects(access.tokens.rotate(jane.id, id, 31 * 86_400), { code: 'payload_invalid' })
  })
})

/** How many pointers lead from a team: to members, to repositories. */
function pointersIn(engine: MetadataEngine, id: string) {
  return Promise.all([
    engine.collection(accessSchema.teamPointers).count('byTeam', { equals: { teamId: id } }),
    engine.collection(accessSchema.grantPointers).count('byHolder', { equals: { holderId: id } }),
  ])
}
