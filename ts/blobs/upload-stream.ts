import { hashedPieces, untilAborted } from './hashing.ts'
import type { UploadHashes } from './upload-hashes.ts'
import type { Appended, AppendOptions, UploadState } from './uploads.ts'

/** The bytes of one append on their way to the store. */
export interface UploadStream {
  /** In pieces of at most 1 MiB; ends where the source fails, and throws `payload_too_large` alone. */
  readonly pieces: AsyncIterable<Uint8Array>
  /** The state when all pieces are durable at the place. */
  stored(place: string): Appended
}

/** Follows an append with the hashes of what came before, where they are known. */
export function uploadStream(
  before: UploadState,
  bytes: AsyncIterable<Uint8Array>,
  options: AppendOptions,
  memory: UploadHashes,
): UploadStream {
  const hashes = memory.resume(before, options.hashes ?? [])
  let sizeBytes = before.sizeBytes
  let failure: { error: unknown } | undefined
  const limits = { startBytes: before.sizeBytes, ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }) }

  async function* received() {
    try {
      yield* untilAborted(bytes, options.signal)
    } catch (error) {
      failure = { error }
    }
  }
  async function* pieces() {
    for await (const piece of hashedPieces(received(), hashes ?? new Map(), limits)) {
      sizeBytes += piece.byteLength
      yield piece
    }
  }
  return {
    pieces: pieces(),
    stored(place) {
      const state = { sizeBytes, place }
      if (hashes) memory.remember(state, hashes)
      return { state, ...failure }
    },
  }
}
