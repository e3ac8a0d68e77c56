import { hasCode } from '../errors.ts'
import type { Write } from '../metadata/engine.ts'
import type { PackageDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { fenceSequence } from './fences.ts'
import { openIntents } from './open-intents.ts'
import { unitByKey } from './packages.ts'
import type { Package, RegistryStore } from './store.ts'
import { existing, swapRecord } from './swap.ts'

// Units of protocols without tombstones are removed so: a mark says which change is about to; if nothing needs them, the
// mark becomes the decision, by which they are deleted for every reader; their records go; the mark goes, and `removed`
// counts them. From the decision on anybody can complete it, and before it anybody can take it back.

const unitsAtOnce = 8

/** The change that has decided to remove the unit with this key, and has not ended. */
export function removalOf(pkg: PackageDocument, unitKey: string): string | undefined {
  const mark = pkg.marks.find(([key]) => key === unitKey)?.[1]
  return mark?.deletedAt === undefined ? undefined : mark.removedBy
}

/** The changes that are about to remove units with these keys and have not decided it. */
export function removalsBegun(pkg: PackageDocument, unitKeys: readonly string[]): ReadonlySet<string> {
  const keys = new Set(unitKeys)
  const begun = new Set<string>()
  for (const [key, { removedBy, deletedAt }] of pkg.marks) {
    if (keys.has(key) && removedBy !== undefined && deletedAt === undefined) begun.add(removedBy)
  }
  return begun
}

/** The record without what these changes began and have not decided; as it is when there is nothing of that. */
export function withdrawRemovals(
  store: RegistryStore,
  packageId: string,
  changeIds: ReadonlySet<string>,
): Promise<Package> {
  return swapRecord(store, packageId, (pkg) => {
    let isChanged = false
    const marks = pkg.marks.flatMap(([key, mark]): PackageDocument['marks'] => {
      const { removedBy, ...rest } = mark
      if (removedBy === undefined || mark.deletedAt !== undefined || !changeIds.has(removedBy)) return [[key, mark]]
      isChanged = true
      return Object.keys(rest).length > 0 ? [[key, rest]] : []
    })
    return isChanged ? { ...pkg, marks } : undefined
  })
}

/** Removes the units that a change decided to; safe to repeat, and of several at once each may do a part. */
export async function completeRemoval(store: RegistryStore, packageId: string, changeId: string): Promise<Package> {
  const pkg = await existing(store, packageId)
  const keys = pkg.value.marks.flatMap(([key, mark]) => (isDecided(mark, changeId) ? [key] : []))
  const remove = keys.length > 0 && (await isPublishedIn(store, packageId)) ? fenceSequence : deleteUnit
  for (let at = 0; at < keys.length; at += unitsAtOnce) {
    await Promise.all(keys.slice(at, at + unitsAtOnce).map((key) => removeCounted(store, pkg, key, remove)))
  }
  return swapRecord(store, packageId, (now) => {
    const marks = now.marks.filter(([, mark]) => !isDecided(mark, changeId))
    const removed = now.marks.length - marks.length
    return removed === 0 ? undefined : { ...now, marks, removed: (now.removed ?? 0) + removed }
  })
}

function isDecided({ removedBy, deletedAt }: packageSchema.UnitMark, changeId: string): boolean {
  return removedBy === changeId && deletedAt !== undefined
}

/**
 * A publisher that read the package before a sequence was counted may still insert there; who begins after this look reads
 * a package that has counted those which are about to go.
 */
async function isPublishedIn(store: RegistryStore, packageId: string): Promise<boolean> {
  for (const { unitId } of (await openIntents(store, packageId)).values()) if (unitId !== undefined) return true
  return false
}

const deleteUnit: typeof fenceSequence = (store, { id }) => store.units.delete(id)

/** One that the record does not count was published after the marked one was gone. */
async function removeCounted(
  store: RegistryStore,
  pkg: Package,
  key: string,
  remove: typeof fenceSequence,
): Promise<void> {
  const unit = await unitByKey(store, pkg.id, key)
  if (!unit || unit.value.sequence > pkg.value.published) return
  await removeNaming(store, unit.id)
  await remove(store, unit)
}

/** Its tags and its files; they go before the unit, by which they are found. */
async function removeNaming(store: RegistryStore, unitId: string): Promise<void> {
  for (;;) {
    const query = { equals: { unitId }, limit: 500 }
    const [tags, files] = await Promise.all([store.imageTags.find('byUnit', query), store.files.find('byUnit', query)])
    const references = files.items.map(({ id }): Write => ({ kind: 'delete', in: packageSchema.files, id }))
    const outcomes = await Promise.all([
      store.engine.batch(references),
      // One that was moved meanwhile names another unit.
      ...tags.items.map((tag) => store.imageTags.delete(tag.id, tag.revision).catch(unlessStale)),
    ])
    for (const outcome of outcomes[0]) if (outcome.status === 'rejected') throw outcome.reason
    if (tags.next === undefined && files.next === undefined) return
  }
}

function unlessStale(err: unknown): void {
  if (!hasCode(err, 'revision_stale')) throw err
}
