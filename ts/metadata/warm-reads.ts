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
 * began, and is forgotten with all others when that has moved; where there is no mark (MongoDB), it is good for
 * `ttlSeconds` from the beginning of the load.
 */
export function warmReads<V>(engine: Pick<MetadataEngine, 'commitMark'>, options: WarmReadsOptions): WarmReads<V> {
  const now = options.now ?? (() => performance.now())
  // By last use. Emptying it costs what is in it, and so it may be done at each commit.
  const entries = new Map<string, Entry<V>>()
  let lastMark: number | undefined

  function forgetBefore(mark: number | undefined): void {
    if (mark === lastMark) return
    lastMark = mark
    entries.clear()
  }

  function use(key: string, entry: Entry<V>): void {
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size <= options.maxEntries) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }

  function isGood(entry: Entry<V>, mark: number | undefined): boolean {
    if (mark !== undefined) return entry.mark === mark
    return entry.mark === undefined && now() - entry.startedAt < options.ttlSeconds * 1000
  }

  function read(key: string, load: () => Promise<V>): Promise<V> {
    // Before the load: what is committed while it runs must make its answer old.
    const mark = engine.commitMark()
    forgetBefore(mark)
    const known = entries.get(key)
    if (known && isGood(known, mark)) {
      use(key, known)
      return known.value
    }
    if (mark === undefined && options.ttlSeconds === 0) return load()
    const entry: Entry<V> = { mark, startedAt: now(), value: load() }
    use(key, entry)
    entry.value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
    return entry.value
  }

  return Object.assign(read, { forget: () => entries.clear() })
}
