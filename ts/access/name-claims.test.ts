import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { MetadataEngine } from '../metadata/engine.ts'
import { imageNameId, imageNames } from '../metadata/image-schema.ts'
import { openMongoEngine } from '../metadata/mongo.ts'
import { type PackageDocument, packages } from '../metadata/package-schema.ts'
import { collections } from '../metadata/schema.ts'
import { openTestAccess } from '../testing/access.ts'
import type { Opened } from '../testing/contract.ts'
import { type MongoServer, mongoSkip, openMongoServer } from '../testing/mongo-server.ts'
import { openTestEngine } from '../testing/stores.ts'
import { nameClaims } from './name-claims.ts'

const skipMongo = mongoSkip()
let server: MongoServer | undefined
before(async () => {
  if (!skipMongo) server = await openMongoServer()
})
after(() => server?.[Symbol.asyncDispose]())

async function openMongo(): Promise<Opened<MetadataEngine>> {
  const database = `test-${randomUUID()}`
  const store = await openMongoEngine({ url: server?.url ?? '', database, collections, schemaVersion: 1 })
  return { store, [Symbol.asyncDispose]: () => store.close() }
}

const minute = 60_000
const isOci = (protocol: string) => protocol === 'oci'
const taken = { code: 'name_taken' }

/** An organization of jane's with its default repository, and a clock for claims. */
async function aWorld(open: () => Promise<Opened<MetadataEngine>>) {
  const opened = await open()
  const t = await openTestAccess({ engine: opened.store, sharesNames: isOci })
  const jane = await t.aUser('jane')
  const { id } = await t.access.organizations.create({ name: 'acme', ownerId: jane.id })
  const clock = { now: Date.now() }
  const claims = nameClaims(opened.store, isOci, () => clock.now)
  const create = (name: string, protocol = 'oci') =>
    t.access.repositories.create({ organizationId: id, protocol, name, createdBy: jane.id })
  const images = await create('oci')
  const claimedBy = async (name: string) =>
    (await opened.store.collection(imageNames).get(imageNameId(id, name)))?.value.claimedBy
  return {
    t,
    id,
    clock,
    create,
    claimedBy,
    push: (name: string) => claims.claimForPackages(id, 'oci', name),
    forgetEmpty: () => claims.forgetEmpty('oci'),
    claimForRepository: (name: string) => claims.claimForRepository(id, 'oci', name),
    async anImage(name: string, more: Partial<PackageDocument> = {}) {
      const facts = { version: '', description: '', keywords: [], authors: [] }
      const nothing = { tags: [], owners: [], marks: [], recentChanges: [], createdAt: 0, updatedAt: 0, facts }
      const place = { repositoryId: images.id, protocol: 'oci', name, nameKey: name, published: 1 }
      return opened.store.collection(packages).insert(randomUUID(), { ...nothing, ...place, ...more })
    },
    async [Symbol.asyncDispose]() {
      await t[Symbol.asyncDispose]()
      await opened[Symbol.asyncDispose]()
    },
  }
}

function suite(backend: string, open: () => Promise<Opened<MetadataEngine>>, skip?: string): void {
  describe(`claims of names, ${backend}`, { skip: skip ?? false }, () => {
    test('of a repository and images that want a name at once exactly one gets it', async () => {
      await using w = await aWorld(open)
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const outcomes = await Promise.all(
        names.map(async (name, at) => {
          const asking = at % 2 === 0 ? [w.push(name), w.create(name)] : [w.create(name), w.push(name)]
          const settled = await Promise.allSettled(asking)
          return settled.filter(({ status }) => status === 'fulfilled').length
        }),
      )
      assert.deepEqual(
        outcomes,
        names.map(() => 1),
      )
      for (const name of names) {
        const isRepository = (await w.t.access.repositories.find(w.id, 'oci', name)) !== undefined
        assert.equal(await w.claimedBy(name), isRepository ? 'repository' : 'images')
      }
    })

    test('many pushes of one name at once all get it', async () => {
      await using w = await aWorld(open)
      await Promise.all(Array.from({ length: 10 }, () => w.push('team')))
      w.clock.now += 6 * minute
      await Promise.all(Array.from({ length: 10 }, () => w.push('team')))
    })
  })
}

suite('embedded', () => openTestEngine(collections))
suite('mongo', openMongo, skipMongo)

describe('a name', () => {
  const open = () => openTestEngine(collections)

  test('is refused to a repository while images begin with it, and says so', async () => {
    await using w = await aWorld(open)
    await w.push('team')
    await w.anImage('team/app')
    w.clock.now += 60 * minute
    await assert.rejects(w.claimForRepository('team'), { ...taken, message: /images of .* "team" or "team\/…"/ })
    await assert.rejects(w.create('team'), taken)
    assert.equal(await w.t.access.repositories.find(w.id, 'oci', 'team'), undefined)
  })

  test('is refused to images while a repository has it, a deleted one, too, until the name is freed', async () => {
    await using w = await aWorld(open)
    const { id } = await w.create('team')
    w.clock.now += 60 * minute
    await assert.rejects(w.push('team'), { ...taken, message: /a repository of the organization has it/ })
    await w.t.access.deletions.beginRepository(id)
    await assert.rejects(w.push('team'), taken)
    await w.t.access.deletions.buryRepository(id)
    await assert.rejects(w.push('team'), taken)
    await w.t.access.deletedNames.free(id)
    await w.push('team')
  })

  test('gives way when its images are gone, a quarter of an hour after the last push', async () => {
    await using w = await aWorld(open)
    await w.push('team')
    // Deleted ones, and what only looks alike.
    await w.anImage('team/app', { published: 3, removed: 3 })
    await w.anImage('team-2/app')
    await w.anImage('teams')
    w.clock.now += 14 * minute
    await assert.rejects(w.claimForRepository('team'), taken)
    w.clock.now += 2 * minute
    await w.claimForRepository('team')
    assert.equal(await w.claimedBy('team'), 'repository')
  })

  test('that is pushed to again and again does not give way', async () => {
    await using w = await aWorld(open)
    for (let i = 0; i < 5; i++) {
      await w.push('team')
      w.clock.now += 6 * minute
    }
    await assert.rejects(w.claimForRepository('team'), taken)
  })

  test('of a repository that was never made, its maker having died, gives way to images', async () => {
    await using w = await aWorld(open)
    await w.claimForRepository('team')
    await assert.rejects(w.push('team'), taken)
    w.clock.now += 16 * minute
    await w.push('team')
    assert.equal(await w.claimedBy('team'), 'images')
  })

  test('of the default repository, and of protocols that share no names, is claimed by nobody', async () => {
    await using w = await aWorld(open)
    await w.push('oci')
    await w.create('team', 'npm')
    await w.push('team')
    assert.equal(await w.claimedBy('oci'), undefined)
    await assert.rejects(w.create('oci'), { ...taken, message: 'There is an oci repository "oci" already.' })
  })

  test('that a repository has is refused to another repository as such', async () => {
    await using w = await aWorld(open)
    await w.create('team')
    await assert.rejects(w.create('team'), { ...taken, message: 'There is an oci repository "team" already.' })
  })

  test('that holds nothing is forgotten a quarter of an hour after it was touched, and no other', async () => {
    await using w = await aWorld(open)
    for (const name of ['empty', 'deleted', 'full', 'touched']) await w.push(name)
    await w.anImage('deleted/app', { published: 1, removed: 1 })
    await w.anImage('full/app')
    await w.create('team')
    await w.claimForRepository('never-made')
    w.clock.now += 14 * minute
    assert.equal(await w.forgetEmpty(), 0)
    await w.push('touched')
    w.clock.now += 2 * minute
    assert.equal(await w.forgetEmpty(), 3)
    const left = await Promise.all(
      ['empty', 'deleted', 'never-made', 'full', 'touched', 'team'].map((name) => w.claimedBy(name)),
    )
    assert.deepEqual(left, [undefined, undefined, undefined, 'images', 'images', 'repository'])
  })

  test('is looked at in its turn, however many there are', async () => {
    await using w = await aWorld(open)
    for (let i = 0; i < 501; i++) await w.push(`name-${i}`)
    w.clock.now += 16 * minute
    assert.equal(await w.forgetEmpty(), 500)
    assert.equal(await w.forgetEmpty(), 1)
    await w.push('one-more')
    w.clock.now += 16 * minute
    assert.equal(await w.forgetEmpty(), 1)
  })

  test('goes with its organization', async () => {
    await using w = await aWorld(open)
    await w.push('team')
    await w.t.access.deletions.beginOrganization(w.id)
    while ((await w.t.access.deletions.sweepOrganization(w.id)).removed > 0);
    assert.equal(await w.claimedBy('team'), undefined)
  })
})
