import type { Stored } from '../metadata/engine.ts'
import type { IntentDocument } from '../metadata/schema.ts'
import type { Finish } from './finish.ts'
import type { RegistryStore } from './store.ts'
import { completeNext, swapIn } from './swap.ts'

/**
 * Completes publishes and changes that were begun before a time (epoch milliseconds) and not finished: their process
 * died, or lost the store. A publish whose unit was inserted becomes visible; one without leaves nothing. Safe to
 * run twice and on two replicas. Resolves to how many were completed or cleared.
 */
export async function completeUnfinished(store: RegistryStore, finish: Finish, before: number): Promise<number> {
  let completed = 0
  for (;;) {
    const page = await store.intents.find('byAge', { range: { before }, limit: 100 })
    for (const intent of page.items) await completeOne(store, finish, intent)
    completed += page.items.length
    if (page.items.length < 100) return completed
  }
}

async function completeOne(store: RegistryStore, finish: Finish, intent: Stored<IntentDocument>) {
  const { packageId, unitId } = intent.value
  if (unitId === undefined) return completeChange(store, finish, intent.id, packageId)
  const unit = await store.units.get(unitId)
  if (!unit) return finish.forget(unitId)
  await completeNext(store, packageId)
  await finish.publish(unit, await swapIn(store, unit))
}

async function completeChange(store: RegistryStore, finish: Finish, changeId: string, packageId: string) {
  const pkg = await store.packages.get(packageId)
  const stamp = pkg?.value.recentChanges.find((change) => change.id === changeId)
  if (pkg && stamp) await finish.change(stamp, pkg)
  else await store.intents.delete(changeId)
}
