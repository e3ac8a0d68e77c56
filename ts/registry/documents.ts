import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LRUCache } from 'lru-cache'

const compress = promisify(gzip)

export type Encoding = 'identity' | 'gzip'

/** A computed answer, its bytes ready to send. */
export interface Document {
  readonly body: Buffer<ArrayBuffer>
  readonly encoding: Encoding
  /** Strong, in quotes: differs whenever the bytes do, so between encodings and representations too. */
  readonly etag: string
}

/** Documents computed from records, kept by the revision that they were computed from. */
export interface DocumentCache {
  /**
   * The document of a key, computed at most once at a time. The key names everything that the bytes depend on:
   * package id and revision, representation, address. A computation that throws is not kept.
   */
  get(key: string, encoding: Encoding, compute: () => Promise<string | Buffer>): Promise<Document>
  /** Since the start, for metrics. */
  readonly counts: { hits: number; misses: number }
}

/** Bounded by the bytes of the bodies. Small bodies are not compressed: below 1 KiB gzip makes nothing faster. */
export function documentCache(maxBytes: number): DocumentCache {
  const kept = new LRUCache<string, Document>({
    maxSize: maxBytes,
    sizeCalculation: (document, key) => document.body.length + key.length + 200,
  })
  const running = new Map<string, Promise<Document>>()
  const counts = { hits: 0, misses: 0 }

  async function computed(key: string, encoding: Encoding, compute: () => Promise<string | Buffer>) {
    if (encoding === 'identity') return sealed(Buffer.from(await compute()), 'identity')
    const identity = await get(key, 'identity', compute)
    if (identity.body.length < 1024) return identity
    return sealed(Buffer.from(await compress(identity.body, { level: 6 })), 'gzip')
  }

  async function get(key: string, encoding: Encoding, compute: () => Promise<string | Buffer>): Promise<Document> {
    const full = `${encoding}\0${key}`
    const known = kept.get(full)
    if (known) {
      counts.hits += 1
      return known
    }
    const already = running.get(full)
    if (already) return already
    counts.misses += 1
    const promise = computed(key, encoding, compute)
    running.set(full, promise)
    try {
      const document = await promise
      kept.set(full, document)
      return document
    } finally {
      running.delete(full)
    }
  }

  return { get, counts }
}

function sealed(body: Buffer<ArrayBuffer>, encoding: Encoding): Document {
  const hash = createHash('sha256').update(encoding).update('\0').update(body).digest('base64url').slice(0, 27)
  return { body, encoding, etag: `"${hash}"` }
}
