import type { PlatformSize } from './size.ts'

/** Somebody who asks, by a token. */
export interface Caller {
  readonly token: string
}

/** A package, and the token of somebody who may read it. */
export interface Ask extends Caller {
  readonly organization: string
  readonly repository: string
  readonly packageName: string
}

/** What the seeding leaves to be measured. */
export interface SeededPlatform {
  readonly size: PlatformSize
  readonly callers: {
    /** A plain member of three organizations. */
    readonly ofThree: Caller
    /** A plain member of a thousand, or of all where there are fewer. */
    readonly ofThousand: Caller
  }
  readonly asks: readonly Ask[]
}
