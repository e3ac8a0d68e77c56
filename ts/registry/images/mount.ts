import { blobLinks } from '../../metadata/image-schema.ts'
import type { RegistryStore } from '../store.ts'
import type { ImageBlob, ImageBlobs, ImagePlace, MountFrom } from './images.ts'
import type { Link, Links } from './links.ts'

/**
 * Images of which it is asked whether they may be read, always as many: what it takes to answer tells nobody that an image
 * which is hidden has a blob.
 */
const sourcesAsked = 4

export interface MountDeps {
  readonly store: RegistryStore
  readonly links: Links
  readonly promise: ImageBlobs['promise']
  readonly made: (place: ImagePlace, blob: ImageBlob) => Promise<ImageBlob>
}

/** See `ImageBlobs.mount`. */
export function mounting({ store, links, promise, made }: MountDeps): ImageBlobs['mount'] {
  const found = store.engine.collection(blobLinks)

  return async (place, digest, from) => {
    const own = await promise(place, digest)
    if (own) return own
    const source = from.from ? await named(from.from, digest, from) : await near(place, digest, from)
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
  async function near({ repository, image }: ImagePlace, digest: string, { mayRead }: MountFrom) {
    const equals = { repositoryId: repository.id, blob: digest }
    const { items } = await found.find('byRepositoryBlob', { equals, limit: sourcesAsked })
    const sources = items.filter(({ value }) => value.digest === digest)
    let source: Link | undefined
    for (let at = 0; at < sourcesAsked; at++) {
      const link = sources[at]
      const isAllowed = await mayRead(repository.id, link?.value.image ?? image)
      if (isAllowed) source ??= link
    }
    return source
  }
}
