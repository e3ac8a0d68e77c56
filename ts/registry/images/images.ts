import type { Digest, StagedBlob } from '../../blobs/store.ts'
import type { Author } from '../edit.ts'
import type { RemoveUnitsOptions } from '../remove-units.ts'
import type { Package, Repository } from '../store.ts'
import type { KeptFacts, ManifestFacts } from './manifest-facts.ts'
import type { Pulls } from './pulls.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** Where an image is: its repository and its name there. It may not exist yet. */
export interface ImagePlace {
  readonly repository: Repository
  readonly image: string
}

/** A visible manifest of an image: little enough to be kept in memory by the thousand. */
export interface Manifest {
  readonly unitId: string
  /** The unit's place among those of its image. */
  readonly sequence: number
  /** Epoch milliseconds. */
  readonly pushedAt: number
  /** As it was pushed: SHA-256, or SHA-512. */
  readonly digest: string
  /** The stored bytes'. */
  readonly blob: Digest
  readonly sizeBytes: number
  readonly mediaType: string
}

/** A manifest with what it says of itself, which may be 256 KiB of annotations. */
export interface DescribedManifest extends Manifest {
  readonly facts: KeptFacts
}

export interface ManifestPut extends ImagePlace {
  /** The name of the image among all, as clients say it: `acme/containers/app`. */
  readonly path: string
  /** Stages the bytes, byte for byte: asked once at most, and not when the image has the manifest already. */
  readonly stage: () => Promise<StagedBlob>
  readonly digest: string
  readonly mediaType: string
  readonly facts: ManifestFacts
  /** Tags that name it afterwards. */
  readonly tags: readonly string[]
  readonly publisherId: string
  readonly publisherName: string
  readonly requestId: string
}

export interface Manifests {
  /** The visible manifest that a digest or a tag names. */
  byDigest(pkg: Package, digest: string): Promise<Manifest | undefined>
  byTag(pkg: Package, tag: string): Promise<Manifest | undefined>
  /** The one with a digest, with what it says of itself. */
  described(pkg: Package, digest: string): Promise<DescribedManifest | undefined>
  /**
   * Makes the manifest visible, then sets its tags; one that is there already is only tagged. Throws `reference_unknown`,
   * with one of `details.errors` for each blob or manifest that the image has not, `size_invalid` where a descriptor's
   * size is not the stored one's, and `access_denied` for an immutable tag that names another manifest; a refusal
   * leaves nothing behind.
   */
  put(request: ManifestPut): Promise<Manifest>
  /**
   * Removes the manifest and every tag that names it; its referrers stay. Throws `in_use` while an index of the image
   * names it, `access_denied` when an immutable tag does. Pushing the same bytes again is right afterwards. With
   * `onlyUntagged` it is `in_use` also while a tag names it, one that is set at this very moment included, and with
   * `onlyIf` when that says no; see `RemoveUnitsOptions`.
   */
  delete(pkg: Package, digest: string, author: Author, options?: RemoveUnitsOptions): Promise<void>
  /** The same of several, all or none; those that are gone already are passed over. Resolves to the record after it. */
  deleteAll(pkg: Package, digests: readonly string[], author: Author, options?: RemoveUnitsOptions): Promise<Package>
  /**
   * Manifests whose subject this digest is, oldest first; there need be no such subject. A page holds `limit` (1000) at
   * most, and fewer with a `next` when many or large ones were looked at.
   */
  referrers(
    pkg: Package,
    subject: string,
    options: { artifactType?: string; after?: string; limit: number },
  ): Promise<{ items: DescribedManifest[]; next?: string }>
}

export interface Tag {
  readonly tag: string
  readonly digest: string
  /** When it was last set, epoch milliseconds. */
  readonly updatedAt: number
  readonly createdAt: number
  readonly actorName: string
}

export interface Tags {
  /** Tags after `after` (which need not exist) in byte order, at most `limit` (10,000), and whether there are more. */
  list(pkg: Package, options: { after?: string; limit: number }): Promise<{ items: Tag[]; hasMore: boolean }>
  find(pkg: Package, tag: string): Promise<Tag | undefined>
  /** The tags that name a manifest. */
  of(manifest: Manifest): Promise<Tag[]>
  /**
   * False when the manifest was deleted meanwhile: then the tag is not there. Throws `access_denied` when the repository
   * keeps the tag where it is.
   */
  set(pkg: Package, tag: string, manifest: Manifest, author: Author & { readonly actorName: string }): Promise<boolean>
  /**
   * Removes the tag, not its manifest; false when there was none. Of several at once in one process one answers true. With the tag as it was `seen` it goes only while it is
   * that: one that was set since stays, and the answer is false. Throws `access_denied` for an immutable one.
   */
  delete(pkg: Package, tag: string, author: Author, seen?: Tag): Promise<boolean>
}

/** A blob as an image names it. */
export interface ImageBlob {
  readonly digest: string
  readonly blob: Digest
  readonly sizeBytes: number
}

export interface MountFrom {
  /** The image that the client names; absent: any of the same repository that `mayRead` allows. */
  readonly from?: ImagePlace
  readonly mayRead: (repositoryId: string, image: string) => Promise<boolean>
}

export interface ImageBlobs {
  /** The blob, when the image has it. */
  find(place: ImagePlace, digest: string): Promise<ImageBlob | undefined>
  /** The same for a client that may rely on the answer and not upload it: keeps it for the grace period. */
  promise(place: ImagePlace, digest: string): Promise<ImageBlob | undefined>
  /**
   * Makes staged bytes durable and the image's; equal bytes are stored once. When `decided` rejects, that is thrown and
   * they are not the image's.
   */
  link(place: ImagePlace, digest: string, staged: StagedBlob, decided?: Promise<void>): Promise<ImageBlob>
  /** Gives the image a blob that another has; `undefined` when there is none, whatever the reason. */
  mount(place: ImagePlace, digest: string, from: MountFrom): Promise<ImageBlob | undefined>
  /** Takes it from the image; false when it has none. Throws `in_use` while a manifest of the image names it. */
  delete(place: ImagePlace, digest: string): Promise<boolean>
}

export interface ImagePage {
  readonly items: readonly Package[]
  readonly next?: string
  /** Records that were looked at, visible or not. */
  readonly lookedAt: number
}

/** Images: manifests, the tags that name them, the blobs that they name, and what is on its way to become one. */
export interface Images {
  readonly manifests: Manifests
  readonly tags: Tags
  readonly blobs: ImageBlobs
  readonly uploads: UploadSessions
  readonly pulls: Pulls
  /**
   * Visible images of a protocol by path after `after`, of all repositories: who asks filters. At most `limit` (1000) a
   * page, and fewer where many are not visible; `next` is the path up to which was looked, when there is more to look at.
   */
  list(options: { protocol: string; after?: string; limit: number }): Promise<ImagePage>
}
