import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestApi } from './testing.ts'

/** A private repository `tools` of `acme`; jane owns acme, joe reads the repository, a team and a robot work on it. */
async function setUp() {
  const t = await openTestApi()
  const { access } = t
  const [jane, joe, stranger] = [await t.someone('jane'), await t.someone('joe'), await t.someone('stranger')]
  const root = await t.someone('root', { isPlatformAdmin: true })
  const { id: organizationId } = await access.organizations.create({ name: 'acme', ownerId: jane.id })
  const tools = await access.repositories.create({ organizationId, protocol: 'npm', name: 'tools', createdBy: jane.id })
  const team = await access.teams.create({ organizationId, name: 'builders' })
  const robot = await access.robots.create({ organizationId, name: 'ci' })
  await access.grants.addTeam(tools.id, team.id)
  for (const { id } of [jane, robot]) await access.teams.setMember(team.id, id, 'member')
  await access.grants.setPermission(tools.id, { holderId: joe.id, role: 'reader' })
  const explain = (as: string | undefined, principal: string, action = 'read', more = '') =>
    t.ask(`GET /access/explain?principal=${principal}&action=${action}&repository=${tools.id}${more}`, { as })
  return {
    t,
    access,
    tools,
    robot,
    organizationId,
    ...{ jane, joe, stranger, root },
    explain,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

describe('an explanation', () => {
  test('names every rule that allows, or the one that refuses', async () => {
    await using s = await setUp()
    const { body } = await s.explain(s.jane.token, 'jane', 'write')
    assert.deepEqual(body, {
      principal: 'jane',
      action: 'write',
      repository: s.tools.id,
      allowed: true,
      rule: 'jane is owner of the organization acme',
      rules: ['jane is owner of the organization acme', 'jane is member of the team builders'],
    })
    const told = async (principal: string, action: string) =>
      (await s.explain(s.jane.token, principal, action)).body.rules
    assert.deepEqual(await told(s.robot.id, 'write'), ['ci is member of the team builders'])
    assert.deepEqual(await told(s.joe.id, 'write'), ['nothing gives joe the right to write here'])
    assert.deepEqual(await told('anonymous', 'read'), ['the repository is not public, and nobody is signed in'])
    assert.deepEqual(await told('stranger', 'read'), [
      'the repository is private, and stranger is no member of the organization acme',
    ])
  })

  test('of oneself is for who may read the repository, of others for who administers it', async () => {
    await using s = await setUp()
    const status = async (as: string | undefined, principal: string) => (await s.explain(as, principal)).status
    assert.equal(await status(s.joe.token, 'joe'), 200)
    assert.equal(await status(s.joe.token, 'JOE'), 200)
    assert.equal(await status(s.joe.token, 'jane'), 403)
    assert.equal(await status(s.joe.token, 'anonymous'), 403)
    assert.equal(await status(s.stranger.token, 'stranger'), 404)
    assert.equal(await status(s.stranger.token, 'jane'), 404)
    assert.equal(await status(undefined, 'anonymous'), 401)
    assert.equal(await status(s.root.token, 'joe'), 200)
    await s.access.repositories.configure(s.tools.id, { visibility: 'public' })
    assert.equal(await status(undefined, 'anonymous'), 200)
    assert.equal(await status(undefined, 'joe'), 401)
  })

  test('tells nothing of who is not there, or belongs elsewhere', async () => {
    await using s = await setUp()
    const other = await s.access.organizations.create({ name: 'other' })
    const foreign = await s.access.robots.create({ organizationId: other.id, name: 'ci' })
    const told = []
    for (const principal of ['nobody', 'usr_none', foreign.id, 'rob_none']) {
      const { status, body } = await s.explain(s.jane.token, principal)
      told.push([status, body.errors[0].field, body.detail])
    }
    assert.deepEqual(new Set(told.map(([status, field]) => `${status} ${field}`)), new Set(['422 principal']))
    assert.deepEqual(told[2], told[3])
  })

  test('counts the token that is named, of those one may see', async () => {
    await using s = await setUp()
    const narrow = await s.t.aToken(s.jane, { actions: ['read'], name: 'laptop' })
    const ofRobot = await s.t.aToken(s.robot, { protocols: ['oci'], name: 'images' })
    const ofJoe = await s.t.aToken(s.joe)
    const idOf = (as: typeof narrow.as) => (as.kind === 'anonymous' ? '' : (as.token?.id ?? ''))
    const told = async (as: string, principal: string, token: string) => {
      const { status, body } = await s.explain(as, principal, 'write', `&token=${token}`)
      return status === 200 ? body.rule : status
    }
    assert.equal(await told(s.jane.token, 'jane', idOf(narrow.as)), 'the token "laptop" is limited to: read')
    assert.match(await told(s.jane.token, s.robot.id, idOf(ofRobot.as)), /limited to other protocols/)
    assert.equal(await told(s.jane.token, 'joe', idOf(ofJoe.as)), 403)
    assert.match(await told(s.root.token, 'joe', idOf(ofJoe.as)), /nothing gives joe/)
    assert.equal(await told(s.jane.token, 'jane', idOf(ofJoe.as)), 422)
    assert.equal(await told(s.jane.token, 'anonymous', idOf(narrow.as)), 422)
    assert.equal((await s.explain(narrow.text, 'jane', 'write')).body.allowed, false)
  })

  test('names an expired token as one', async () => {
    await using s = await setUp()
    const expiresAt = Date.now() + 20
    const { token } = await s.access.tokens.create({ userId: s.jane.id, name: 'old', actions: ['read'], expiresAt })
    while (Date.now() <= expiresAt) await new Promise(setImmediate)
    const { body } = await s.explain(s.jane.token, 'jane', 'read', `&token=${token.id}`)
    assert.deepEqual([body.allowed, body.rule], [false, 'the token "old" has expired'])
  })

  test('of a disabled repository is for who administers it', async () => {
    await using s = await setUp()
    await s.access.repositories.configure(s.tools.id, { isDisabled: true })
    assert.equal((await s.explain(s.joe.token, 'joe')).status, 404)
    assert.deepEqual((await s.explain(s.jane.token, 'joe')).body.rules, ['the repository is disabled'])
  })
})
