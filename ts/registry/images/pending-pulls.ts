/** Pulls of a tag or digest that are not written yet. */
export interface PendingPull {
  readonly packageId: string
  readonly reference: string
  /** 0: it was looked at, or the count is written and the time is not. */
  readonly pulls: number
  /** Epoch milliseconds. */
  readonly lastPulledAt: number
}

export interface PendingPulls {
  /** False when too many references wait already and this is not one of them. */
  add(pull: PendingPull): boolean
  /** What waits: to be written, or put back; `settle` says that either was done with all. */
  takeAll(): PendingPull[]
  putBack(pull: PendingPull): void
  settle(): void
  drop(packageId: string, reference: string): void
}

/** Pulls in memory, of at most `maxReferences` tags and digests. */
export function pendingPulls(maxReferences: number): PendingPulls {
  let waiting = new Map<string, PendingPull>()
  let taken = 0
  // Neither ids nor tags nor digests have spaces.
  const keyOf = (packageId: string, reference: string) => `${packageId} ${reference}`

  function merge(pull: PendingPull): void {
    const key = keyOf(pull.packageId, pull.reference)
    const known = waiting.get(key)
    const pulls = pull.pulls + (known?.pulls ?? 0)
    waiting.set(key, { ...pull, pulls, lastPulledAt: Math.max(pull.lastPulledAt, known?.lastPulledAt ?? 0) })
  }

  return {
    add(pull) {
      const isNew = !waiting.has(keyOf(pull.packageId, pull.reference))
      if (isNew && waiting.size + taken >= maxReferences) return false
      merge(pull)
      return true
    },
    takeAll() {
      const all = [...waiting.values()]
      waiting = new Map()
      taken = all.length
      return all
    },
    putBack: merge,
    settle() {
      taken = 0
    },
    drop: (packageId, reference) => void waiting.delete(keyOf(packageId, reference)),
  }
}
