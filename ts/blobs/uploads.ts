import type { HashName, StagedBlob } from './store.ts'

/**
 * An upload between its requests, as the store that holds its bytes describes it. Whoever drives the upload keeps it,
 * and moves it by compare-and-swap: the state that an append began with stays good until the next one is accepted.
 */
export interface UploadState {
  /** Bytes that are durable. */
  readonly sizeBytes: number
  /** Where they are, in the store's own words. */
  readonly place: string
}

export interface AppendOptions {
  /** `payload_too_large` as soon as the upload has more bytes than this. */
  readonly maxBytes?: number
  /** Whoever wrote before may still be writing, his lease having run out: his bytes must not come between these. */
  readonly takesOver?: boolean
  /** Hashes to compute beside SHA-256, when the client said at the beginning which digest it will name. */
  readonly hashes?: readonly HashName[]
  readonly signal?: AbortSignal
}

export interface Appended {
  readonly state: UploadState
  /** What ended the stream early: what came before that is in `state`, and the upload can go on. */
  readonly error?: unknown
}

/** Bytes that come in several requests, and to several processes. Part of every blob store. */
export interface UploadStore {
  /** Chunks of at least so many bytes cost the store no more than they must; 0 where all sizes are alike. */
  readonly minChunkBytes: number
  /** A new, empty upload; costs nothing in the store. */
  begin(): UploadState
  /**
   * Adds bytes at the end; resolves when they are durable, also when the stream fails in the middle. The state that it
   * began with stays good, and is all there is when this throws: `storage_full` when the disk is, `upload_unknown`
   * when the bytes are not there any more.
   */
  append(state: UploadState, bytes: AsyncIterable<Uint8Array>, options?: AppendOptions): Promise<Appended>
  /** Drops what only `dropped` needs: the state before an append that was accepted, or the one after a refused one. */
  settle(dropped: UploadState, kept: UploadState): Promise<void>
  /**
   * The whole, hashed, ready to be committed; nothing can be appended afterwards, but a finish whose process died can be
   * repeated. Hashes that this process did not follow from the beginning are computed from the staged bytes.
   * `upload_unknown` when they are not there any more, or another writer has changed them.
   */
  finish(state: UploadState, hashes?: readonly HashName[]): Promise<StagedBlob>
  /** Drops everything; always safe to call. */
  discard(state: UploadState): Promise<void>
}
