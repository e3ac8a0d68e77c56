import { setImmediate } from 'node:timers/promises'
import { isVisible } from '../policy.ts'
import type { Package, RegistryStore } from '../store.ts'
import type { Images } from './images.ts'

const recordsPerRead = 500
/** A page ends when so many records were looked at: those of images whose manifests are all gone stay behind. */
const mostLookedAt = 2000

/** See `Images.list`. */
export function imageList({ packages }: Pick<RegistryStore, 'packages'>): Images['list'] {
  return async ({ protocol, after, limit }) => {
    const items: Package[] = []
    let from = after?.toWellFormed()
    for (let lookedAt = 0; ; ) {
      const page = await packages.find('byPath', {
        equals: { protocol },
        ...(from !== undefined && { range: { after: from } }),
        limit: Math.min(recordsPerRead, mostLookedAt - lookedAt),
      })
      for (const [at, pkg] of page.items.entries()) {
        lookedAt++
        from = pkg.value.path
        if (isVisible(pkg.value)) items.push(pkg)
        const isLast = page.next === undefined && at === page.items.length - 1
        if (items.length === limit && !isLast) return placed(items, lookedAt, from)
      }
      if (page.next === undefined) return { items, lookedAt }
      if (lookedAt >= mostLookedAt) return placed(items, lookedAt, from)
      // Some engines read without letting go of the event loop.
      await setImmediate()
    }
  }
}

function placed(items: readonly Package[], lookedAt: number, next: string | undefined) {
  return { items, lookedAt, ...(next !== undefined && { next }) }
}
