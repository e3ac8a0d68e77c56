import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Stored } from '../../metadata/engine.ts'
import type { BlobDocument } from '../../metadata/package-schema.ts'

/**
 * What of a deletion has ended by then, if its process lives, so that the bytes can be stored again: it begins no
 * removal later than `lastRemovalSeconds` after its record says `deleting`, and none takes longer than a minute.
 */
export const staleDeletionSeconds = 120
export const lastRemovalSeconds = 30
/** By two machines' clocks, which are not so far apart. */
const surelyStaleSeconds = 7200

/** Each a few bytes. */
const mostMet = 10_000
const tickMs = 5_000

type Blob = Stored<BlobDocument>

/**
 * Deletions that this process has met, and when by its own steady clock: whose deletion it is and what that clock says does
 * not matter.
 */
export interface DeletionWatch {
  /**
   * Milliseconds until the deletion is nobody's, its process having ended it by then or never; 0 when it is, and for a
   * blob that is not being deleted. What is left must be seen then: the bytes may be there or not.
   */
  remainingMs(blob: Blob): number
  /** Resolves when the deletions of all these, as they were read, are nobody's; `tick` is called every few seconds. */
  untilNobodys(blobs: readonly Blob[], tick?: () => Promise<void>, signal?: AbortSignal): Promise<void>
}

export interface WatchClocks {
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs?: () => number
}

/** A process has one for each that acts on what it says. */
export function deletionWatch({
  now = Date.now,
  elapsedMs = () => performance.now(),
}: WatchClocks = {}): DeletionWatch {
  const met = new LRUCache<string, { revision: number; deletingSince: number; at: number }>({ max: mostMet })

  function remainingMs({ id, revision, value: { state, deletingSince = 0 } }: Blob): number {
    if (state !== 'deleting' || now() - deletingSince > surelyStaleSeconds * 1000) return 0
    const known = met.get(id)
    // A record that was removed and made again has the old revisions, too.
    const isSame = known?.revision === revision && known.deletingSince === deletingSince
    const at = isSame ? known.at : elapsedMs()
    if (!isSame) met.set(id, { revision, deletingSince, at })
    return Math.max(0, staleDeletionSeconds * 1000 - (elapsedMs() - at))
  }

  return {
    remainingMs,
    async untilNobodys(blobs, tick = async () => {}, signal) {
      for (;;) {
        const longestMs = Math.max(0, ...blobs.map(remainingMs))
        if (longestMs === 0 || signal?.aborted) return
        await tick()
        await delay(Math.min(longestMs, tickMs), undefined, signal && { signal }).catch(() => {}) // aborted
      }
    },
  }
}
