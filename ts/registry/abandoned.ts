import type { IsAbandoned } from './completion.ts'

const waitMs = 20_000
/** No process's clock is this far ahead of another's. */
const surelyOldMs = 600_000

/** Tells what its process has abandoned from what is only slow. */
export interface AbandonedIntents {
  /** For one look at all intents there are; the looks before are what it judges by. */
  look(): IsAbandoned
}

/**
 * What this process has seen unfinished for 20 seconds is abandoned: by its own clock, since that of the process which
 * began it may be another. What began ten minutes ago is abandoned at sight.
 */
export function abandonedIntents(now: () => number = () => performance.now()): AbandonedIntents {
  let firstSeen = new Map<string, number>()
  return {
    look() {
      const before = firstSeen
      const seen = new Map<string, number>()
      firstSeen = seen
      return ({ id, value }) => {
        const since = before.get(id) ?? now()
        seen.set(id, since)
        return now() - since >= waitMs || Date.now() - value.startedAt >= surelyOldMs
      }
    },
  }
}
