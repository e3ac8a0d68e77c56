import type { BlobStore } from '../../blobs/store.ts'
import { RegistryError } from '../../errors.ts'
import type { BlobRecords } from '../blob-records.ts'
import type { Downloads } from '../downloads.ts'
import type { Finish } from '../finish.ts'
import { removeUnits } from '../remove-units.ts'
import type { Package, RegistryStore } from '../store.ts'
import type { Sweep } from '../sweep-repository.ts'
import { imageBlobs } from './image-blobs.ts'
import { imageList } from './image-list.ts'
import type { Images } from './images.ts'
import { blobLinks } from './links.ts'
import { manifestReads, visibleManifest } from './manifest-reads.ts'
import { manifestReferences } from './manifest-references.ts'
import { pullCounter } from './pull-counter.ts'
import { type PutManifestDeps, putManifest } from './put-manifest.ts'
import { tagReads } from './tag-reads.ts'
import { tagWriter } from './tags.ts'
import { uploadSessions } from './upload-sessions.ts'

export interface ImagesDeps {
  readonly store: RegistryStore
  readonly blobs: BlobStore
  readonly blobRecords: BlobRecords
  readonly finish: Finish
  readonly sweep: Sweep
  readonly downloads: Downloads
  readonly publish: PutManifestDeps['publish']
  /** Of one blob. */
  readonly maxBlobBytes: number
}

/** The images in the store; see `Images`. */
export function createImages(deps: ImagesDeps): Images {
  const { store, blobs, blobRecords, finish, downloads, publish, maxBlobBytes } = deps
  const links = blobLinks({ store, graceSeconds: blobRecords.graceSeconds })
  const references = manifestReferences(store, links)
  const ofImages = imageBlobs({ ...deps, links })
  const pulls = pullCounter({ engine: store.engine, downloads })
  const tags = tagWriter({ store, finish, pulls })
  const readTags = tagReads(store)

  async function tagsOf(pkg: Package, digests: readonly string[]): Promise<string[]> {
    const tags: string[] = []
    for (const digest of digests) {
      const manifest = await visibleManifest(store, pkg, digest)
      for (const { tag } of manifest ? await readTags.of(manifest) : []) tags.push(tag)
    }
    return tags
  }

  const deleteAll: Images['manifests']['deleteAll'] = async (pkg, digests, { actor, requestId }, options) => {
    const tags = await tagsOf(pkg, digests)
    const left = await removeUnits({ store, finish }, pkg, digests, { actor, requestId }, options)
    await pulls.forget(pkg.id, [...digests, ...tags])
    return left
  }

  return {
    manifests: {
      ...manifestReads(store),
      put: (request) => putManifest({ store, blobs, blobRecords, references, tags, pulls, publish }, request),
      async delete(pkg, digest, author, options) {
        if (!(await visibleManifest(store, pkg, digest))) {
          throw new RegistryError('version_unknown', `${pkg.value.name} has no manifest ${digest}.`)
        }
        await deleteAll(pkg, [digest], author, options)
      },
      deleteAll,
    },
    tags: {
      ...readTags,
      set: tags.set,
      delete: tags.delete,
    },
    blobs: ofImages,
    uploads: uploadSessions({ engine: store.engine, blobs, link: ofImages.link, maxBlobBytes }),
    pulls,

    list: imageList(store),
  }
}
