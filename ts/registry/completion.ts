import { hasCode } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import { tagId } from '../metadata/image-schema.ts'
import type { ChangeStamp, IntentDocument } from '../metadata/package-schema.ts'
import type { Finish } from './finish.ts'
import { withdrawRemovals } from './removal.ts'
import type { Package, RegistryStore } from './store.ts'
import { completeNext, swapIn } from './swap.ts'
import type { Sweep } from './sweep-repository.ts'

export interface CompletionDeps {
  readonly store: RegistryStore
  readonly finish: Finish
  readonly sweep: Sweep
}

/**
 * Completes publishes and changes that were begun before a time (epoch milliseconds) and not finished: their process
 * died, or lost the store. A publish whose unit was inserted becomes visible; one without leaves nothing. Safe to
 * run twice and on two replicas. Resolves to how many were completed or cleared.
 */
export async function completeUnfinished({ store, finish, sweep }: CompletionDeps, before: number): Promise<number> {
  let completed = 0
  for (;;) {
    const page = await store.intents.find('byAge', { range: { before }, limit: 100 })
    for (const intent of page.items) await completeOne({ store, finish, sweep }, intent)
    // Else the next page would be this one.
    await finish.settled()
    completed += page.items.length
    if (page.items.length < 100) return completed
  }
}

async function completeOne(deps: CompletionDeps, intent: Stored<IntentDocument>) {
  const { store, finish, sweep } = deps
  const { packageId, unitId, change } = intent.value
  const pkg = await store.packages.get(packageId)
  if (!pkg || (await sweep.isGone(pkg.value.repositoryId))) return finish.takeBack(packageId, intent.id)
  try {
    if (change) await completeTag(deps, change, pkg)
    else if (unitId === undefined) await completeChange(deps, intent.id, pkg)
    else await completePublish(deps, unitId, packageId)
  } catch (err) {
    // Deleted while this was completed, which by then has left nothing.
    if (!hasCode(err, 'repository_unknown', 'package_unknown')) throw err
  }
}

async function completePublish({ store, finish }: CompletionDeps, unitId: string, packageId: string) {
  const unit = await store.units.get(unitId)
  if (!unit) return finish.forget(unitId)
  await completeNext(store, packageId)
  await finish.publish(unit, await swapIn(store, unit))
}

async function completeChange({ store, finish }: CompletionDeps, changeId: string, pkg: Package) {
  const stamp = pkg.value.recentChanges.find((change) => change.id === changeId)
  if (stamp) return finish.change(stamp, pkg)
  // A removal that was not decided is not: who asked for it was not answered.
  await withdrawRemovals(store, pkg.id, new Set([changeId]))
  await store.intents.delete(changeId)
}

/** What the record of the tag says of the change that was to be made; of one that others followed, that it was made. */
async function completeTag({ store, finish }: CompletionDeps, stamp: ChangeStamp, pkg: Package) {
  const { name = '', digest } = stamp.tag ?? {}
  const found = (await store.imageTags.get(tagId(pkg.id, name)))?.value
  const isSince = found !== undefined && found.updatedAt > stamp.at
  const isMade = digest === undefined ? !found || found.createdAt > stamp.at : found?.requestId === stamp.requestId
  if (isMade || isSince) await finish.tag(stamp, pkg)
  else await store.intents.delete(stamp.id)
}
