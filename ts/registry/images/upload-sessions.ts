import type { ImageBlob, ImagePlace } from './images.ts'

/** Whose an upload is; to anybody else, and in any other image, it does not exist. */
export interface UploadOwner extends ImagePlace {
  /** A user's or robot's id. */
  readonly ownerId: string
}

export interface UploadStatus {
  readonly id: string
  /** Bytes that are durable. */
  readonly sizeBytes: number
}

/** The place of a chunk in its upload, as its client says it: inclusive at both ends, as in `Content-Range`. */
export interface ChunkRange {
  readonly start: number
  readonly end: number
}

export interface Chunk {
  readonly bytes: AsyncIterable<Uint8Array>
  /** Absent: at the end of what came before, however long. */
  readonly range?: ChunkRange
}

/** Uploads of blobs in several requests, each of which may come to another process. */
export interface UploadSessions {
  /** Throws `too_many_requests` when the owner has too many open ones. */
  start(owner: UploadOwner, algorithm?: 'sha256' | 'sha512'): Promise<UploadStatus>
  /** Throws `upload_unknown`, as all below do. */
  status(id: string, owner: UploadOwner): Promise<UploadStatus>
  /**
   * Adds a chunk. Throws `range_invalid` (nothing changed; `details.sizeBytes` says what is there) for one that does not
   * begin at the end or is not as long as it says, `upload_busy` while another request adds one. When its stream
   * fails, what came is kept.
   */
  append(id: string, owner: UploadOwner, chunk: Chunk): Promise<UploadStatus>
  /**
   * Adds the last chunk, if there is one, and makes the whole the image's blob. Throws `digest_mismatch`, and the
   * session ends with it; repeating a finish that succeeded throws `upload_unknown`.
   */
  finish(id: string, owner: UploadOwner, digest: string, chunk?: Chunk): Promise<ImageBlob>
  /** The whole in one request. */
  put(owner: UploadOwner, digest: string, bytes: AsyncIterable<Uint8Array>): Promise<ImageBlob>
  cancel(id: string, owner: UploadOwner): Promise<void>
  /** Ends sessions whose time is over; resolves to how many. */
  expire(): Promise<number>
}
