import type { UploadStore } from './uploads.ts'

/** `sha256:` and 64 lower-case hex digits; the name of a blob. */
export type Digest = `sha256:${string}`

/** Hashes a protocol may ask for beside SHA-256, computed in the same pass; values are lower-case hex. */
export type HashName = 'md5' | 'sha1' | 'sha512'

export interface BlobInfo {
  readonly digest: Digest
  readonly sizeBytes: number
}

/** Inclusive at both ends, as in an HTTP Range. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface StagedBlob extends BlobInfo {
  readonly hashes: Readonly<Partial<Record<HashName, string>>>
  /**
   * Makes the bytes durable under their digest; what is there of the same size stays, and bytes that were cut short are
   * replaced. Repeatable.
   */
  commit(): Promise<void>
  /** Drops the staged bytes; after a commit it does nothing. Always safe to call. */
  discard(): Promise<void>
}

export interface StageOptions {
  readonly hashes?: readonly HashName[]
  /** `payload_too_large` as soon as more than this many bytes came. */
  readonly maxBytes?: number
  /** `digest_mismatch` when the bytes hash to another. */
  readonly expected?: Digest
  readonly signal?: AbortSignal
}

/** Content-addressed bytes. Every method is safe to retry. Implementations: filesystem.ts, s3.ts. */
export interface BlobStore {
  readonly kind: 'filesystem' | 's3'
  /** Bytes that come in several requests. */
  readonly uploads: UploadStore
  /** Reads the stream to its end while hashing, into staging. Nothing is visible until `commit`; an error or
   *  abort leaves nothing behind. `storage_full` when the disk is. */
  stage(bytes: AsyncIterable<Uint8Array>, options?: StageOptions): Promise<StagedBlob>
  /** `undefined` when absent; back-pressure is the consumer's pace, and returning early frees everything. */
  read(digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  stat(digest: Digest): Promise<BlobInfo | undefined>
  /**
   * Removing an absent blob is not an error. `confirm` is asked when nobody sees the bytes any more, and may take its
   * time: when it answers false or throws, somebody came to need them. Then they are put back, unless he stored them
   * again; where bytes cannot be set aside (S3) they are gone, and `confirm` only learns of it.
   */
  delete(digest: Digest, confirm?: () => Promise<boolean>): Promise<void>
  /**
   * Keeps the bytes, right or wrong, in a place where nobody looks for blobs and nothing is swept; resolves to that place
   * in words for an administrator, `undefined` when absent. The blob stays as it is.
   */
  quarantine(digest: Digest): Promise<string | undefined>
  /** Digests in byte order, `limit` (at most 1000) a page. */
  list(options: { after?: Digest; limit?: number }): Promise<{ items: BlobInfo[]; next?: Digest }>
  /** Removes staging older than the given age and aborts abandoned multipart uploads; how many were removed. */
  sweep(olderThanSeconds: number): Promise<number>
  /** A local path of the blob, for reads without copies; `undefined` on stores that have none. */
  localPath(digest: Digest): string | undefined
  /** Latency in milliseconds; throws `unavailable`. */
  ping(): Promise<{ latencyMs: number; version: string }>
  close(): Promise<void>
}
