import type { DescribedManifest } from '../../registry/images/images.ts'
import type { Package } from '../../registry/store.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { ociIndex } from './media-types.ts'
import { parseDigest } from './names.ts'
import { nextPage, pageSize } from './paging.ts'
import { enterImage, type OciContext } from './place.ts'
import { sendList } from './tags.ts'

const mostReferrers = 1000
/** Read at a time: each may bring annotations of 256 KiB. */
const batch = 50
/** Clients read no more than 4 MiB of an index. */
const fullBytes = 1024 * 1024

/** What is about a manifest, whether that one is here or not: signatures, SBOMs, attestations. */
export function referrers(deps: ProtocolDeps) {
  const { registry, access } = deps

  interface Wanted {
    readonly artifactType: string | undefined
    readonly limit: number
    readonly after: string | undefined
  }

  /** As many as fit on a page. */
  async function page(pkg: Package, subject: string, { artifactType, limit, after }: Wanted) {
    const found: object[] = []
    let bytes = 0
    let cursor = after
    do {
      const { items, next } = await registry.images.manifests.referrers(pkg, subject, {
        limit: Math.min(batch, limit - found.length),
        ...(artifactType !== undefined && { artifactType }),
        ...(cursor !== undefined && { after: cursor }),
      })
      for (const item of items) {
        const descriptor = descriptorOf(item)
        bytes += JSON.stringify(descriptor).length
        found.push(descriptor)
      }
      cursor = next
    } while (cursor !== undefined && found.length < limit && bytes < fullBytes)
    return { found, next: cursor }
  }

  return {
    /** Never 404 where the image may be read: clients would take it for a registry without this list. */
    async list(c: OciContext) {
      const place = await enterImage(c, deps, 'pull')
      const { text: subject } = parseDigest(c.req.param('digest') ?? '')
      const limit = pageSize(c, mostReferrers)
      const { cursor } = c.req.query()
      // An empty one asks for nothing in particular.
      const artifactType = c.req.query('artifactType') || undefined
      const pkg = await registry.packages.find(place.repository.id, place.image)
      const list = `referrers ${pkg?.id} ${subject} ${artifactType ?? ''}`
      const after = cursor === undefined ? undefined : access.cursors.open(list, cursor)
      const { found, next } =
        pkg && limit > 0 ? await page(pkg, subject, { artifactType, limit, after }) : { found: [], next: undefined }
      const link =
        next === undefined
          ? {}
          : nextPage(c, `${place.name}/referrers/${subject}`, {
              ...(artifactType !== undefined && { artifactType }),
              n: String(limit),
              cursor: access.cursors.seal(list, next),
            })
      const filtered = artifactType === undefined ? {} : { 'oci-filters-applied': 'artifactType' }
      const index = { schemaVersion: 2, mediaType: ociIndex, manifests: found }
      return sendList(c, index, { ...link, ...filtered }, ociIndex)
    },
  }
}

function descriptorOf({ mediaType, digest, sizeBytes, facts }: DescribedManifest) {
  const { artifactType, annotations } = facts
  return {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType !== undefined && { artifactType }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  }
}
