import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStores } from '../ts/cli/open-stores.ts'
import { loadConfig } from '../ts/config.ts'
import * as accessSchema from '../ts/metadata/access-schema.ts'
import type { MetadataEngine } from '../ts/metadata/engine.ts'
import * as packageSchema from '../ts/metadata/package-schema.ts'
import { describeUnit } from '../ts/protocols/all.ts'
import { createRegistry } from '../ts/registry/registry.ts'
import { openTestAccess } from '../ts/testing/access.ts'
import { openTestFolder } from '../ts/testing/stores.ts'
import { busyUsers, organizationId, userId } from './platform/people.ts'
import { repositoryId } from './platform/places.ts'
import { textKinds } from './platform/searches.ts'
import type { SeededPlatform } from './platform/seeded.ts'
import { sizeOf } from './platform/size.ts'
import { runCommand } from './processes.ts'

const size = sizeOf(500)

/** A data folder that a server had opened before, with a small installation in it. */
async function aSeededFolder() {
  const folder = await openTestFolder()
  const config = loadConfig({ DATA_DIR: folder.path })
  const opening = await openStores(config)
  await opening.engine.close()
  await opening.blobs.close()
  const output = join(folder.path, 'platform.json')
  const program = join(import.meta.dirname, 'seed.ts')
  await runCommand(process.execPath, [program, folder.path, String(size.packages), output], { cwd: '/' })
  const platform: SeededPlatform = (await import(output, { with: { type: 'json' } })).default
  const { engine, blobs } = await openStores(config)
  const registry = createRegistry({
    engine,
    blobs,
    describe: describeUnit,
    keepsTombstones: () => true,
    documentCacheBytes: 1 << 20,
  })
  const access = await openTestAccess({ engine })
  return {
    engine,
    registry,
    platform,
    access: access.access,
    async [Symbol.asyncDispose]() {
      await registry.settled()
      await access[Symbol.asyncDispose]()
      await engine.close()
      await blobs.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function countsOf(engine: MetadataEngine) {
  const all = { limit: 1000 } as const
  const count = (name: string, counted: Promise<number>) => counted.then((number) => [name, number] as const)
  return Object.fromEntries(
    await Promise.all([
      count('users', engine.collection(accessSchema.users).count('byUsername', {})),
      count('organizations', engine.collection(accessSchema.organizations).count('byName', {})),
      count('packages', engine.collection(packageSchema.packages).count('byName', {})),
      count('units', engine.collection(packageSchema.units).count('byKey', {})),
      count('postings', engine.collection(packageSchema.postings).count('byPackage', {})),
      count(
        'intents',
        engine
          .collection(packageSchema.intents)
          .find('byAge', all)
          .then(({ items }) => items.length),
      ),
    ]),
  )
}

test('a seeded installation is what publishes and the API would have made', async (t) => {
  await using seeded = await aSeededFolder()
  const { engine, registry, access, platform } = seeded

  await t.test('it has as many of everything as it says', async () => {
    const { postings, ...counts } = await countsOf(engine)
    const { users, packages } = size
    // The default organization is there too.
    const organizations = size.organizations + 1
    assert.deepEqual(counts, { users, organizations, packages, units: packages, intents: 0 })
    assert.ok((postings ?? 0) > packages * 10)
  })

  await t.test('search has nothing to add for any package, and nothing to take away', async () => {
    const before = await countsOf(engine)
    const { items } = await engine.collection(packageSchema.packages).find('byName', { limit: 1000 })
    const ids = async () => {
      const found = await engine.collection(packageSchema.postings).find('byPackage', { limit: 1000 })
      return found.items.map(({ id }) => id)
    }
    const idsBefore = await ids()
    for (const pkg of items) await registry.postings.refresh(pkg)
    assert.deepEqual([await countsOf(engine), await ids()], [before, idsBefore])
  })

  await t.test('nothing is left to complete', async () => {
    assert.equal(await registry.completeUnfinished(Date.now()), 0)
  })

  await t.test('change logs have no holes, and files can be downloaded', async () => {
    const repository = repositoryId(0, 0)
    const changes = await registry.changes.after(repository, 0, 1000)
    assert.deepEqual(
      changes.map(({ sequence }) => sequence),
      changes.map((_, i) => i + 1),
    )
    const [change] = changes
    const pkg = change && (await registry.packages.find(repository, change.packageName))
    const base = change?.packageName.replace(/^.*\//, '')
    const file = pkg && (await registry.packages.file(pkg, `${base}-1.0.0.tgz`))
    assert.ok(file && (await registry.blobs.stat(file.digest as `sha256:${string}`)))
  })

  await t.test('who is asked for may read what it asks for', async () => {
    for (const { token, organization, repository, packageName } of platform.asks.slice(0, 20)) {
      const principal = await access.authenticate({ kind: 'token', token }, '127.0.0.1')
      const entered = await access.enter(principal, 'read', { protocol: 'npm', organization, repository })
      assert.ok(await registry.packages.find(entered.repository.id, packageName))
    }
  })

  await t.test('members sit in their teams, teams work in their repositories, guests have their grants', async () => {
    const [team] = (await access.teams.list(organizationId(0), {})).items
    assert.ok(team)
    const members = await access.teams.members(team.id, { limit: 100 })
    assert.partialDeepStrictEqual(members.items[0], { memberId: userId(2), role: 'maintainer' })
    assert.deepEqual(await access.grants.repositoriesOf(team.id), [repositoryId(0, 0)])
    const many = await access.organizations.membershipsOf(userId(busyUsers.ofThousand))
    assert.equal(many.length, size.organizations)
  })

  await t.test('every kind of search but that of no package finds some', async () => {
    const base = { scope: { kind: 'all' }, protocol: 'npm', mayRead: async () => true, from: 0, size: 5 } as const
    for (const { title, texts } of textKinds(platform)) {
      const plain = texts.filter((text) => !text.includes(':'))
      const totals = await Promise.all(plain.map(async (text) => (await registry.search({ ...base, text })).total))
      if (plain.length > 0) assert.equal(Math.max(...totals) > 0, title !== 'a word of no package', title)
    }
  })
})
