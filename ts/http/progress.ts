/** How much an upload must bring while we wait for it. */
export interface ProgressBounds {
  readonly minBytesPerSecond: number
  readonly windowSeconds: number
}

/**
 * Judges an upload by its progress: over every window of waiting for the client, at least the given rate. Time in
 * which the server itself was slow to read does not count.
 */
export class ProgressRule {
  readonly #windowMs: number
  readonly #minBytes: number
  #waitedMs = 0
  #bytes = 0

  constructor(bounds: ProgressBounds) {
    this.#windowMs = bounds.windowSeconds * 1000
    this.#minBytes = bounds.minBytesPerSecond * bounds.windowSeconds
  }

  /** How long the next bytes may take, in milliseconds; not above 0 when the window is over. */
  remainingMs(): number {
    return this.#windowMs - this.#waitedMs
  }

  /** Bytes came after so long a wait. A window that brought enough begins anew. */
  received(bytes: number, waitedMs: number): void {
    this.#waitedMs += waitedMs
    this.#bytes += bytes
    if (this.#bytes < this.#minBytes) return
    this.#waitedMs = 0
    this.#bytes = 0
  }
}
