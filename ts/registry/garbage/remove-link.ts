import { hasCode } from '../../errors.ts'
import type { MetadataEngine, Stored } from '../../metadata/engine.ts'
import * as imageSchema from '../../metadata/image-schema.ts'
import { lastRemovalSeconds } from '../blob-records.ts'
import { references } from './references.ts'

/** After which a removal can be stopped in tests. */
export const linkSteps = ['looked', 'removed'] as const

export interface LinkRemovalDeps {
  readonly engine: MetadataEngine
  readonly now?: () => number
  readonly onStep?: (step: (typeof linkSteps)[number], id: string) => void | Promise<void>
}

/**
 * Removes a link as it was read, when no manifest of its image names it. Resolves to whether it is gone. A push that
 * relies on an old link touches it after its references are there, so that one of the two sees the other.
 */
export type RemoveLink = (link: Stored<imageSchema.BlobLinkDocument>) => Promise<boolean>

export function linkRemoval({ engine, now = Date.now, onStep = () => {} }: LinkRemovalDeps): RemoveLink {
  const links = engine.collection(imageSchema.blobLinks)
  const { isLinkNeeded } = references(engine)

  async function remove(seen: Stored<imageSchema.BlobLinkDocument>): Promise<boolean> {
    if (await isLinkNeeded(seen.value)) return false
    await onStep('looked', seen.id)
    const startedAt = now()
    const link = await links.get(seen.id)
    if (link?.revision !== seen.revision || link.value.touchedAt !== seen.value.touchedAt) return false
    await links.delete(link.id, link.revision)
    await onStep('removed', link.id)
    if (now() - startedAt <= lastRemovalSeconds * 1000) return true
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
