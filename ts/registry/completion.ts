import { hasCode } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import { tagId } from '../metadata/image-schema.ts'
import type { ChangeStamp, IntentDocument } from '../metadata/package-schema.ts'
import { removeFences, unitOrFence } from './fences.ts'
import type { Finish } from './finish.ts'
import { completeRemoval, withdrawRemovals } from './removal.ts'
import type { Package, RegistryStore } from './store.ts'
import { completeNext, swapIn } from './swap.ts'
import type { Sweep } from './sweep-repository.ts'

export interface CompletionDeps {
  readonly store: RegistryStore
  readonly finish: Finish
  readonly sweep: Sweep
}

/** Has the process that began this died, or lost the store? */
export type IsAbandoned = (intent: Stored<IntentDocument>) => boolean

/**
 * Completes publishes and changes that were begun before a time (epoch milliseconds), are abandoned, and not finished. A
 * publish whose unit was inserted becomes visible; one without leaves nothing, and its publisher, should it live, begins
 * anew. Safe to run twice and on two replicas. Resolves to how many were completed or cleared; throws what went wrong
 * with one of them when it has been through all.
 */
export async function completeUnfinished(
  deps: CompletionDeps,
  before: number,
  isAbandoned: IsAbandoned = () => true,
): Promise<number> {
  const { store, finish } = deps
  const failures: unknown[] = []
  let completed = 0
  for (let after: string | undefined; ; ) {
    const query = { range: { before }, limit: 100, ...(after !== undefined && { after }) }
    const page = await store.intents.find('byAge', query)
    for (const intent of page.items.filter(isAbandoned)) {
      await completeOne(deps, intent).then(
        () => completed++,
        (err) => failures.push(err),
      )
    }
    after = page.next
    if (after === undefined) break
  }
  await finish.settled()
  await removeFences(store)
  if (failures.length > 0) throw failures[0]
  return completed
}

async function completeOne(deps: CompletionDeps, intent: Stored<IntentDocument>) {
  const { store, finish, sweep } = deps
  const { packageId, unitId, change } = intent.value
  const pkg = await store.packages.get(packageId)
  // A publisher that was only slow finds no package, and answers nobody that it published.
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
  const unit = await unitOrFence(store, unitId)
  if (!unit) return finish.forget(unitId)
  await completeNext(store, packageId)
  await finish.publish(unit, await swapIn(store, unit))
}

async function completeChange({ store, finish }: CompletionDeps, changeId: string, pkg: Package) {
  // A removal that was not decided is not: who asked for it was not answered.
  const now = await withdrawRemovals(store, pkg.id, new Set([changeId]))
  const stamp = now.value.recentChanges.find((change) => change.id === changeId)
  if (stamp) return finish.change(stamp, now)
  // By its marks one may be decided whose stamp a record of before has lost.
  await completeRemoval(store, pkg.id, changeId)
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
