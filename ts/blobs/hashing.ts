import { createHash, type Hash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import type { Digest, HashName, StagedBlob, StageOptions } from './store.ts'

/** The longest piece that is hashed without giving the event loop a turn: under 2 ms with four hashes. */
const pieceBytes = 1024 * 1024

export type HashResult = Pick<StagedBlob, 'digest' | 'sizeBytes' | 'hashes'>

/** Hashes of what has come so far. */
export type RunningHashes = ReadonlyMap<HashName | 'sha256', Hash>

export interface HashedStream {
  /** The bytes in pieces of at most 1 MiB, each hashed before it is handed on. Throws what `stage` promises to
   *  throw: `payload_too_large`, `digest_mismatch` (after the last piece), or the signal's reason. */
  readonly pieces: AsyncIterable<Uint8Array>
  /** Of the whole stream; throws unless `pieces` was read to its end. */
  result(): HashResult
}

/** Hashes a stream in passing, with SHA-256 and the asked hashes, and holds it to the options' limits. */
export function hashStream(bytes: AsyncIterable<Uint8Array>, options: StageOptions): HashedStream {
  let result: HashResult | undefined
  async function* pieces() {
    const hashes = startHashes(options.hashes ?? [])
    let sizeBytes = 0
    for await (const piece of hashedPieces(untilAborted(bytes, options.signal), hashes, options)) {
      sizeBytes += piece.byteLength
      yield piece
    }
    const finished = finishHashes(hashes, sizeBytes)
    requireDigest(finished.digest, options.expected)
    result = finished
  }
  return {
    pieces: pieces(),
    result() {
      if (!result) throw new Error('the stream was not read to its end')
      return result
    },
  }
}

/**
 * The bytes in pieces of at most 1 MiB, each hashed before it is handed on. `payload_too_large` as soon as there are
 * more than `maxBytes`, those of before (`startBytes`) included.
 */
export async function* hashedPieces(
  bytes: AsyncIterable<Uint8Array>,
  hashes: RunningHashes,
  limits: { maxBytes?: number; startBytes?: number },
): AsyncGenerator<Uint8Array> {
  let sizeBytes = limits.startBytes ?? 0
  for await (const chunk of bytes) {
    sizeBytes += chunk.byteLength
    requireSize(sizeBytes, limits.maxBytes)
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
      const piece = at === 0 && chunk.byteLength <= pieceBytes ? chunk : chunk.subarray(at, at + pieceBytes)
      for (const hash of hashes.values()) hash.update(piece)
      yield piece
    }
  }
}

/** SHA-256 and the asked hashes, of nothing yet. */
export function startHashes(names: readonly HashName[]): RunningHashes {
  return new Map((['sha256', ...names] as const).map((name) => [name, createHash(name)]))
}

/** What they come to; they can take no more bytes afterwards. */
export function finishHashes(hashes: RunningHashes, sizeBytes: number): HashResult {
  const { sha256, ...asked } = Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')]))
  return { digest: `sha256:${sha256}`, sizeBytes, hashes: asked }
}

function requireSize(sizeBytes: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || sizeBytes <= maxBytes) return
  throw new RegistryError('payload_too_large', `The upload is larger than the allowed ${maxBytes} bytes.`)
}

function requireDigest(actual: Digest, expected: Digest | undefined): void {
  if (expected === undefined || actual === expected) return
  throw new RegistryError(
    'digest_mismatch',
    `The uploaded bytes have the digest ${actual}, not the announced ${expected}.`,
  )
}

/**
 * The same stream, but it throws the signal's reason even while the source waits for its client. The source is then
 * told to return without being waited for: an async generator answers only after its pending read.
 */
export async function* untilAborted(
  bytes: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (!signal) {
    yield* bytes
    return
  }
  const source = bytes[Symbol.asyncIterator]()
  let interrupt: ((reason: unknown) => void) | undefined
  const onAbort = () => interrupt?.(signal.reason)
  signal.addEventListener('abort', onAbort)
  let open = true
  try {
    for (;;) {
      signal.throwIfAborted()
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject
        source.next().then(resolve, (err) => {
          open = false
          reject(err)
        })
      })
      if (next.done) {
        open = false
        return
      }
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (open) void source.return?.().catch(() => {})
  }
}
