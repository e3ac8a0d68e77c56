import type { RegistryStore } from '../store.ts'
import type { ImageBlob, ImageBlobs, ImagePlace, MountFrom } from './images.ts'
import type { Link, Links } from './links.ts'

/** Images that are asked for, of those that have the blob. */
const mostSources = 100

export interface MountDeps {
  readonly store: RegistryStore
  readonly links: Links
  readonly promise: ImageBlobs['promise']
  readonly made: (place: ImagePlace, blob: ImageBlob) => Promise<ImageBlob>
}

/** See `ImageBlobs.mount`. */
export function mounting({ store, links, promise, made }: MountDeps): ImageBlobs['mount'] {
  return async (place, digest, from) => {
    const own = await promise(place, digest)
    if (own) return own
    const source = from.from ? await named(from.from, digest, from) : await any(digest, from)
    if (!source) return undefined
    const repository = await store.repositories.get(source.value.repositoryId)
    if (!repository) return undefined
    // Kept from here on; what is gone by now is not mounted.
    const kept = await promise({ repository, image: source.value.image }, digest)
    return kept && made(place, kept)
  }

  async function named(source: ImagePlace, digest: string, { mayRead }: MountFrom): Promise<Link | undefined> {
    const link = await links.get(source, digest)
    return link && (await mayRead(source.repository.id, source.image)) ? link : undefined
  }

  /** Links are found by the stored blob, so a SHA-512 digest is mounted only from an image that is named. */
  async function any(digest: string, { mayRead }: MountFrom): Promise<Link | undefined> {
    const { items } = await store.blobLinks.find('byBlob', { equals: { blob: digest }, limit: mostSources })
    for (const link of items) {
      if (link.value.digest === digest && (await mayRead(link.value.repositoryId, link.value.image))) return link
    }
    return undefined
  }
}
