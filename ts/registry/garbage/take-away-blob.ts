import type { BlobStore } from '../../blobs/store.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { MetadataEngine, Stored } from '../../metadata/engine.ts'
import type { BlobDocument } from '../../metadata/package-schema.ts'
import * as packageSchema from '../../metadata/package-schema.ts'
import { digestOf } from '../blob-records.ts'
import { lastRemovalSeconds } from './deletion-watch.ts'

export interface TakenAway {
  /** Where the bytes are now; absent when there were none. */
  readonly quarantine?: string
}

/**
 * Takes a damaged blob away whatever refers to it: its bytes into quarantine, and its record. Files and links that name it
 * stay, and are whole again when equal bytes are stored; until then images answer that they have no such blob, so that
 * clients upload it. `undefined` when it was touched meanwhile, or is being deleted: nothing was done then.
 */
export async function takeAwayBlob(
  { engine, blobs, now = Date.now }: { engine: MetadataEngine; blobs: BlobStore; now?: () => number },
  blob: Stored<BlobDocument>,
): Promise<TakenAway | undefined> {
  if (blob.value.state === 'deleting') return undefined
  const records = engine.collection(packageSchema.blobs)
  const digest = digestOf(blob.id)
  // Before it is marked, since copying may take long and a deletion must not.
  const quarantine = await blobs.quarantine(digest)
  const startedAt = now()
  const isLate = () => now() - startedAt > lastRemovalSeconds * 1000
  try {
    // Copying may have taken long; a record that was removed and made again has the old revisions, too.
    const found = await records.get(blob.id)
    if (found?.revision !== blob.revision || found.value.touchedAt !== blob.value.touchedAt) return undefined
    const value: BlobDocument = { ...blob.value, state: 'deleting', deletingSince: now() }
    const marked = await records.update(blob.id, blob.revision, value)
    if (isLate()) {
      await records.update(blob.id, marked.revision, { ...blob.value, state: 'live', touchedAt: now() })
      return undefined
    }
    await blobs.delete(digest, async () => {
      // This process may have been stopped for so long that the bytes were stored again.
      const since = (await records.get(blob.id))?.value.deletingSince
      if (since !== marked.value.deletingSince) throw new RegistryError('revision_stale', 'The blob is another by now')
      await records.delete(blob.id, marked.revision)
      return true
    })
    return quarantine === undefined ? {} : { quarantine }
  } catch (err) {
    if (hasCode(err, 'revision_stale')) return undefined
    throw err
  }
}
