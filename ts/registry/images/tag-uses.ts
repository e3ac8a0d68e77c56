import type { Images, Tag } from './images.ts'
import type { TagUse } from './retention-plan.ts'

/** A tag, what it names, and when it was used. */
export interface NamingTag extends TagUse {
  readonly digest: string
}

/**
 * When tags were pushed and used last, in their order. Whoever pulls the manifest that a tag names uses the tag: clients
 * ask by tag which manifest it is, and fetch that by its digest.
 */
export async function tagUses(
  { pulls }: Pick<Images, 'pulls'>,
  packageId: string,
  tags: readonly Pick<Tag, 'tag' | 'digest' | 'updatedAt'>[],
): Promise<NamingTag[]> {
  const references = new Set(tags.flatMap(({ tag, digest }) => [tag, digest]))
  const pulled = await pulls.of(packageId, [...references])
  return tags.map(({ tag, digest, updatedAt: pushedAt }) => {
    const [byTag, byDigest] = [pulled.get(tag)?.lastPulledAt, pulled.get(digest)?.lastPulledAt]
    if (byTag === undefined && byDigest === undefined) return { tag, digest, pushedAt }
    return { tag, digest, pushedAt, lastPulledAt: Math.max(byTag ?? 0, byDigest ?? 0) }
  })
}
