import type { BlobStore, Digest, StagedBlob } from '../blobs/store.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as schema from '../metadata/schema.ts'

/** How long a blob that nothing refers to is kept: what a publish may take between its touch and its reference. */
export const graceSeconds = 24 * 3600

/** A blob that a publish is about to refer to; `staged` when its bytes came with this request. */
export interface BlobToKeep {
  readonly digest: string
  readonly sizeBytes: number
  readonly staged?: StagedBlob
}

/** The records that keep the collector from bytes that somebody is about to refer to; see DESIGN.md "Blobs". */
export interface BlobRecords {
  /** Makes the bytes durable and their records live and freshly touched. References may be inserted right after. */
  keep(files: readonly BlobToKeep[]): Promise<void>
  /**
   * Touches one blob: a condemned one is live again, one being deleted is waited for. Resolves to the time of the
   * touch, epoch milliseconds.
   */
  touch(digest: string, sizeBytes: number): Promise<number>
}

export function blobRecords(engine: MetadataEngine, _blobs: BlobStore, now: () => number = Date.now): BlobRecords {
  const records = engine.collection(schema.blobs)

  async function tryTouch(digest: string, sizeBytes: number): Promise<number | undefined> {
    const known = await records.get(digest)
    const touched = { state: 'live' as const, touchedAt: now(), sizeBytes }
    if (known?.value.state === 'deleting') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return undefined
    }
    try {
      if (known) await records.update(digest, known.revision, touched)
      else await records.insert(digest, touched)
      return touched.touchedAt
    } catch (err) {
      if (hasCode(err, 'revision_stale', 'document_exists')) return undefined
      throw err
    }
  }

  async function touch(digest: string, sizeBytes: number): Promise<number> {
    const startedAt = now()
    for (;;) {
      const touchedAt = await tryTouch(digest, sizeBytes)
      if (touchedAt !== undefined) return touchedAt
      if (now() - startedAt > 60_000) {
        throw new RegistryError('unavailable', `Blob ${digest} is being deleted; try again.`, { retryAfterSeconds: 60 })
      }
    }
  }

  return {
    touch,
    async keep(files) {
      for (const file of files) {
        // Touch before the bytes: whoever deletes them now has finished before they are stored again.
        let touchedAt: number
        do {
          touchedAt = await touch(file.digest, file.sizeBytes)
          await file.staged?.commit()
        } while (now() - touchedAt > (graceSeconds * 1000) / 2)
      }
    },
  }
}

/** The digest of a file record as the blob store takes it. */
export function digestOf(text: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new RegistryError('internal', `Not a digest: ${text}`)
  return `sha256:${text.slice(7)}`
}
