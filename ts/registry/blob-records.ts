import { setTimeout as delay } from 'node:timers/promises'
import type { BlobStore, Digest, StagedBlob } from '../blobs/store.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import type { BlobDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { deletionWatch, staleDeletionSeconds, type WatchClocks } from './garbage/deletion-watch.ts'
import { defaultGraceSeconds, touchEverySeconds } from './grace.ts'

type Blob = Stored<BlobDocument>

/** A deletion takes milliseconds, unless its process died. */
const longestWaitSeconds = 20
const pollMs = 50
/** Of one publish: a manifest may name many. */
const keptAtOnce = 16

/** A blob that a publish is about to refer to; `staged` when its bytes came with this request. */
export interface BlobToKeep {
  readonly digest: string
  readonly sizeBytes: number
  readonly staged?: StagedBlob
}

/** The records that keep the collector from bytes that somebody is about to refer to; see DESIGN.md "Blobs". */
export interface BlobRecords {
  /** How long what nothing refers to is kept; the collector of this installation has the same. */
  readonly graceSeconds: number
  /**
   * Makes the bytes durable and their records live, touched within `touchEverySeconds`. References may be inserted right
   * after.
   * `blob_unknown` for a blob that came without bytes and is not there, not any more, or not whole: it must be stored again.
   */
  keep(files: readonly BlobToKeep[]): Promise<void>
  /**
   * Touches one blob, unless it was within `touchEverySeconds`: a condemned one is live again, one being deleted is
   * waited for. Resolves to the time of the touch, epoch milliseconds. `unavailable` when the deletion does not end; one that its process
   * left half done ends here, two minutes after this process met it.
   */
  touch(digest: string, sizeBytes: number): Promise<number>
}

export interface BlobRecordsOptions extends WatchClocks {
  readonly graceSeconds?: number
}

export function blobRecords(engine: MetadataEngine, blobs: BlobStore, options: BlobRecordsOptions = {}): BlobRecords {
  const { graceSeconds = defaultGraceSeconds, now = Date.now, elapsedMs = () => performance.now() } = options
  const watch = deletionWatch({ now, elapsedMs })
  const records = engine.collection(packageSchema.blobs)
  const touchEveryMs = touchEverySeconds(graceSeconds) * 1000

  /** No collector condemns it for long: nothing is to be written. */
  const isFresh = ({ state, touchedAt }: BlobDocument) => state === 'live' && now() - touchedAt < touchEveryMs

  /** `undefined` when another change came first. */
  async function tryTouch(digest: string, sizeBytes: number, known?: Blob): Promise<number | undefined> {
    if (known && isFresh(known.value)) return known.value.touchedAt
    const touched = { state: 'live' as const, touchedAt: now(), sizeBytes }
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
    const startedAt = elapsedMs()
    for (;;) {
      const known = await records.get(digest)
      const remainingMs = known ? watch.remainingMs(known) : 0
      const touchedAt = remainingMs === 0 ? await tryTouch(digest, sizeBytes, known) : undefined
      if (touchedAt !== undefined) return touchedAt
      if (elapsedMs() - startedAt > longestWaitSeconds * 1000) throw stillDeleted(digest, remainingMs)
      if (remainingMs > 0) await delay(pollMs)
    }
  }

  /** Touches before the bytes are stored: whoever deletes equal bytes has then finished, and nobody begins to. */
  async function keepOne({ digest, sizeBytes, staged }: BlobToKeep): Promise<void> {
    let touchedAt: number
    do {
      touchedAt = await touch(digest, sizeBytes)
      await staged?.commit()
    } while (now() - touchedAt > (graceSeconds * 1000) / 2)
    if (!staged && (await blobs.stat(digestOf(digest)))?.sizeBytes !== sizeBytes) {
      throw new RegistryError('blob_unknown', `Blob ${digest} is not stored; upload it again.`, { field: digest })
    }
  }

  return {
    graceSeconds,
    touch,
    async keep(files) {
      for (let at = 0; at < files.length; at += keptAtOnce) {
        const outcomes = await Promise.allSettled(files.slice(at, at + keptAtOnce).map(keepOne))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      }
    },
  }
}

function stillDeleted(digest: string, remainingMs: number): RegistryError {
  const retryAfterSeconds = Math.max(1, Math.ceil(remainingMs / 1000))
  return new RegistryError('unavailable', `Blob ${digest} is being deleted; try again.`, { retryAfterSeconds })
}

/** Is somebody at removing the bytes, as clocks tell? For reports alone: who acts on it asks a `DeletionWatch`. */
export function isBeingDeleted({ value }: Blob, now: number): boolean {
  return value.state === 'deleting' && now - (value.deletingSince ?? 0) <= staleDeletionSeconds * 1000
}

/** The digest of a file record as the blob store takes it. */
export function digestOf(text: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new RegistryError('internal', `Not a digest: ${text}`)
  return `sha256:${text.slice(7)}`
}
