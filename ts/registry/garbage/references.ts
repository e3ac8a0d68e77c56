import type { MetadataEngine, Stored } from '../../metadata/engine.ts'
import * as imageSchema from '../../metadata/image-schema.ts'
import * as packageSchema from '../../metadata/package-schema.ts'

/** What refers to blobs: files of units and of staged publishes, and links of images. */
export interface References {
  /** Does a file or a link name the blob? */
  areThere(digest: string): Promise<boolean>
  /** Does a file name it, or a link that `isLinkNeeded` or that was touched since `cutoff`? */
  willStay(digest: string, cutoff: number): Promise<boolean>
  /** Does a manifest of the link's image name its digest? */
  isLinkNeeded(link: imageSchema.BlobLinkDocument): Promise<boolean>
}

const linksAtOnce = 100

/** Asks by index, always the store itself. */
export function references(engine: MetadataEngine): References {
  const files = engine.collection(packageSchema.files)
  const packages = engine.collection(packageSchema.packages)
  const links = engine.collection(imageSchema.blobLinks)

  async function isFile(digest: string): Promise<boolean> {
    return (await files.find('byDigest', { equals: { digest }, limit: 1 })).items.length > 0
  }

  async function isLinkNeeded({ repositoryId, image, digest }: imageSchema.BlobLinkDocument): Promise<boolean> {
    const [pkg] = (await packages.find('byName', { equals: { repositoryId, name: image }, limit: 1 })).items
    if (!pkg) return false
    return (await files.find('byName', { equals: { packageId: pkg.id, name: digest }, limit: 1 })).items.length > 0
  }

  async function someStays(found: readonly Stored<imageSchema.BlobLinkDocument>[], cutoff: number): Promise<boolean> {
    for (const { value } of found) if (value.touchedAt >= cutoff || (await isLinkNeeded(value))) return true
    return false
  }

  return {
    isLinkNeeded,

    async areThere(digest) {
      if (await isFile(digest)) return true
      return (await links.find('byBlob', { equals: { blob: digest }, limit: 1 })).items.length > 0
    },

    async willStay(digest, cutoff) {
      if (await isFile(digest)) return true
      for (let after: string | undefined; ; ) {
        const more = after === undefined ? {} : { after }
        const page = await links.find('byBlob', { equals: { blob: digest }, limit: linksAtOnce, ...more })
        if (await someStays(page.items, cutoff)) return true
        after = page.next
        if (after === undefined) return false
      }
    },
  }
}
