import { LRUCache } from 'lru-cache'
import type { MetadataEngine } from './engine.ts'

export interface WarmReadsOptions {
  readonly maxEntries: number
  /** How old an answer may be where the engine cannot tell whether anything was committed; 0: always loaded anew. */
  readonly ttlSeconds: number
  /** Milliseconds that never go backwards; for tests. */
  readonly now?: () => number
}

/** Answers from memory what was loaded before, as long as it may still be told; see `warmReads`. */
export interface WarmReads<V> {
  /** Loads at most once at a time for a key. A load that failed is not remembered. */
  (key: string, load: () => Promise<V>): Promise<V>
  /** Everything is loaded anew, also what is being loaded now. Call after each change that this process makes. */
  forget(): void
}

interface Entry<V> {
  readonly mark: number | undefined
  readonly startedAt: number
  readonly value: Promise<V>
}

/**
 * A bounded memory of point reads. An answer is good while the engine's commit mark is what it was before the load
 * began; where there is no mark (MongoDB), for `ttlSeconds` from the beginning of the load.
 */
export function warmReads<V>(engine: Pick<MetadataEngine, 'commitMark'>, options: WarmReadsOptions): WarmReads<V> {
  const now = options.now ?? (() => performance.now())
  const entries = new LRUCache<string, Entry<V>>({ max: options.maxEntries })

  function isGood(entry: Entry<V>, mark: number | undefined): boolean {
    if (mark !== undefined) return entry.mark === mark
    return entry.mark === undefined && now() - entry.startedAt < options.ttlSeconds * 1000
  }

  function read(key: string, load: () => Promise<V>): Promise<V> {
    // Before the load: what is committed while it runs must make its answer old.
    const mark = engine.commitMark()
    const known = entries.get(key)
    if (known && isGood(known, mark)) return known.value
    if (mark === undefined && options.ttlSeconds === 0) return load()
    const entry: Entry<V> = { mark, startedAt: now(), value: load() }
    entries.set(key, entry)
    entry.value.catch(() => {
      if (entries.peek(key) === entry) entries.delete(key)
    })
    return entry.value
  }

  return Object.assign(read, { forget: () => entries.clear() })
}
