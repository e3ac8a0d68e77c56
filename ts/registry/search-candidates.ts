import { type SearchScope, type Terms, type Walk, walkPostings } from './search-walk.ts'
import type { RegistryStore } from './store.ts'

/** A package that is no candidate for one word may be one for another, or have several words that begin alike. */
const postingsEach = 3

export interface Candidates {
  /** Ids of packages, the most promising first. */
  readonly packageIds: readonly string[]
  /** True when every package that has all the terms is among them. */
  readonly complete: boolean
}

/**
 * Packages that may have all of these terms, at most so many. Their postings are walked in turns until one walk ends: that of the rarest
 * term, which all hits are in. Where none ends in time, what several walks met comes first.
 */
export async function findCandidates(
  store: RegistryStore,
  scope: SearchScope,
  terms: readonly Terms[],
  most: number,
): Promise<Candidates> {
  const walks = terms.map((each) => ({ walk: walkPostings(store, scope, each), found: new Set<string>() }))
  const rarest = await firstToEnd(walks, most)
  if (!rarest) return { packageIds: sharedFirst(walks.map(({ found }) => found)).slice(0, most), complete: false }
  const packageIds = [...rarest]
  return { packageIds: packageIds.slice(0, most), complete: packageIds.length <= most }
}

interface Walking {
  readonly walk: Walk
  readonly found: Set<string>
}

/** What the walk found that was the first to see all there is; `undefined` when the bounds were reached before. */
async function firstToEnd(walks: readonly Walking[], most: number): Promise<ReadonlySet<string> | undefined> {
  let going = walks
  for (let walked = 0; walked < most * postingsEach && going.length > 0; ) {
    for (const each of going) {
      const next = await each.walk.next()
      if (next.done && next.value.complete) return each.found
      if (next.done) going = going.filter((other) => other !== each)
      else each.found.add(next.value.packageId)
      walked += 1
    }
    if (walks.length === 1 && (walks[0]?.found.size ?? 0) > most) return undefined
  }
  return undefined
}

function sharedFirst(sets: readonly ReadonlySet<string>[]): string[] {
  const counts = new Map<string, number>()
  for (const set of sets) for (const id of set) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([id]) => id)
}
