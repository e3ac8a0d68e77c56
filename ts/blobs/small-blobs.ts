import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { clampRange } from './range.ts'
import type { BlobStore, Digest } from './store.ts'

export interface SmallBlobsOptions {
  /** Memory for all of them. */
  readonly maxBytes: number
  /** Larger blobs always come from the store. */
  readonly maxBlobBytes: number
}

/** A store that remembers small blobs, with what its memory was good for since the start. */
export interface RememberingBlobStore extends BlobStore {
  readonly counts: { hits: number; misses: number }
}

/** Digests whose size is known, a few bytes each. */
const maxSizes = 20_000

/**
 * The store with its small blobs kept in memory. The first read of a blob passes through and learns its size, the
 * next one keeps it: what is read once takes no memory, and no read costs a question more. Bytes under a digest never
 * change, so only `delete` forgets, and another process may hand out a deleted blob a while longer: nobody comes to
 * its bytes without a record.
 */
export function rememberSmallBlobs(store: BlobStore, options: SmallBlobsOptions): RememberingBlobStore {
  const kept = new LRUCache<Digest, Uint8Array>({ maxSize: options.maxBytes, sizeCalculation: costOf })
  const sizes = new LRUCache<Digest, number>({ max: maxSizes })
  const loading = new Map<Digest, Promise<Uint8Array | undefined>>()
  const counts = { hits: 0, misses: 0 }

  function loadOnce(digest: Digest): Promise<Uint8Array | undefined> {
    const running = loading.get(digest) ?? load(digest)
    loading.set(digest, running)
    return running
  }

  async function load(digest: Digest): Promise<Uint8Array | undefined> {
    try {
      const bytes = await whole(store, digest)
      // A deletion meanwhile took this load out of the map; damaged bytes may be replaced at any time.
      if (bytes && loading.has(digest) && isWhole(bytes, digest)) kept.set(digest, bytes)
      return bytes
    } finally {
      loading.delete(digest)
    }
  }

  const read: BlobStore['read'] = async (digest, range) => {
    const known = kept.get(digest)
    if (known) counts.hits++
    else counts.misses++
    if (known) return once(part(known, range))
    const size = sizes.get(digest)
    if (size === undefined && range === undefined) return measured(store, digest, (bytes) => sizes.set(digest, bytes))
    if (size === undefined || size > options.maxBlobBytes) return store.read(digest, range)
    const bytes = await loadOnce(digest)
    return bytes && once(part(bytes, range))
  }

  return {
    kind: store.kind,
    uploads: store.uploads,
    counts,
    read,
    async delete(digest, confirm) {
      loading.delete(digest)
      await store.delete(digest, confirm)
      kept.delete(digest)
    },
    stage: (bytes, staging) => store.stage(bytes, staging),
    stat: (digest) => store.stat(digest),
    quarantine: (digest) => store.quarantine(digest),
    list: (page) => store.list(page),
    sweep: (olderThanSeconds) => store.sweep(olderThanSeconds),
    localPath: (digest) => store.localPath(digest),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}

/** An entry costs more than its bytes, so that a million empty blobs are no free million. */
function costOf(bytes: Uint8Array): number {
  return bytes.byteLength + 256
}

function isWhole(bytes: Uint8Array, digest: Digest): boolean {
  return `sha256:${hash('sha256', bytes)}` === digest
}

async function whole(store: BlobStore, digest: Digest): Promise<Uint8Array | undefined> {
  const chunks = await store.read(digest)
  return chunks && Buffer.concat(await Array.fromAsync(chunks))
}

function part(bytes: Uint8Array, range: Parameters<BlobStore['read']>[1]): Uint8Array {
  const { start, end } = clampRange(bytes.byteLength, range)
  return bytes.subarray(start, end)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}

/** The blob as the store reads it; tells its size if it is read to its end. */
async function measured(store: BlobStore, digest: Digest, tell: (bytes: number) => void) {
  const chunks = await store.read(digest)
  return chunks && new Measured(chunks[Symbol.asyncIterator](), tell)
}

/** No generator: `return` must reach a reader that was never started. */
class Measured implements AsyncIterableIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #tell: (bytes: number) => void
  #bytes = 0

  constructor(chunks: AsyncIterator<Uint8Array>, tell: (bytes: number) => void) {
    this.#chunks = chunks
    this.#tell = tell
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const result = await this.#chunks.next()
    if (result.done) this.#tell(this.#bytes)
    else this.#bytes += result.value.byteLength
    return result
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#chunks.return?.()
    return { done: true, value: undefined }
  }
}
