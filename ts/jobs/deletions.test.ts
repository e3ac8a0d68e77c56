import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasCode } from '../errors.ts'
import type { ImagePlace } from '../registry/images/images.ts'
import { openTestAccess } from '../testing/access.ts'
import { bytesOf } from '../testing/bytes.ts'
import { dyingEngine } from '../testing/dying-engine.ts'
import { collectionsThatMention } from '../testing/mentions.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { atOnce, deletionDeps, ended, isAtEnd, runToTheEnd } from './deletion-testing.ts'
import { advanceDeletions } from './deletions.ts'

/** An image with a tag, a blob, an upload and a pull; resolves to its package's id. */
async function anImage(t: TestRegistry, app: ImagePlace): Promise<string> {
  const { images, packages } = t.registry
  const layer = await t.blobs.stage(bytesOf('a layer'))
  const { digest, sizeBytes } = await images.blobs.link(app, layer.digest, layer)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const references = [{ kind: 'blob' as const, digest, sizeBytes, mediaType: '', isOptional: false }]
  const staged = await t.blobs.stage(bytesOf('a manifest'))
  await images.manifests.put({
    ...app,
    path: `acme/apps/${app.image}`,
    stage: async () => staged,
    digest: staged.digest,
    mediaType,
    facts: { kind: 'image', mediaType, references, annotations: {} },
    tags: ['latest'],
    publisherId: 'usr_test',
    publisherName: 'tess',
    requestId: 'req_1',
  })
  const pkg = await packages.find(app.repository.id, app.image)
  assert.ok(pkg)
  images.pulls.count(pkg.id, ['latest', staged.digest])
  await images.pulls.flush()
  await images.uploads.start({ ...app, ownerId: 'usr_test' })
  return pkg.id
}

/** An organization `acme` with one of everything, and another that stays. */
async function setUp() {
  const t = await openTestRegistry()
  const people = await openTestAccess({ engine: t.engine })
  const { access } = people
  const owner = await people.aUser('owner')
  const acme = await access.organizations.create({ name: 'acme', ownerId: owner.id })
  const place = { organizationId: acme.id, protocol: 'npm', createdBy: owner.id }
  const repository = await access.repositories.create({ ...place, name: 'tools' })
  const other = await access.repositories.create({ ...place, name: 'others' })
  const team = await access.teams.create({ organizationId: acme.id, name: 'web' })
  const robot = await access.robots.create({ organizationId: acme.id, name: 'ci' })
  await people.aToken(robot)
  for (const { id } of [owner, robot]) await access.teams.setMember(team.id, id, 'member')
  for (const { id } of [repository, other]) {
    await access.grants.addTeam(id, team.id)
    for (const holderId of [owner.id, robot.id]) await access.grants.setPermission(id, { holderId, role: 'admin' })
  }
  const packages = []
  for (const [to, name] of [
    [repository, 'lib'],
    [repository, 'cli'],
    [other, 'lib'],
    [t.repository, 'lib'],
  ] as const) {
    await t.registry.publish(await aPublish({ ...t, repository: to }, name, '1.0.0'))
    const { package: pkg } = await t.registry.publish(await aPublish({ ...t, repository: to }, name, '1.1.0'))
    await t.registry.edit(pkg, { kind: 'owner' }, { actor: owner.id, requestId: 'req_1' }, (now) => ({
      ...now,
      owners: [],
    }))
    t.registry.downloads.count(pkg.id, '1.0.0')
    if (to !== t.repository) packages.push(pkg.id)
  }
  const stage = await t.registry.stages.stage(await aPublish({ ...t, repository }, 'lib', '2.0.0'))
  const apps = await access.repositories.create({ ...place, protocol: 'oci', name: 'apps' })
  const image = await anImage(t, { repository: apps, image: 'app' })
  await t.registry.downloads.flush()
  await t.registry.settled()
  const ofTools = [repository.id, packages[0] ?? '', packages[1] ?? '', stage.id]
  const ofApps = [apps.id, image]
  const ofAcme = [acme.id, ...ofApps, ...ofTools, other.id, packages[2] ?? '', team.id, robot.id]
  return {
    t,
    access,
    owner,
    acme,
    repository,
    team,
    ofTools,
    apps,
    ofApps,
    ofAcme,
    async [Symbol.asyncDispose]() {
      await people[Symbol.asyncDispose]()
      await t[Symbol.asyncDispose]()
    },
  }
}

describe('a deletion', () => {
  test('of an organization leaves its name and nothing else in any collection', async () => {
    await using s = await setUp()
    const before = await collectionsThatMention(s.t.engine, s.ofAcme)
    const holding = ['memberships', 'teams', 'teamPointers', 'robots', 'grantPointers', 'repositories', 'tokens']
    const held = ['packages', 'units', 'files', 'changes', 'postings', 'downloads', 'stages']
    const ofImages = ['imageTags', 'blobLinks', 'uploads', 'pulls']
    assert.deepEqual(before, ['organizations', ...holding, ...held, ...ofImages])
    await s.access.deletions.beginOrganization(s.acme.id)
    await runToTheEnd(s.t.engine)
    assert.deepEqual(await collectionsThatMention(s.t.engine, s.ofAcme), ['organizations'])
    assert.equal((await s.t.registry.packages.list(s.t.repository.id, {})).items.length, 1)
  })

  test('of a repository leaves its name, and the rest of the organization', async () => {
    await using s = await setUp()
    await s.access.deletions.beginRepository(s.repository.id)
    await runToTheEnd(s.t.engine)
    assert.deepEqual(await collectionsThatMention(s.t.engine, s.ofTools), ['repositories'])
    const left = await s.access.repositories.list(s.acme.id, {})
    assert.deepEqual(
      left.items.map(({ value }) => value.name),
      ['others', 'apps'],
    )
    assert.equal((await s.access.enterTeam(s.owner.as, 'read', { id: s.team.id })).team.id, s.team.id)
  })

  test('of a repository of images leaves nothing of them', async () => {
    await using s = await setUp()
    await s.access.deletions.beginRepository(s.apps.id)
    await runToTheEnd(s.t.engine)
    assert.deepEqual(await collectionsThatMention(s.t.engine, s.ofApps), ['repositories'])
  })

  test('goes on wherever its process died', async () => {
    await using s = await setUp()
    await s.access.deletions.beginOrganization(s.acme.id)
    let deaths = 0
    while (!(await isAtEnd(s.t.engine))) {
      await advanceDeletions(deletionDeps(dyingEngine(s.t.engine, 1)), ended, atOnce).catch((err) => {
        assert.match(err.message, /the process died/)
        deaths++
      })
      assert.ok(deaths < 1000, 'each run gets further')
    }
    assert.ok(deaths > 20, `it died ${deaths} times`)
    assert.deepEqual(await collectionsThatMention(s.t.engine, s.ofAcme), ['organizations'])
  })

  test('begins to sweep, and ends, no sooner than it is told', async () => {
    await using s = await setUp()
    const { deletions } = s.access
    await deletions.beginRepository(s.repository.id)
    const early = { sweepAfterMs: 60_000, buryAfterMs: 60_000 }
    await advanceDeletions(deletionDeps(s.t.engine), ended, early)
    assert.equal((await s.t.registry.packages.list(s.repository.id, {})).items.length, 2)
    for (let i = 0; i < 3; i++) await advanceDeletions(deletionDeps(s.t.engine), ended, { ...early, sweepAfterMs: 0 })
    assert.equal((await s.t.registry.packages.list(s.repository.id, {})).items.length, 0)
    assert.equal((await deletions.repositoriesBegun(ended)).length, 1)
  })

  test('makes all unknown to everybody at once', async () => {
    await using s = await setUp()
    const { access } = s
    const enter = [
      () => access.enterOrganization(s.owner.as, 'read', { name: 'acme' }),
      () => access.enterOrganization(s.owner.as, 'delete', { id: s.acme.id }),
      () => access.enterTeam(s.owner.as, 'read', { id: s.team.id }),
      () => access.enterRepository(s.owner.as, 'admin', s.repository.id),
      () => access.enter(s.owner.as, 'read', { protocol: 'npm', organization: 'acme', repository: 'tools' }),
      () => access.enter(s.owner.as, 'write', { protocol: 'npm', organization: 'acme' }),
    ]
    for (const entering of enter.slice(0, 5)) await entering()
    await access.deletions.beginOrganization(s.acme.id)
    for (const entering of enter) {
      await assert.rejects(entering(), (err) =>
        hasCode(err, 'organization_unknown', 'repository_unknown', 'team_unknown'),
      )
    }
    assert.equal(await access.organizations.findByName('acme'), undefined)
    assert.deepEqual((await access.organizations.listOf(s.owner.id, {})).items, [])
  })

  test('leaves no repository that somebody makes meanwhile', async () => {
    await using s = await setUp()
    await s.access.deletions.beginOrganization(s.acme.id)
    const place = { organizationId: s.acme.id, protocol: 'npm', createdBy: s.owner.id, adminId: s.owner.id }
    await assert.rejects(s.access.repositories.create({ ...place, name: 'late' }), { code: 'organization_unknown' })
    await assert.rejects(s.access.grants.setPermission(s.repository.id, { holderId: 'usr_1', role: 'reader' }), (err) =>
      hasCode(err, 'repository_unknown', 'unprocessable'),
    )
    await runToTheEnd(s.t.engine)
    assert.deepEqual(await collectionsThatMention(s.t.engine, s.ofAcme), ['organizations'])
  })

  test('of the default organization is refused', async () => {
    await using s = await setUp()
    const main = await s.access.organizations.findByName('main')
    await assert.rejects(s.access.deletions.beginOrganization(main?.id ?? ''), { code: 'unprocessable' })
    await assert.rejects(s.access.deletions.beginOrganization('org_never'), { code: 'organization_unknown' })
    await assert.rejects(s.access.deletions.beginRepository('repo_never'), { code: 'repository_unknown' })
  })

  test('lets the last owner be deleted', async () => {
    await using s = await setUp()
    await s.access.deletions.beginOrganization(s.acme.id)
    await s.access.removeUser(s.owner.id)
    assert.equal(await s.access.users.get(s.owner.id), undefined)
  })
})

describe('a name', () => {
  test('of a deleted organization is not taken again, nor is one that looks like it, until it is freed', async () => {
    await using t = await openTestAccess()
    const { organizations, deletions, deletedNames } = t.access
    const { id } = await organizations.create({ name: 'acme' })
    const taken = { code: 'name_taken' }
    await deletions.beginOrganization(id)
    await assert.rejects(organizations.create({ name: 'acme' }), taken)
    await assert.rejects(deletedNames.free(id), { code: 'organization_unknown' })
    await runToTheEnd(t.engine)
    for (const name of ['acme', 'acrne']) await assert.rejects(organizations.create({ name }), taken)
    const { items } = await deletedNames.list('organization', {})
    assert.deepEqual(
      items.map((name) => [name.id, name.name]),
      [[id, 'acme']],
    )
    await deletedNames.free(id)
    assert.notEqual((await organizations.create({ name: 'acme' })).id, id)
    await assert.rejects(deletedNames.free(id), { code: 'organization_unknown' })
  })

  test('of a deleted repository is not taken again, also not by a publish, until it is freed', async () => {
    await using t = await openTestAccess()
    const { organizations, repositories, deletions, deletedNames } = t.access
    const jane = await t.aUser('jane')
    const { id: organizationId } = await organizations.create({ name: 'acme', ownerId: jane.id })
    const place = { organizationId, protocol: 'npm', name: 'npm', createdBy: jane.id }
    const { id } = await repositories.create(place)
    await deletions.beginRepository(id)
    await runToTheEnd(t.engine)
    await assert.rejects(repositories.create(place), { code: 'name_taken' })
    const publishing = () => t.access.enter(jane.as, 'write', { protocol: 'npm', organization: 'acme' })
    await assert.rejects(publishing(), { code: 'repository_unknown' })
    assert.deepEqual((await deletedNames.findRepository(organizationId, 'npm', 'npm'))?.id, id)
    await deletedNames.free(id)
    assert.notEqual((await publishing()).repository.id, id)
  })
})
