import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { Digest } from '../blobs/store.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { type GarbageWorld, graceMs, openGarbageWorld, repositoryId } from '../testing/garbage.ts'
import { checkStores, type FsckOptions } from './fsck.ts'
import type { Finding, FindingKind } from './fsck-finding.ts'

function optionsIn(world: GarbageWorld, more: Partial<FsckOptions> = {}): FsckOptions {
  return {
    engine: world.engine,
    blobs: world.blobs,
    graceSeconds: graceMs / 1000,
    isFast: false,
    repairs: false,
    now: world.now,
    signal: new AbortController().signal,
    rest: async () => {},
    againMs: 0,
    ...more,
  }
}

const checked = (world: GarbageWorld, more: Partial<FsckOptions> = {}): Promise<Finding[]> =>
  Array.fromAsync(checkStores(optionsIn(world, more)))

/** Overwrites the bytes as a failing disk would. */
const overwrite = (world: GarbageWorld, digest: Digest, text: string) =>
  writeFile(world.blobs.localPath(digest) ?? '', text)

async function removeLink(world: GarbageWorld, digest: Digest): Promise<void> {
  const link = (await world.linkOf('app', digest)) ?? assert.fail()
  await world.engine.collection(imageSchema.blobLinks).delete(link.id)
}

interface Case {
  readonly damage: (world: GarbageWorld) => Promise<Digest>
  /** Kinds that are told, in order. */
  readonly found: readonly FindingKind[]
  readonly repaired: RegExp
  /** What is told after the repair. */
  readonly left?: readonly FindingKind[]
  readonly after?: (world: GarbageWorld, digest: Digest) => Promise<void>
}

const cases: Record<string, Case> = {
  'bytes that are missing': {
    async damage(world) {
      const digest = await world.link({ isNamed: true })
      await world.blobs.delete(digest)
      return digest
    },
    found: ['bytes-missing', 'file-lost'],
    repaired: /^The record was removed\.$/,
    left: ['file-lost'],
    async after(world, digest) {
      assert.equal(await world.blob(digest), undefined)
    },
  },
  'bytes that are others': {
    async damage(world) {
      const digest = await world.file()
      await overwrite(world, digest, 'x'.repeat(36))
      return digest
    },
    found: ['bytes-wrong', 'file-lost'],
    repaired: /^The bytes were moved to \S+quarantine\S+\. The record was removed\.$/,
    left: ['file-lost'],
    async after(world, digest) {
      assert.equal(await world.has(digest), false)
    },
  },
  'bytes that nothing names and no record tells of': {
    async damage(world) {
      const digest = await world.orphan()
      await world.engine.collection(packageSchema.blobs).delete(digest)
      return digest
    },
    found: ['bytes-unrecorded'],
    repaired: /^The bytes were moved to \S+quarantine/,
    async after(world, digest) {
      assert.deepEqual([await world.has(digest), await world.blob(digest)], [false, undefined])
    },
  },
  'bytes in use that no record tells of': {
    async damage(world) {
      const digest = await world.file()
      await world.engine.collection(packageSchema.blobs).delete(digest)
      return digest
    },
    found: ['bytes-unrecorded'],
    repaired: /^It was recorded again\.$/,
    async after(world, digest) {
      assert.equal((await world.blob(digest))?.value.state, 'live')
      assert.ok(await world.has(digest))
    },
  },
  'a record with another size': {
    async damage(world) {
      const digest = await world.orphan()
      await world.engine
        .collection(packageSchema.blobs)
        .update(digest, 1, { state: 'live', touchedAt: world.now(), sizeBytes: 7 })
      return digest
    },
    found: ['size-wrong'],
    repaired: /^The record was corrected\.$/,
  },
  'a deletion that was not ended': {
    async damage(world) {
      const digest = await world.orphan()
      const value = { state: 'deleting' as const, touchedAt: world.now(), sizeBytes: 36, deletingSince: world.now() }
      await world.engine.collection(packageSchema.blobs).update(digest, 1, value)
      world.pass(3 * 3_600_000)
      return digest
    },
    found: ['deletion-unfinished'],
    repaired: /^Its deletion was ended\.$/,
    async after(world, digest) {
      assert.deepEqual([await world.has(digest), await world.blob(digest)], [false, undefined])
    },
  },
  'a file without a blob': {
    async damage(world) {
      const digest = await world.file()
      await world.engine.collection(packageSchema.blobs).delete(digest)
      await world.blobs.delete(digest)
      return digest
    },
    found: ['file-lost'],
    repaired: /^$/,
    left: ['file-lost'],
  },
  'a reference of a publish that never was': {
    async damage(world) {
      const digest = await world.orphan()
      const file = { packageId: 'pkg_1', unitId: 'unt_gone', name: 'a.tgz', digest, sizeBytes: 36 }
      await world.engine.collection(packageSchema.files).insert('unt_gone.0', file)
      return digest
    },
    found: ['reference-left'],
    repaired: /^The reference was removed\.$/,
  },
  'a link without a blob': {
    async damage(world) {
      const digest = await world.link()
      await world.engine.collection(packageSchema.blobs).delete(digest)
      await world.blobs.delete(digest)
      return digest
    },
    found: ['link-broken'],
    repaired: /^The link was removed\.$/,
  },
  'missing bytes that an image has, and no manifest of it names': {
    async damage(world) {
      const digest = await world.link()
      await world.blobs.delete(digest)
      return digest
    },
    found: ['bytes-missing'],
    repaired: /^The record was removed\.$/,
    async after(world, digest) {
      assert.deepEqual([await world.blob(digest), await world.linkOf('app', digest)], [undefined, undefined])
    },
  },
  'a blob that a manifest names, and its image has no link to': {
    async damage(world) {
      const digest = await world.link({ isNamed: true })
      await removeLink(world, digest)
      return digest
    },
    found: ['link-missing'],
    repaired: /^The link was made again\.$/,
    async after(world, digest) {
      const { blob, sizeBytes } = (await world.linkOf('app', digest))?.value ?? assert.fail()
      assert.deepEqual([blob, sizeBytes], [digest, 36])
    },
  },
  'a tag without a manifest': {
    async damage(world) {
      const digest = await world.link({ isNamed: true })
      const who = { actor: 'usr_1', actorName: 'jane', requestId: 'req_1' }
      const times = { createdAt: world.now(), updatedAt: world.now() }
      const tag = { packageId: 'pkg_app', tag: 'v1', unitId: 'unt_gone', digest, ...times, ...who }
      await world.engine.collection(imageSchema.imageTags).insert('pkg_app:v1', tag)
      return digest
    },
    found: ['tag-dangling'],
    repaired: /^The tag was removed\.$/,
  },
  'a package that nobody has ever seen': {
    async damage(world) {
      const digest = await world.link({ isNamed: true })
      const packages = world.engine.collection(packageSchema.packages)
      const app = await packages.get('pkg_app')
      assert.ok(app)
      await packages.insert('pkg_2', { ...app.value, repositoryId, name: 'never', published: 0 })
      world.pass(graceMs + 1)
      return digest
    },
    found: ['package-invisible'],
    repaired: /^The record was removed\.$/,
  },
}

describe('told, left as it is, and repaired on request:', () => {
  for (const [name, { damage, found, repaired, left = [], after }] of Object.entries(cases)) {
    test(name, async () => {
      await using world = await openGarbageWorld()
      await world.link({ image: 'sound', isNamed: true })
      await world.file()
      const digest = await damage(world)
      const kindsOf = (findings: readonly Finding[]) => findings.map(({ kind }) => kind)
      assert.deepEqual(kindsOf(await checked(world)), found)
      assert.deepEqual(kindsOf(await checked(world)), found)
      const [first] = await checked(world, { repairs: true })
      assert.match(first?.repaired ?? '', repaired)
      await after?.(world, digest)
      assert.deepEqual(kindsOf(await checked(world)), left)
    })
  }
})

test('what is uploaded again is whole again', async () => {
  await using world = await openGarbageWorld()
  const digest = await world.file('precious')
  await overwrite(world, digest, 'precioux')
  await checked(world, { repairs: true })
  assert.equal(await world.orphan('precious'), digest)
  assert.deepEqual(await checked(world), [])
})

test('lost bytes that are uploaded to any image make all images whole that name them', async () => {
  await using world = await openGarbageWorld()
  const precious = { text: 'precious', isNamed: true } as const
  const digest = await world.link(precious)
  await world.link({ ...precious, image: 'other' })
  await world.link({ ...precious, image: 'unlinked' })
  await world.engine.collection(imageSchema.blobLinks).delete(imageSchema.linkId(repositoryId, 'unlinked', digest))
  await world.blobs.delete(digest)
  const repaired = await checked(world, { repairs: true })
  assert.deepEqual(repaired.map(({ kind }) => kind).toSorted(), [
    'bytes-missing',
    'file-lost',
    'file-lost',
    'file-lost',
    'link-missing',
  ])
  await world.orphan('precious')
  assert.deepEqual(await checked(world), [])
  for (const image of ['app', 'other', 'unlinked']) assert.ok(await world.linkOf(image, digest), image)
})

test('without reading, a wrong size is found, and bytes of the same size are not', async () => {
  await using world = await openGarbageWorld()
  const [same, other] = [await world.orphan('same'), await world.orphan('other')]
  await overwrite(world, same, 'emas')
  await overwrite(world, other, 'cut')
  const findings = await checked(world, { isFast: true })
  assert.deepEqual(
    findings.map(({ kind, subject }) => [kind, subject]),
    [['bytes-wrong', other]],
  )
})

test('what is right by the time of the second look is no finding', async () => {
  await using world = await openGarbageWorld()
  const digest = await world.file()
  const record = await world.blob(digest)
  assert.ok(record)
  await world.engine.collection(packageSchema.blobs).delete(digest)
  const checking = checked(world, { againMs: 200 })
  await world.engine.collection(packageSchema.blobs).insert(digest, record.value)
  assert.deepEqual(await checking, [])
})
