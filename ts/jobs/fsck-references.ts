import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import type { ImageTagDocument } from '../metadata/image-schema.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import type { FileDocument, PackageDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { digestOf } from '../registry/blob-records.ts'
import { withoutFences } from '../registry/fences.ts'
import { unlessStale } from './fsck-blobs.ts'
import { type Check, type CheckDeps, type Found, walkOf } from './fsck-finding.ts'
import { missingLink } from './fsck-links.ts'
import { fileName, packageNames } from './fsck-names.ts'
import { ago, counted } from './words.ts'

/** Every file of a version against its blob's record, the version that it belongs to, and its image's link. */
export function fileCheck({ engine, blobs, now }: CheckDeps): Check<Stored<FileDocument>> {
  const files = engine.collection(packageSchema.files)
  const records = engine.collection(packageSchema.blobs)
  const nameOf = fileName(engine)
  const linkOf = missingLink({ engine, now })

  /** Nothing will ever remove it, and it keeps its blob. */
  function left(file: Stored<FileDocument>): Found {
    const problem = `${file.value.name} is kept for a publish that never came about (${file.value.unitId})`
    return {
      finding: { kind: 'reference-left', subject: file.value.digest, problem, advice: 'A repair lets it go.' },
      repair: () =>
        unlessStale(async () => {
          await files.delete(file.id, file.revision)
          return 'The reference was removed.'
        }),
    }
  }

  async function found(kind: 'file-lost' | 'size-wrong', file: FileDocument, problem: string): Promise<Found> {
    const advice = 'Push or publish the same again, or restore the store from a backup.'
    return { finding: { kind, subject: await nameOf(file), problem, advice } }
  }

  async function damage(file: FileDocument): Promise<Found[]> {
    const { digest, sizeBytes } = file
    const record = await records.get(digest)
    if (record?.value.sizeBytes === sizeBytes) return []
    if (record) {
      const there = `its blob has ${counted(record.value.sizeBytes, 'byte')}, not the ${sizeBytes.toLocaleString('en')} it was published with`
      return [await found('size-wrong', file, there)]
    }
    // Bytes without a record are told of as such.
    if (await blobs.stat(digestOf(digest))) return []
    return [await found('file-lost', file, `it cannot be downloaded: there is no blob ${digest}`)]
  }

  return {
    thing: 'file',
    ...walkOf(
      (page) => files.find('byDigest', page),
      (id) => files.get(id),
    ),
    async look(file) {
      if (await isLeft(engine, file.value)) return [left(file)]
      return [...(await damage(file.value)), ...(await linkOf(file.value))]
    },
  }
}

/** Of no version, of no publish under way and of no open stage. A stage is written behind its files. */
async function isLeft(engine: MetadataEngine, { unitId }: FileDocument): Promise<boolean> {
  const units = withoutFences(engine.collection(packageSchema.units))
  if (await units.get(unitId)) return false
  const stage = await engine.collection(packageSchema.stages).get(unitId)
  if (unitId.startsWith('stg_')) return stage !== undefined && ['approved', 'rejected'].includes(stage.value.state)
  if (await engine.collection(packageSchema.intents).get(unitId)) return false
  // It may have been inserted between the two looks.
  return (await units.get(unitId)) === undefined
}

/** Every tag of an image against the manifest that it names. */
export function tagCheck({ engine }: CheckDeps): Check<Stored<ImageTagDocument>> {
  const tags = engine.collection(imageSchema.imageTags)
  const units = engine.collection(packageSchema.units)
  const packages = engine.collection(packageSchema.packages)
  const nameOf = packageNames(engine)
  return {
    thing: 'tag',
    ...walkOf(
      (page) => tags.find('byTag', page),
      (id) => tags.get(id),
    ),
    async look(tag) {
      const { packageId, unitId, digest } = tag.value
      const [unit, pkg] = await Promise.all([units.get(unitId), packages.get(packageId)])
      if (pkg && unit?.value.packageId === packageId && unit.value.key === digest) return []
      const subject = `${pkg ? await nameOf(pkg.value) : packageId}:${tag.value.tag}`
      const problem = `the tag names ${digest}, and there is no such manifest`
      const advice = 'Push the image again; a repair removes the tag.'
      return [
        {
          finding: { kind: 'tag-dangling', subject, problem, advice },
          repair: () =>
            unlessStale(async () => {
              await tags.delete(tag.id, tag.revision)
              return 'The tag was removed.'
            }),
        },
      ]
    },
  }
}

/** Records of packages that nobody has ever seen: a publish that did not come about may leave one. */
export function packageCheck({ engine, graceSeconds, now }: CheckDeps): Check<Stored<PackageDocument>> {
  const packages = engine.collection(packageSchema.packages)
  const nameOf = packageNames(engine)
  return {
    thing: 'package',
    ...walkOf(
      (page) => packages.find('byName', page),
      (id) => packages.get(id),
    ),
    async look(pkg) {
      const { published, createdAt } = pkg.value
      if (published > 0 || createdAt > now() - graceSeconds * 1000 || (await isInUse(engine, pkg.id))) return []
      const subject = await nameOf(pkg.value)
      const problem = `nothing was ever published in it; its record was made ${ago(createdAt, now())}`
      const advice = 'It does no harm; a repair removes it.'
      return [
        {
          finding: { kind: 'package-invisible', subject, problem, advice },
          repair: () =>
            unlessStale(async () => {
              await packages.delete(pkg.id, pkg.revision)
              return 'The record was removed.'
            }),
        },
      ]
    },
  }
}

/** Has it a unit, a file, or a publish under way? */
async function isInUse(engine: MetadataEngine, packageId: string): Promise<boolean> {
  const query = { equals: { packageId }, limit: 1 }
  const units = await engine.collection(packageSchema.units).find('bySequence', query)
  const files = await engine.collection(packageSchema.files).find('byName', query)
  return units.items.length + files.items.length > 0 || (await hasIntent(engine, packageId))
}

/** There are few intents at any time. */
async function hasIntent(engine: MetadataEngine, packageId: string): Promise<boolean> {
  const intents = engine.collection(packageSchema.intents)
  for (let after: string | undefined; ; ) {
    const page = await intents.find('byAge', { limit: 1000, ...(after !== undefined && { after }) })
    if (page.items.some(({ value }) => value.packageId === packageId)) return true
    after = page.next
    if (after === undefined) return false
  }
}
