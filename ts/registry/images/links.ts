import { hasCode } from '../../errors.ts'
import type { Stored } from '../../metadata/engine.ts'
import { type BlobLinkDocument, linkId } from '../../metadata/image-schema.ts'
import { touchEverySeconds } from '../grace.ts'
import type { RegistryStore } from '../store.ts'
import type { ImageBlob, ImagePlace } from './images.ts'

export type Link = Stored<BlobLinkDocument>

/** The records by which images have blobs. */
export interface Links {
  get(place: ImagePlace, digest: string): Promise<Link | undefined>
  /** The link, touched hourly: the collector leaves it for the rest of the grace period. */
  use(place: ImagePlace, digest: string): Promise<BlobLinkDocument | undefined>
  /** The link, kept from whoever is about to remove it; call once a reference to the blob is written. */
  hold(id: string): Promise<BlobLinkDocument | undefined>
  /** Makes the link, or touches it when it is there. */
  make(place: ImagePlace, blob: ImageBlob): Promise<Link>
}

export interface LinksDeps {
  readonly store: RegistryStore
  readonly graceSeconds: number
  readonly now?: () => number
}

/** The links in the store. */
export function blobLinks({ store, graceSeconds, now = Date.now }: LinksDeps): Links {
  const { blobLinks: links } = store
  const touchEveryMs = touchEverySeconds(graceSeconds) * 1000

  /** The link after a change; another change that came first is looked at again, and a link that went is `undefined`. */
  async function changed(
    id: string,
    change: (link: BlobLinkDocument) => BlobLinkDocument | undefined,
  ): Promise<Link | undefined> {
    for (;;) {
      const link = await links.get(id)
      const value = link && change(link.value)
      if (!link || !value) return link
      try {
        return await links.update(id, link.revision, value)
      } catch (err) {
        if (!hasCode(err, 'revision_stale')) throw err
      }
    }
  }

  const isFresh = ({ touchedAt, deletingAt }: BlobLinkDocument) =>
    deletingAt === undefined && now() - touchedAt < touchEveryMs

  const touched = ({ deletingAt: _, ...link }: BlobLinkDocument): BlobLinkDocument => ({ ...link, touchedAt: now() })

  async function make(place: ImagePlace, { digest, blob, sizeBytes }: ImageBlob): Promise<Link> {
    const { repository, image } = place
    const id = linkId(repository.id, image, digest)
    for (;;) {
      const known = await changed(id, (link) => (isFresh(link) ? undefined : touched(link)))
      if (known) return known
      try {
        const value = { repositoryId: repository.id, image, digest, blob, sizeBytes, touchedAt: now() }
        return await links.insert(id, value)
      } catch (err) {
        if (!hasCode(err, 'document_exists')) throw err
      }
    }
  }

  return {
    get: (place, digest) => links.get(idOf(place, digest)),
    use: async (place, digest) =>
      (await changed(idOf(place, digest), (link) => (isFresh(link) ? undefined : touched(link))))?.value,
    hold: async (id) =>
      (await changed(id, (link) => (link.deletingAt === undefined ? undefined : touched(link))))?.value,
    make,
  }
}

function idOf({ repository, image }: ImagePlace, digest: string): string {
  return linkId(repository.id, image, digest)
}
