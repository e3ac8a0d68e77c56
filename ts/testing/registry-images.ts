import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type RepositoryDocument, repositories } from '../metadata/access-schema.ts'
import { imageTags, tagId } from '../metadata/image-schema.ts'
import { units } from '../metadata/package-schema.ts'
import type { Manifest } from '../registry/images/images.ts'
import type { ManifestFacts, ManifestReference } from '../registry/images/manifest-facts.ts'
import type { Package, Repository } from '../registry/store.ts'
import { bytesOf } from './bytes.ts'
import { aRepository, type TestRegistry } from './registry.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

export interface PushedManifest {
  readonly image?: string
  readonly tags?: readonly string[]
  /** What an index names, all for linux/amd64. */
  readonly children?: readonly Manifest[]
  /** What it is about. */
  readonly subject?: string
  /** The same content is the same manifest. Default: a new one. */
  readonly content?: string
}

type Opened = Pick<TestRegistry, 'engine' | 'registry' | 'blobs'>

/** A repository of images on a test registry, to be pushed to without HTTP. */
export async function openTestImages(t: Opened, settings: Partial<RepositoryDocument> = {}) {
  return imagesIn(t, await aRepository(t.engine, { protocol: 'oci', name: 'oci', ...settings }))
}

/** Pushes to this repository without HTTP, and looks at what it holds. */
export function imagesIn({ engine, registry, blobs }: Opened, repository: Repository) {
  async function push(what: PushedManifest = {}): Promise<Manifest> {
    const { image = 'app', tags = [], children = [], subject, content = randomUUID() } = what
    const staged = await blobs.stage(bytesOf(content))
    const references = children.map(
      ({ digest, sizeBytes }): ManifestReference => ({
        kind: 'manifest',
        digest,
        sizeBytes,
        mediaType,
        isOptional: false,
        platform: 'linux/amd64',
      }),
    )
    const facts: ManifestFacts = {
      kind: children.length > 0 ? 'index' : 'image',
      mediaType,
      references,
      annotations: {},
      ...(subject !== undefined && { subject }),
    }
    return registry.images.manifests.put({
      repository: await current(),
      image,
      path: `acme/oci/${image}`,
      stage: async () => staged,
      digest: staged.digest,
      mediaType,
      facts,
      tags,
      publisherId: 'usr_test',
      publisherName: 'tess',
      requestId: randomUUID(),
    })
  }

  /** The repository's settings as they are. */
  async function current(): Promise<Repository> {
    return (await engine.collection(repositories).get(repository.id)) ?? assert.fail()
  }

  async function configure(changes: Partial<RepositoryDocument>): Promise<Repository> {
    const { revision, value } = await current()
    return engine.collection(repositories).update(repository.id, revision, { ...value, ...changes })
  }

  async function image(name = 'app'): Promise<Package> {
    return (await registry.packages.find(repository.id, name)) ?? assert.fail(`no image ${name}`)
  }

  /** As if the tag had been pushed so long ago. */
  async function ageTag(tag: string, ms: number, of = 'app'): Promise<void> {
    const stored = engine.collection(imageTags)
    const { id, revision, value } = (await stored.get(tagId((await image(of)).id, tag))) ?? assert.fail(tag)
    await stored.update(id, revision, { ...value, updatedAt: Date.now() - ms })
  }

  /** The same of a manifest. */
  async function ageManifest({ unitId: id }: Manifest, ms: number): Promise<void> {
    const stored = engine.collection(units)
    const { revision, value } = (await stored.get(id)) ?? assert.fail(id)
    await stored.update(id, revision, { ...value, createdAt: Date.now() - ms })
  }

  /** The tags of an image, by name. */
  async function tags(of = 'app'): Promise<string[]> {
    const found = await registry.packages.find(repository.id, of)
    if (!found) return []
    return (await registry.images.tags.list(found, { limit: 10_000 })).items.map(({ tag }) => tag)
  }

  const has = async ({ digest }: Manifest, of = 'app') => {
    const found = await registry.packages.find(repository.id, of)
    return found !== undefined && (await registry.images.manifests.byDigest(found, digest)) !== undefined
  }

  return { repository, push, current, configure, image, ageTag, ageManifest, tags, has }
}
export type TestImages = ReturnType<typeof imagesIn>
