import type { Fact } from './entries.ts'

const windowMs = 60_000
const mostKept = 10_000

interface Kept {
  readonly since: number
  /** The last repeat, and how many there were; absent until there is one. */
  repeats?: Fact
}

/** Equal refusals of a minute. */
export interface Repeats {
  /** True when an equal refusal was written within the last minute: this one is counted and must not be written. */
  holdsBack(fact: Fact): boolean
  /** Takes out what is to be written now: of the minutes that have ended, or of all. */
  take(which: 'ended' | 'all'): Fact[]
  /** Puts back what could not be written. */
  putBack(facts: readonly Fact[]): void
}

/**
 * An entry that is chained is never changed, so its count cannot grow. The first of equal refusals is written at once
 * with the count 1; those of the following minute are counted here and written as one more entry, whose count is how
 * many they were and whose time is the last one's. The sum of the counts is the number of refusals. A killed process
 * loses the counts of its last minute, never the fact that there was a refusal.
 */
export function repeatedRefusals(now: () => number): Repeats {
  const kept = new Map<string, Kept>()
  const early: Fact[] = []

  /** Keys are in the order of their minutes' beginnings, so the first is the oldest. */
  function makeRoom(): void {
    const [oldest] = kept
    if (kept.size < mostKept || !oldest) return
    kept.delete(oldest[0])
    if (oldest[1].repeats) early.push(oldest[1].repeats)
  }

  return {
    holdsBack(fact) {
      if (fact.outcome !== 'refused') return false
      const key = keyOf(fact)
      const known = kept.get(key)
      if (known && now() - known.since < windowMs) {
        known.repeats = { ...fact, count: (known.repeats?.count ?? 0) + 1 }
        return true
      }
      kept.delete(key)
      if (known?.repeats) early.push(known.repeats)
      makeRoom()
      kept.set(key, { since: now() })
      return false
    },

    take(which) {
      const facts = early.splice(0)
      for (const [key, { since, repeats }] of kept) {
        if (which === 'ended' && now() - since < windowMs) break
        kept.delete(key)
        if (repeats) facts.push(repeats)
      }
      return facts
    },

    putBack(facts) {
      early.push(...facts.slice(0, mostKept - early.length))
    },
  }
}

/** Details may differ, but for what was asked for. */
function keyOf({ actorKind, actorId, tokenId, address, action, targetKind, targetId, details }: Fact): string {
  return JSON.stringify([actorKind, actorId, tokenId, address, action, targetKind, targetId, askedIn(details)])
}

function askedIn(details: Fact['details']): unknown {
  return typeof details === 'object' && details !== null && 'asked' in details ? details['asked'] : undefined
}
