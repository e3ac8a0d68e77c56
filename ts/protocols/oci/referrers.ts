import type { DescribedManifest } from '../../registry/images/images.ts'
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
/** Of a rare type among very many a page may have none, and its link goes on. */
const mostReads = 10

/** What is about a manifest, whether that one is here or not: signatures, SBOMs, attestations. */
export function referrers(deps: ProtocolDeps) {
  const { registry, access } = deps

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
      const read: Read = async (page) =>
        pkg && limit > 0
          ? registry.images.manifests.referrers(pkg, subject, {
              ...page,
              ...(artifactType !== undefined && { artifactType }),
            })
          : { items: [] }
      const { found, next } = await referrersPage(read, limit, after)
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

type Read = (page: { limit: number; after?: string }) => Promise<{ items: DescribedManifest[]; next?: string }>

/** As many as fit on a page, and where to go on. It ends early after so many reads, whatever they brought. */
export async function referrersPage(read: Read, limit: number, after: string | undefined) {
  const found: object[] = []
  let bytes = 0
  let next = after
  for (let reads = 0; reads < mostReads; reads++) {
    const page = await read({
      limit: Math.min(batch, limit - found.length),
      ...(next !== undefined && { after: next }),
    })
    const descriptors = page.items.map(descriptorOf)
    found.push(...descriptors)
    bytes += JSON.stringify(descriptors).length
    next = page.next
    if (next === undefined || found.length >= limit || bytes >= fullBytes) break
  }
  return { found, next }
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
