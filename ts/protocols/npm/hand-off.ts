/** One writer gives chunks to one reader, one chunk at a time: the writer waits until the reader has room. */
export interface HandOff {
  /**
   * Settles once the reader has taken the chunk before this one. Rejects with the reason given to `fail`. After the
   * reader has left, chunks are dropped.
   */
  write(chunk: Uint8Array): Promise<void>
  /** The reader sees the end after the last chunk. */
  end(): void
  /** Both sides see `reason`: the reader at its next chunk, the writer at its next write. The first reason stays. */
  fail(reason: unknown): void
  /** For a reader that has gone without ever starting to read: chunks are dropped from now on. */
  drop(): void
  /** For one reader, once. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** A hand-off that holds one chunk at most. */
export function handOff(): HandOff {
  let slot: Uint8Array | undefined
  let over: { failed: false } | { failed: true; reason: unknown } | undefined
  let left = false
  let changed = Promise.withResolvers<void>()

  function announce(): void {
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }
  async function* read(): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        if (over?.failed) throw over.reason
        if (slot) {
          const chunk = slot
          slot = undefined
          announce()
          yield chunk
        } else if (over) return
        else await changed.promise
      }
    } finally {
      drop()
    }
  }
  function drop(): void {
    left = true
    announce()
  }
  return {
    bytes: read(),
    drop,
    async write(chunk) {
      while (slot && !over && !left) await changed.promise
      if (over?.failed) throw over.reason
      if (!left) slot = chunk
      announce()
    },
    end() {
      over ??= { failed: false }
      announce()
    },
    fail(reason) {
      over ??= { failed: true, reason }
      announce()
    },
  }
}

/**
 * `count` readers of one source, each seeing every chunk. The source is read once and as fast as the slowest reader; a
 * reader that leaves early holds the others up no longer. All readers must run at the same time; abort the signal when
 * one fails, also before it took its first chunk. An error of the source, and the signal's reason, reach every reader.
 */
export function tee(
  source: AsyncIterable<Uint8Array>,
  count: number,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array>[] {
  const branches = Array.from({ length: count }, handOff)
  signal?.addEventListener('abort', () => {
    for (const branch of branches) branch.fail(signal.reason)
  })
  async function pump(): Promise<void> {
    try {
      for await (const chunk of source) await Promise.all(branches.map((branch) => branch.write(chunk)))
      for (const branch of branches) branch.end()
    } catch (err) {
      for (const branch of branches) branch.fail(err)
    }
  }
  pump().catch(() => {})
  return branches.map((branch) => branch.bytes)
}
