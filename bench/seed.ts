import { writeFile } from 'node:fs/promises'
import { newTokenText, tokenHash } from '../ts/access/token-text.ts'
import { openMetadata, openStores } from '../ts/cli/open-stores.ts'
import { loadConfig } from '../ts/config.ts'
import * as accessSchema from '../ts/metadata/access-schema.ts'
import * as packageSchema from '../ts/metadata/package-schema.ts'
import * as signInSchema from '../ts/metadata/sign-in-schema.ts'
import { blobRecords } from '../ts/registry/blob-records.ts'
import { distOf, generatePackage } from './packages.ts'
import { type Bulk, openBulk } from './platform/bulk.ts'
import { beginning, idOf } from './platform/chance.ts'
import { contentsOf, type Plan, placesIn, planOf, type StoredBlob } from './platform/contents.ts'
import * as people from './platform/people.ts'
import * as places from './platform/places.ts'
import type { Caller, SeededPlatform } from './platform/seeded.ts'
import { type PlatformSize, sizeOf } from './platform/size.ts'
import { writeUsage } from './platform/usage.ts'

const blobCount = 100
/** Packages that are read by somebody who may, one publisher's token each. */
const askCount = 1000
const packagesBetweenReports = 50_000

/**
 * `node seed.ts DATA_DIR PACKAGES OUTPUT`: adds a whole installation to a data folder, while no server runs,
 * and writes to OUTPUT who may ask for what.
 */
async function main([dataDir = '', packages = '0', output = '']: readonly string[]): Promise<void> {
  const config = loadConfig({ DATA_DIR: dataDir })
  if (config.metadata.kind !== 'sqlite') throw new Error('Bulk loading is for the embedded store.')
  const { blobs, passwordHash } = await prepare(config)
  const size = sizeOf(Number(packages))
  const bulk = openBulk(config.metadata.path)
  insertPeople(bulk, size, passwordHash)
  insertPlaces(bulk, size)
  const asked = insertPackages(bulk, size, blobs)
  const seeded = { size, ...insertTokens(bulk, asked) }
  bulk.finish(report)
  const engine = await openMetadata(config.metadata)
  await writeUsage(engine, size.packages).finally(engine.close)
  await writeFile(output, JSON.stringify(seeded))
}

/** What the embedded stores must do themselves: keep bytes. */
async function prepare(config: ReturnType<typeof loadConfig>): Promise<{ blobs: StoredBlob[]; passwordHash: string }> {
  const stores = await openStores(config)
  try {
    const records = blobRecords(stores.engine, stores.blobs)
    const blobs: StoredBlob[] = []
    for (let i = 0; i < blobCount; i++) {
      const { tarball } = generatePackage(`seeded-${i}`, '1.0.0', 2_000)
      const staged = await stores.blobs.stage(piecesOf(tarball))
      const { digest, sizeBytes } = staged
      await records.keep([{ digest, sizeBytes, staged }])
      blobs.push({ digest, sizeBytes, ...distOf(tarball) })
    }
    const [admin] = (await stores.engine.collection(accessSchema.users).find('byUsername', { limit: 1 })).items
    return { blobs, passwordHash: admin?.value.passwordHash ?? '' }
  } finally {
    await stores.blobs.close()
    await stores.engine.close()
  }
}

async function* piecesOf(bytes: Buffer) {
  yield bytes
}

function insertPeople(bulk: Bulk, size: PlatformSize, passwordHash: string): void {
  report(`Writing ${size.users} users and ${size.organizations} organizations`)
  for (let user = 0; user < size.users; user++) {
    bulk.insert(accessSchema.users, people.userId(user), people.userDocument(user, passwordHash))
    for (const organization of people.organizationsOfUser(user, size)) {
      const membership = people.membershipOf(user, organization)
      bulk.insert(accessSchema.memberships, membership.id, membership.value)
      const pointer = people.teamPointerOf(membership)
      if (pointer) bulk.insert(accessSchema.teamPointers, pointer.id, pointer.value)
    }
  }
}

function insertPlaces(bulk: Bulk, size: PlatformSize): void {
  for (let organization = 0; organization < size.organizations; organization++) {
    bulk.insert(
      accessSchema.organizations,
      people.organizationId(organization),
      places.organizationDocument(organization),
    )
    for (let team = 0; team < people.teamsEach; team++) {
      bulk.insert(accessSchema.teams, people.teamId(organization, team), people.teamDocument(organization, team))
    }
    for (let i = 0; i < places.repositoriesEach.length; i++) {
      const id = places.repositoryId(organization, i)
      const repository = places.repositoryDocument(organization, i, size)
      bulk.insert(accessSchema.repositories, id, repository)
      for (const pointer of places.grantPointersOf(id, repository)) {
        bulk.insert(accessSchema.grantPointers, pointer.id, pointer.value)
      }
    }
  }
}

/** Resolves to publishes spread evenly over all of them. */
function insertPackages(bulk: Bulk, size: PlatformSize, blobs: readonly StoredBlob[]): Plan[] {
  const placeOf = placesIn(size)
  const sequences = new Map<string, number>()
  const asked: Plan[] = []
  for (let number = 0; number < size.packages; number++) {
    const blob = blobs[number % blobs.length]
    if (!blob) break
    const plan = planOf(number, size, placeOf, blob)
    const sequence = (sequences.get(plan.repository.id) ?? 0) + 1
    sequences.set(plan.repository.id, sequence)
    insertPublish(bulk, number, plan, sequence)
    if (number % Math.max(1, Math.floor(size.packages / askCount)) === 0) asked.push(plan)
    if ((number + 1) % packagesBetweenReports === 0) report(`Written ${number + 1} of ${size.packages} packages`)
  }
  return asked
}

/** The same records as `publish` leaves, its finished intent being gone. */
function insertPublish(bulk: Bulk, number: number, plan: Plan, sequence: number): void {
  const { package: pkg, unit, postings } = contentsOf(number, plan)
  bulk.insert(packageSchema.packages, pkg.id, pkg.value)
  bulk.insert(packageSchema.units, unit.id, unit.value)
  unit.value.files.forEach(({ name, digest, sizeBytes }, i) => {
    bulk.insert(packageSchema.files, `${unit.id}.${i}`, { packageId: pkg.id, unitId: unit.id, name, digest, sizeBytes })
  })
  bulk.insert(packageSchema.changes, `chg_${unit.id}`, {
    repositoryId: pkg.value.repositoryId,
    sequence,
    kind: 'publish',
    packageName: pkg.value.name,
    unitKeys: [unit.value.key],
    actor: unit.value.publisherId,
    requestId: unit.value.requestId,
    at: unit.value.createdAt,
  })
  for (const [id, posting] of postings) bulk.insert(packageSchema.postings, id, posting)
}

function insertTokens(bulk: Bulk, asked: readonly Plan[]): Pick<SeededPlatform, 'callers' | 'asks'> {
  const texts = new Map<string, string>()
  const tokenOf = (holder: string): string => {
    const known = texts.get(holder)
    if (known !== undefined) return known
    const text = newTokenText()
    bulk.insert(signInSchema.tokens, idOf('tok', texts.size), tokenDocument(holder, text))
    texts.set(holder, text)
    return text
  }
  const caller = (user: number): Caller => ({ token: tokenOf(people.userId(user)) })
  const asks = asked.map(({ organizationName, repository, request }) => ({
    token: tokenOf(request.publisherId),
    organization: organizationName,
    repository: repository.value.name,
    packageName: request.packageName,
  }))
  const { ofThree, ofThousand } = people.busyUsers
  return { callers: { ofThree: caller(ofThree), ofThousand: caller(ofThousand) }, asks }
}

function tokenDocument(holder: string, text: string): signInSchema.TokenDocument {
  return {
    hash: tokenHash(text),
    hint: text.slice(0, 8),
    userId: holder,
    name: 'bench',
    actions: ['read', 'write'],
    cidrs: [],
    createdAt: beginning,
  }
}

function report(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

await main(process.argv.slice(2))
