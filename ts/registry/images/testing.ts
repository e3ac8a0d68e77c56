import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, describe } from 'node:test'
import type { RepositoryDocument } from '../../metadata/access-schema.ts'
import type { MetadataEngine } from '../../metadata/engine.ts'
import { openMongoEngine } from '../../metadata/mongo.ts'
import * as schema from '../../metadata/schema.ts'
import { bytesOf } from '../../testing/bytes.ts'
import type { Opened } from '../../testing/contract.ts'
import { type MongoServer, mongoSkip, openMongoServer } from '../../testing/mongo-server.ts'
import { aRepository, openTestRegistry } from '../../testing/registry.ts'
import type { Registry } from '../registry.ts'
import type { Package } from '../store.ts'
import type { ImageBlob, ImagePlace, Manifest, ManifestPut } from './images.ts'
import type { ManifestFacts, ManifestReference } from './manifest-facts.ts'

export const imageType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'

/** The same cases with metadata in SQLite and in MongoDB. */
export function onBothEngines(subject: string, cases: (open: () => Promise<TestImages>) => void): void {
  describe(`${subject} (sqlite)`, () => cases(() => openTestImages()))
  const skip = mongoSkip()
  describe(`${subject} (mongo)`, { skip: skip ?? false }, () => {
    let server: MongoServer | undefined
    before(async () => {
      server = await openMongoServer()
    })
    after(() => server?.[Symbol.asyncDispose]())
    cases(async () => {
      const database = `test-${randomUUID()}`
      const options = { url: server?.url ?? '', database, collections: schema.collections, schemaVersion: 1 }
      const store = await openMongoEngine(options)
      return openTestImages({ store, [Symbol.asyncDispose]: () => store.close() })
    })
  })
}

export type TestImages = Awaited<ReturnType<typeof openTestImages>>

/** The domain with a repository of images, and in it the place `app`. */
export async function openTestImages(opened?: Opened<MetadataEngine>) {
  const t = await openTestRegistry(opened)
  const withImages = (overrides: Partial<RepositoryDocument> = {}) =>
    aRepository(t.engine, { protocol: 'oci', name: 'oci', ...overrides })
  const repository = await withImages()
  const app: ImagePlace = { repository, image: 'app' }

  /** Gives the image a blob with these bytes. */
  async function aBlob(place: ImagePlace, text: string = randomUUID(), by: Registry = t.registry): Promise<ImageBlob> {
    const staged = await t.blobs.stage(bytesOf(text))
    return by.images.blobs.link(place, staged.digest, staged)
  }

  /** The push of a manifest that names these. */
  async function aPut(place: ImagePlace, options: PutOptions = {}): Promise<ManifestPut> {
    const { tags = [], facts = {}, text = randomUUID() } = options
    const references = [...(options.blobs ?? []).map(blobReference), ...(options.children ?? []).map(childReference)]
    const kind = options.children ? 'index' : 'image'
    const mediaType = options.children ? indexType : imageType
    const bytes = JSON.stringify({ text, references, facts })
    const algorithm = options.sha512 ? 'sha512' : 'sha256'
    return {
      ...place,
      path: `acme/${place.image}`,
      stage: () => t.blobs.stage(bytesOf(bytes)),
      digest: `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`,
      mediaType,
      facts: { kind, mediaType, references, annotations: {}, ...facts },
      tags,
      publisherId: 'usr_test',
      publisherName: 'tess',
      requestId: randomUUID(),
    }
  }

  /** Pushes an image of one layer. */
  async function anImage(place: ImagePlace, options: PutOptions = {}, by: Registry = t.registry): Promise<Manifest> {
    const blobs = options.blobs ?? (options.children ? [] : [await aBlob(place)])
    return by.images.manifests.put(await aPut(place, { ...options, blobs }))
  }

  async function find(place: ImagePlace, by: Registry = t.registry): Promise<Package | undefined> {
    return by.packages.find(place.repository.id, place.image)
  }

  /** The image, which must be there, as a process reads it that remembers nothing. */
  async function found(place: ImagePlace): Promise<Package> {
    const pkg = await find(place, t.another())
    assert.ok(pkg, 'there is such an image')
    return pkg
  }

  /** What a reader in another process gets for a tag or digest. */
  async function read(place: ImagePlace, reference: string): Promise<string | undefined> {
    const reader = t.another()
    const pkg = await find(place, reader)
    if (!pkg) return undefined
    const { manifests } = reader.images
    const manifest = await (reference.includes(':')
      ? manifests.byDigest(pkg, reference)
      : manifests.byTag(pkg, reference))
    return manifest?.digest
  }

  return {
    ...t,
    t,
    images: t.registry.images,
    app,
    withImages,
    aBlob,
    aPut,
    anImage,
    find,
    found,
    read,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  }
}

export interface PutOptions {
  readonly tags?: readonly string[]
  readonly blobs?: readonly ImageBlob[]
  /** Given: it is an index. */
  readonly children?: readonly Manifest[]
  readonly facts?: Partial<ManifestFacts>
  readonly text?: string
  readonly sha512?: true
}

export const author = { actor: 'usr_test', actorName: 'tess', requestId: 'req_test' }

/** As a manifest names it. */
export function blobReference({ digest, sizeBytes }: ImageBlob): ManifestReference {
  return { kind: 'blob', digest, sizeBytes, mediaType: 'application/octet-stream', isOptional: false }
}

/** As an index names it. */
export function childReference({ digest, sizeBytes, mediaType }: Manifest): ManifestReference {
  return { kind: 'manifest', digest, sizeBytes, mediaType, isOptional: false }
}
