import { hasCode, RegistryError } from '../../errors.ts'
import { warmReads } from '../../metadata/warm-reads.ts'
import { type BlobRecords, digestOf } from '../blob-records.ts'
import { repositoryDeleted } from '../finish.ts'
import { packageByName } from '../packages.ts'
import type { RegistryStore } from '../store.ts'
import type { Sweep } from '../sweep-repository.ts'
import type { ImageBlob, ImageBlobs, ImagePlace } from './images.ts'
import type { Link, Links } from './links.ts'
import { mounting } from './mount.ts'

export interface ImageBlobsDeps {
  readonly store: RegistryStore
  readonly blobRecords: BlobRecords
  readonly links: Links
  readonly sweep: Sweep
}

/** See `ImageBlobs`. */
export function imageBlobs(deps: ImageBlobsDeps): ImageBlobs {
  const { store, blobRecords, links, sweep } = deps
  const warm = warmReads<Link | undefined>(store.engine, { maxEntries: 50_000, ttlSeconds: 0 })

  /** The link, and the bytes, kept for the grace period; `undefined` when either is gone. */
  async function promise(place: ImagePlace, digest: string): Promise<ImageBlob | undefined> {
    const link = await links.use(place, digest)
    if (!link || !(await isKept(link))) return undefined
    return asBlob(link)
  }

  async function isKept({ blob, sizeBytes }: Link['value']): Promise<boolean> {
    try {
      await blobRecords.keep([{ digest: blob, sizeBytes }])
      return true
    } catch (err) {
      if (hasCode(err, 'blob_unknown')) return false
      throw err
    }
  }

  async function made(place: ImagePlace, blob: ImageBlob): Promise<ImageBlob> {
    const { id, value } = await links.make(place, blob)
    if (!(await sweep.isGone(place.repository.id))) return asBlob(value)
    await store.blobLinks.delete(id)
    throw repositoryDeleted()
  }

  return {
    async find(place, digest) {
      const { repository, image } = place
      const link = await warm(`${repository.id}/${image}@${digest}`, () => links.get(place, digest))
      return link && asBlob(link.value)
    },

    promise,

    async link(place, digest, staged, decided) {
      const kept = blobRecords.keep([{ digest: staged.digest, sizeBytes: staged.sizeBytes, staged }])
      // Both at once: on SQLite one commit takes what they write.
      for (const outcome of await Promise.allSettled([decided, kept])) {
        if (outcome.status === 'rejected') throw outcome.reason
      }
      return made(place, { digest, blob: staged.digest, sizeBytes: staged.sizeBytes })
    },

    mount: mounting({ store, links, promise, made }),

    async delete(place, digest) {
      for (;;) {
        const link = await links.get(place, digest)
        if (!link) return false
        await requireUnnamed(store, place, digest)
        try {
          const marked = await store.blobLinks.update(link.id, link.revision, { ...link.value, deletingAt: Date.now() })
          await requireUnnamed(store, place, digest)
          await store.blobLinks.delete(marked.id, marked.revision)
          return true
        } catch (err) {
          // Somebody used it meanwhile, a manifest perhaps.
          if (!hasCode(err, 'revision_stale')) throw err
        }
      }
    },
  }
}

/** References are written before the manifest, so one that is being pushed counts as well. */
async function requireUnnamed(store: RegistryStore, { repository, image }: ImagePlace, digest: string): Promise<void> {
  const pkg = await packageByName(store, repository.id, image)
  if (!pkg) return
  const { items } = await store.files.find('byName', { equals: { packageId: pkg.id, name: digest }, limit: 1 })
  const [first] = items
  if (!first) return
  const unit = await store.units.get(first.value.unitId)
  const what = unit ? `The manifest ${unit.value.key} names` : 'A manifest that is being pushed names'
  throw new RegistryError('in_use', `${what} the blob ${digest}; delete that first.`, { field: digest })
}

/** A link as those who ask see it. */
export function asBlob({ digest, blob, sizeBytes }: Link['value']): ImageBlob {
  return { digest, blob: digestOf(blob), sizeBytes }
}
