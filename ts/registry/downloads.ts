import * as packageSchema from '../metadata/package-schema.ts'
import type { RegistryStore } from './store.ts'

/** Downloads by package, version and UTC day: counted in memory, written every ten seconds and at the end. */
export interface Downloads {
  /** Adds one; never waits. */
  count(packageId: string, version: string): void
  /** Writes what was counted. What cannot be written is kept for the next time. */
  flush(): Promise<void>
  /** Written downloads of a package over the last days, today included. */
  total(packageId: string, days: number): Promise<number>
}

export function downloadCounter(store: RegistryStore, now: () => number = Date.now): Downloads {
  let pending = new Map<string, { packageId: string; version: string; day: string; count: number }>()
  const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10)

  function add(packageId: string, version: string, day: string, count: number) {
    const key = `${packageId}\0${version}\0${day}`
    const counted = pending.get(key)
    if (counted) counted.count += count
    else pending.set(key, { packageId, version, day, count })
  }

  return {
    count: (packageId, version) => add(packageId, version, dayOf(now()), 1),
    async flush() {
      const batch = [...pending.values()]
      pending = new Map()
      if (batch.length === 0) return
      const outcomes = await store.engine.batch(
        batch.map(({ packageId, version, day, count }) => ({
          kind: 'increment' as const,
          in: packageSchema.downloads,
          id: `${packageId}.${day}.${version}`,
          counter: 'count',
          by: count,
          initial: { packageId, version, day, count: 0 },
        })),
      )
      outcomes.forEach((outcome, i) => {
        const failed = outcome.status === 'rejected' ? batch[i] : undefined
        if (failed) add(failed.packageId, failed.version, failed.day, failed.count)
      })
    },
    async total(packageId, days) {
      const since = dayOf(now() - (days - 1) * 86_400_000)
      let sum = 0
      let cursor: string | undefined
      do {
        const after = cursor === undefined ? {} : { after: cursor }
        const range = { from: since }
        const page = await store.downloads.find('byPackage', { equals: { packageId }, range, limit: 1000, ...after })
        for (const { value } of page.items) sum += value.count
        cursor = page.next
      } while (cursor !== undefined)
      return sum
    },
  }
}
