import { hash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { BlobStore, Digest } from '../blobs/store.ts'
import { type GarbageCollector, type GarbageDeps, garbageCollector } from '../jobs/gc.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import type { BlobDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import * as schema from '../metadata/schema.ts'
import { type BlobRecords, blobRecords } from '../registry/blob-records.ts'
import { defaultGraceSeconds } from '../registry/grace.ts'
import { bytesOf } from './bytes.ts'
import type { Opened } from './contract.ts'
import { openTestEngine, openTestFolder } from './stores.ts'

export const graceMs = defaultGraceSeconds * 1000
const dayMs = 86_400_000
export const repositoryId = 'repo_1'

/** Stores with a clock of their own, and what may stand in them. */
export interface GarbageWorld extends AsyncDisposable {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  readonly records: BlobRecords
  now(): number
  pass(ms: number): void
  /** Stores the text; nothing refers to it. */
  orphan(text?: string): Promise<Digest>
  /** Stores the text; a file of a version names it. */
  file(text?: string): Promise<Digest>
  /** Stores the text; an image has a link to it, and a manifest that names it when `isNamed`. */
  link(options?: { image?: string; isNamed?: boolean; text?: string }): Promise<Digest>
  /** A manifest of the image that names the digest. */
  name(image: string, digest: string): Promise<void>
  /** An upload session of a day, with bytes; resolves to its id. */
  upload(): Promise<string>
  blob(digest: string): Promise<Stored<BlobDocument> | undefined>
  linkOf(image: string, digest: string): Promise<Stored<imageSchema.BlobLinkDocument> | undefined>
  /** Are the bytes there? */
  has(digest: Digest): Promise<boolean>
  collector(more?: Partial<GarbageDeps>): GarbageCollector
  /** Collects once, without rests. */
  collect(more?: Partial<GarbageDeps>): ReturnType<GarbageCollector['collect']>
}

export const turn = { signal: new AbortController().signal, restShare: 0 }

/** On fresh embedded stores, or on those given, which are closed with it. */
export async function openGarbageWorld(
  stores: { engine?: Opened<MetadataEngine>; blobs?: Opened<BlobStore> } = {},
): Promise<GarbageWorld> {
  const opened = stores.engine ?? (await openTestEngine(schema.collections))
  const openedBlobs = stores.blobs ?? (await openTestBlobs())
  const engine = opened.store
  const blobs = openedBlobs.store
  let clock = Date.now()
  let published = 0
  const now = () => clock
  const records = blobRecords(engine, blobs, { now })
  const files = engine.collection(packageSchema.files)

  async function orphan(text: string = randomUUID()): Promise<Digest> {
    const staged = await blobs.stage(bytesOf(text))
    await records.keep([{ digest: staged.digest, sizeBytes: staged.sizeBytes, staged }])
    return staged.digest
  }

  async function refer(packageId: string, name: string, digest: string): Promise<void> {
    const unitId = randomUUID()
    const sizeBytes = (await engine.collection(packageSchema.blobs).get(digest))?.value.sizeBytes ?? 0
    await files.insert(`${unitId}.0`, { packageId, unitId, name, digest, sizeBytes })
    const unit = aUnit(packageId, `sha256:${hash('sha256', unitId)}`, ++published)
    await engine.collection(packageSchema.units).insert(unitId, unit)
  }

  async function name(image: string, digest: string): Promise<void> {
    const packageId = `pkg_${image}`
    const packages = engine.collection(packageSchema.packages)
    if (!(await packages.get(packageId))) await packages.insert(packageId, aPackage(image, clock))
    await refer(packageId, digest, digest)
  }

  const collector: GarbageWorld['collector'] = (more = {}) =>
    garbageCollector({ engine, blobs, graceSeconds: defaultGraceSeconds, now, ...more })

  return {
    engine,
    blobs,
    records,
    now,
    pass(ms) {
      clock += ms
    },
    orphan,
    name,
    async file(text) {
      const digest = await orphan(text)
      await refer('pkg_files', 'a.tgz', digest)
      return digest
    },
    async link({ image = 'app', isNamed = false, text } = {}) {
      const blob = await orphan(text)
      if (isNamed) await name(image, blob)
      const link = { repositoryId, image, digest: blob, blob, sizeBytes: 36, touchedAt: clock }
      await engine.collection(imageSchema.blobLinks).insert(imageSchema.linkId(repositoryId, image, blob), link)
      return blob
    },
    async upload() {
      const id = randomUUID()
      const { state } = await blobs.uploads.append(blobs.uploads.begin(), bytesOf('begun'))
      const place = { repositoryId, image: 'app', ownerId: 'usr_1' }
      const upload = { ...place, ...state, startedAt: clock, expiresAt: clock + dayMs }
      await engine.collection(imageSchema.uploads).insert(id, upload)
      return id
    },
    blob: (digest) => engine.collection(packageSchema.blobs).get(digest),
    linkOf: (image, digest) =>
      engine.collection(imageSchema.blobLinks).get(imageSchema.linkId(repositoryId, image, digest)),
    has: async (digest) => (await blobs.stat(digest)) !== undefined,
    collector,
    collect: (more) => collector(more).collect(turn),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await openedBlobs[Symbol.asyncDispose]()
    },
  }
}

async function openTestBlobs(): Promise<Opened<BlobStore>> {
  const folder = await openTestFolder()
  return { store: await filesystemBlobStore({ dir: join(folder.path, 'packages') }), ...folder }
}

function aUnit(packageId: string, key: string, sequence: number): packageSchema.UnitDocument {
  const publisher = { publisherId: 'usr_1', publisherName: 'jane', requestId: 'req_1' }
  const own = { name: key, digest: key, sizeBytes: 7, mediaType: 'text/plain', hashes: {} }
  const rest = { metadata: { kind: 'image' }, files: [own], tags: [], tagsIfAbsent: [], createdAt: 0 }
  return { packageId, key, version: key, sequence, ...publisher, ...rest }
}

function aPackage(name: string, at: number): packageSchema.PackageDocument {
  return {
    repositoryId,
    protocol: 'oci',
    name,
    nameKey: name,
    path: name,
    published: 1,
    tags: [],
    owners: [],
    marks: [],
    createdAt: at,
    updatedAt: at,
    facts: { version: '', description: '', keywords: [], authors: [] },
    recentChanges: [],
  }
}
