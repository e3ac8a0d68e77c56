/** How often a tag or digest was pulled. Times are epoch milliseconds. */
export interface PullCount {
  readonly pulls: number
  /** Or looked at, which is all that a client does that has the image already, or pushed once more by digest. */
  readonly lastPulledAt: number
}

/** Pulls of images by tag and digest: counted in memory, written every ten seconds and at the end. */
export interface Pulls {
  /** Adds one to each of the references (a tag, a digest); never waits. A digest is a download of its package, too. */
  count(packageId: string, references: readonly string[]): void
  /** The same for a client that was told no more than which manifest it is: moves the time, and counts no pull. */
  look(packageId: string, references: readonly string[]): void
  /** Moves the time, and counts no pull, for a client that is told that they are kept: written when it resolves. */
  renew(packageId: string, references: readonly string[]): Promise<void>
  /** Writes what was counted. What cannot be written is kept for the next time; then it throws. */
  flush(): Promise<void>
  /** Written pulls by reference; those never pulled are absent. */
  of(packageId: string, references: readonly string[]): Promise<ReadonlyMap<string, PullCount>>
  /** Drops what was written of a tag or digest that is no more. What other processes still have in memory may come after. */
  forget(packageId: string, references: readonly string[]): Promise<void>
}
