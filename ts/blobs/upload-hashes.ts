import { LRUCache } from 'lru-cache'
import { finishHashes, type HashResult, hashStream, type RunningHashes, startHashes } from './hashing.ts'
import type { HashName } from './store.ts'
import type { UploadState } from './uploads.ts'

/** Uploads whose hashes are remembered, under 2 KiB each. */
const mostUploads = 2000

/**
 * Running hashes of uploads between their requests, in this process alone. Keyed by the place, which every append makes
 * anew, so that bytes which another process put there instead are never taken for those that were hashed here.
 */
export interface UploadHashes {
  /** Hashes to go on with; `undefined` when this process did not hash what came before. */
  resume(state: UploadState, names: readonly HashName[]): RunningHashes | undefined
  remember(state: UploadState, hashes: RunningHashes): void
  /** What the upload hashes to; `undefined` when this process has not followed it with all of these. */
  result(state: UploadState, names: readonly HashName[]): HashResult | undefined
  forget(state: UploadState): void
}

export function uploadHashes(): UploadHashes {
  const followed = new LRUCache<string, RunningHashes>({ max: mostUploads })
  const copyOf = (state: UploadState) => {
    const hashes = followed.get(state.place)
    return hashes && new Map([...hashes].map(([name, hash]) => [name, hash.copy()]))
  }
  return {
    resume: (state, names) => (state.sizeBytes === 0 ? startHashes(names) : copyOf(state)),
    remember: (state, hashes) => void followed.set(state.place, hashes),
    result(state, names) {
      const hashes = copyOf(state)
      if (!hashes || names.some((name) => !hashes.has(name))) return undefined
      return finishHashes(hashes, state.sizeBytes)
    },
    forget: (state) => void followed.delete(state.place),
  }
}

/** Hashes staged bytes that this process has not followed. */
export async function hashAgain(bytes: AsyncIterable<Uint8Array>, names: readonly HashName[]): Promise<HashResult> {
  const hashed = hashStream(bytes, { hashes: names })
  for await (const _piece of hashed.pieces) {
    // Only their hash is wanted.
  }
  return hashed.result()
}
