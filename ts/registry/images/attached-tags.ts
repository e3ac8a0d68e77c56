import { unitByKeyStart } from '../packages.ts'
import type { Package, RegistryStore, Unit } from '../store.ts'
import type { Images, Tag } from './images.ts'

/**
 * Signatures that name their image by their own tag and not by a `subject`: cosign 2 tags `sha256-<hex>.sig`, `.att`
 * and `.sbom`; the referrers tag schema of OCI 1.1 tags `sha256-<hex>`, cutting longer digests after 64 characters.
 */
const form = /^(sha256|sha512)-([0-9a-f]{64})(?:\.([\w.-]+))?$/
const words = new Map([
  ['sig', 'signature of'],
  ['att', 'attestation of'],
  ['sbom', 'SBOM of'],
])

/** What a tag of that form is to a manifest. */
export interface Attachment {
  /** How that manifest's digest begins: all of SHA-256, half of SHA-512. */
  readonly digestStart: string
  /** What the tag is, before the digest: `signature of`. */
  readonly words: string
}

/** What the tag belongs to by its form. A tag that names the very manifest whose digest it tells is one like others. */
export function attachmentOf({ tag, digest }: Pick<Tag, 'tag' | 'digest'>): Attachment | undefined {
  const [, algorithm, hex, suffix = ''] = form.exec(tag) ?? []
  const digestStart = `${algorithm}:${hex}`
  if (hex === undefined || digest.startsWith(digestStart)) return undefined
  return { digestStart, words: words.get(suffix) ?? 'attached to' }
}

/** The manifest that an attached tag belongs to, visible or not, when the image has it. */
export function attachedTo(
  store: RegistryStore,
  packageId: string,
  { digestStart }: Attachment,
): Promise<Unit | undefined> {
  return unitByKeyStart(store, packageId, digestStart)
}

const tagsPerRead = 100

/** The tags that belong to a manifest with this digest, which need not be there. */
export async function attachedTags({ tags }: Pick<Images, 'tags'>, pkg: Package, digest: string): Promise<Tag[]> {
  const [algorithm = '', hex = ''] = digest.split(':')
  const start = `${algorithm}-${hex.slice(0, 64)}`
  const bare = await tags.find(pkg, start)
  const found = bare ? [bare] : []
  for (let after = `${start}.`; ; ) {
    const { items, hasMore } = await tags.list(pkg, { after, limit: tagsPerRead })
    const own = items.filter(({ tag }) => tag.startsWith(`${start}.`))
    found.push(...own)
    const last = own.at(-1)
    if (!hasMore || own.length < items.length || !last) return found.filter((tag) => attachmentOf(tag) !== undefined)
    after = last.tag
  }
}
