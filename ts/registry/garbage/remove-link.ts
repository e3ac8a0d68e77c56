import { hasCode } from '../../errors.ts'
import type { MetadataEngine, Stored } from '../../metadata/engine.ts'
import * as imageSchema from '../../metadata/image-schema.ts'
import { lastRemovalSeconds } from './deletion-watch.ts'
import { references } from './references.ts'

type Link = Stored<imageSchema.BlobLinkDocument>

/** After which a removal can be stopped in tests. */
export const linkSteps = ['looked', 'marked', 'looked-again', 'removed'] as const
export type LinkStep = (typeof linkSteps)[number]

export interface LinkRemovalDeps {
  readonly engine: MetadataEngine
  readonly now?: () => number
  readonly onStep?: (step: LinkStep, id: string) => void | Promise<void>
}

/**
 * Removes a link as it was read, when no manifest of its image names it. Resolves to whether it is gone. It is marked
 * first: a push takes the mark away behind its references, so that one of the two sees the other.
 */
export type RemoveLink = (link: Link) => Promise<boolean>

export function linkRemoval({ engine, now = Date.now, onStep = () => {} }: LinkRemovalDeps): RemoveLink {
  const links = engine.collection(imageSchema.blobLinks)
  const { isLinkNeeded } = references(engine)

  async function unmark({ id, revision, value }: Link, touchedAt = value.touchedAt): Promise<false> {
    const { deletingAt: _, ...rest } = value
    await links.update(id, revision, { ...rest, touchedAt })
    return false
  }

  /** Marks it, then looks again. */
  async function mark(link: Link): Promise<Link | false> {
    const marked = await links.update(link.id, link.revision, { ...link.value, deletingAt: now() })
    await onStep('marked', link.id)
    const isNeeded = await isLinkNeeded(marked.value)
    await onStep('looked-again', link.id)
    return isNeeded ? unmark(marked) : marked
  }

  async function remove(seen: Link): Promise<boolean> {
    if (await isLinkNeeded(seen.value)) return seen.value.deletingAt === undefined ? false : unmark(seen)
    await onStep('looked', seen.id)
    const startedAt = now()
    const isLate = () => now() - startedAt > lastRemovalSeconds * 1000
    const link = await links.get(seen.id)
    // One that was removed and made again has the old revisions, too.
    if (link?.revision !== seen.revision || link.value.touchedAt !== seen.value.touchedAt) return false
    const marked = await mark(link)
    if (!marked) return false
    if (isLate()) return unmark(marked, now())
    await links.delete(marked.id, marked.revision)
    await onStep('removed', marked.id)
    if (!isLate()) return true
    // This process was stopped: it may have been another link, made when the one above was gone. It does no harm.
    await links.insert(link.id, { ...link.value, touchedAt: now() })
    return false
  }

  return async (link) => {
    try {
      return await remove(link)
    } catch (err) {
      if (hasCode(err, 'revision_stale', 'document_exists')) return false
      throw err
    }
  }
}
