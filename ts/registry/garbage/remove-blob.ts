import type { BlobStore } from '../../blobs/store.ts'
import { hasCode } from '../../errors.ts'
import type { MetadataEngine, Stored } from '../../metadata/engine.ts'
import type { BlobDocument, BlobState } from '../../metadata/package-schema.ts'
import * as packageSchema from '../../metadata/package-schema.ts'
import { digestOf } from '../blob-records.ts'
import { type DeletionWatch, deletionWatch, lastRemovalSeconds } from './deletion-watch.ts'
import { references } from './references.ts'

type Blob = Stored<BlobDocument>

/** After which a removal can be stopped in tests. */
export const removalSteps = [
  'looked',
  'condemned',
  'looked-again',
  'marked',
  'bytes-removed',
  'record-removed',
] as const
export type RemovalStep = (typeof removalSteps)[number]

export interface RemovalDeps {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  readonly now?: () => number
  /** Tells whose deletions this one may end. Absent: one that has met none. */
  readonly watch?: DeletionWatch
  readonly onStep?: (step: RemovalStep, digest: string) => void | Promise<void>
}

/**
 * Removes a blob as it was read, when it was not touched since `cutoff` (epoch milliseconds) and nothing refers to it;
 * goes on where a process died. Resolves to whether the blob is gone; whoever touches it meanwhile keeps it. What
 * the store throws is thrown: the record says then how far it came.
 */
export type RemoveBlob = (blob: Blob, cutoff: number) => Promise<boolean>

export function blobRemoval(deps: RemovalDeps): RemoveBlob {
  const { engine, blobs, now = Date.now, onStep = () => {} } = deps
  const { watch = deletionWatch({ now }) } = deps
  const records = engine.collection(packageSchema.blobs)
  const { areThere } = references(engine)

  /** Tells whether this process was stopped for so long that others may have removed the blob and stored it again. */
  function deadline(): () => boolean {
    const startedAt = now()
    return () => now() - startedAt > lastRemovalSeconds * 1000
  }

  async function swap({ id, revision, value }: Blob, state: BlobState): Promise<Blob> {
    const { deletingSince: _, ...rest } = value
    const since = state === 'deleting' ? { deletingSince: now() } : {}
    return records.update(id, revision, { ...rest, state, ...since })
  }

  /** Whatever this is a record of by now, it is kept for another grace period. */
  async function giveUp({ id, revision, value: { sizeBytes } }: Blob): Promise<false> {
    await records.update(id, revision, { state: 'live', touchedAt: now(), sizeBytes })
    return false
  }

  /** Of a deletion that its process left, the bytes may be gone: then the rest goes as well. */
  async function isKept({ id, value }: Blob, cutoff: number): Promise<boolean> {
    if (value.touchedAt < cutoff && !(await areThere(id))) return false
    return value.state !== 'deleting' || (await blobs.stat(digestOf(id))) !== undefined
  }

  async function isAsRead(blob: Blob): Promise<boolean> {
    const found = await records.get(blob.id)
    return found !== undefined && isSame(found, blob)
  }

  /**
   * False when somebody has come to need the bytes, this process having been stopped for so long. A record that is gone
   * was removed by another: who makes it again afterwards finds no bytes, and stores his.
   */
  async function removeRecord(marked: Blob): Promise<boolean> {
    const found = await records.get(marked.id)
    if (!found) return true
    if (!isSame(found, marked)) return false
    return records.delete(marked.id, marked.revision).then(
      () => true,
      (err) => (hasCode(err, 'revision_stale') ? false : Promise.reject(err)),
    )
  }

  /** Condemns it, then looks again: a publisher has touched it before its references, or finds it condemned. */
  async function mark(blob: Blob, cutoff: number, isLate: () => boolean): Promise<Blob | false> {
    const condemned = blob.value.state === 'live' ? await swap(blob, 'condemned') : blob
    await onStep('condemned', blob.id)
    if (isLate()) return giveUp(condemned)
    const staysLive = await isKept(condemned, cutoff)
    await onStep('looked-again', blob.id)
    const swapped = await swap(condemned, staysLive ? 'live' : 'deleting')
    await onStep('marked', blob.id)
    return staysLive ? false : swapped
  }

  async function remove(blob: Blob, cutoff: number): Promise<boolean> {
    if (watch.remainingMs(blob) > 0) return false
    // What is in use is not even written to.
    if (blob.value.state === 'live' && (await isKept(blob, cutoff))) return false
    await onStep('looked', blob.id)
    const isLate = deadline()
    const marked = (await isAsRead(blob)) && (await mark(blob, cutoff, isLate))
    if (!marked) return false
    if (isLate()) return giveUp(marked)
    let isGone = false
    await blobs.delete(digestOf(blob.id), async () => {
      await onStep('bytes-removed', blob.id)
      isGone = await removeRecord(marked)
      return isGone
    })
    if (isGone) await onStep('record-removed', blob.id)
    return isGone
  }

  return async (blob, cutoff) => {
    try {
      return await remove(blob, cutoff)
    } catch (err) {
      if (hasCode(err, 'revision_stale')) return false
      throw err
    }
  }
}

/** A record that was removed and made again has the old revisions, too. */
function isSame(one: Blob, other: Blob): boolean {
  const [a, b] = [one.value, other.value]
  return one.revision === other.revision && a.touchedAt === b.touchedAt && a.deletingSince === b.deletingSince
}
