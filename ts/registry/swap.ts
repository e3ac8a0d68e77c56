import { changedMeanwhile } from '../access/change.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { ChangeStamp, PackageDocument, UnitDocument } from '../metadata/package-schema.ts'
import { openIntents } from './open-intents.ts'
import { factsOf, isAboutFacts } from './package-facts.ts'
import { unitBySequence } from './packages.ts'
import type { Package, RegistryStore, Unit } from './store.ts'

/**
 * Swaps the package record so that it counts the unit: the commit of a publish. A swap lost to another change is
 * tried again; one that somebody else did for us is success. The unit's sequence is the record's count + 1, since
 * a number is only given out after the one before was counted.
 */
export async function swapIn(store: RegistryStore, unit: Unit): Promise<Package> {
  for (;;) {
    const pkg = await existing(store, unit.value.packageId)
    if (pkg.value.published >= unit.value.sequence) return pkg
    try {
      return await store.packages.update(pkg.id, pkg.revision, counting(store, pkg.value, unit.value))
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
    }
  }
}

/** The record after a change that is no change for the log; `undefined` from it: nothing is to change. */
export async function swapRecord(
  store: RegistryStore,
  packageId: string,
  change: (pkg: PackageDocument) => PackageDocument | undefined,
): Promise<Package> {
  for (;;) {
    const pkg = await existing(store, packageId)
    const changed = change(pkg.value)
    if (!changed) return pkg
    try {
      return await store.packages.update(pkg.id, pkg.revision, changed)
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
    }
  }
}

/** Completes the unit that holds the package's next sequence, if there is one, so that the record counts it. */
export async function completeNext(store: RegistryStore, packageId: string): Promise<void> {
  const pkg = await existing(store, packageId)
  const next = await unitBySequence(store, packageId, pkg.value.published + 1)
  if (next) await swapIn(store, next)
}

/** What a change other than a publish does to the record; called again on the newer record when the swap is lost. */
export type Edit = (
  pkg: PackageDocument,
) => Partial<Pick<PackageDocument, 'tags' | 'owners' | 'marks' | 'status'>> | undefined

/**
 * Changes a package by swapping its record, units that are half published completed first. `undefined` from the
 * edit means that nothing is to change, and nothing is written. Throws `precondition_failed` when the revision is given
 * and the record has another.
 */
export async function swapEdit(
  store: RegistryStore,
  packageId: string,
  edit: Edit,
  stamp: ChangeStamp,
  revision?: number,
): Promise<Package> {
  for (;;) {
    await completeNext(store, packageId)
    const pkg = await existing(store, packageId)
    if (revision !== undefined && pkg.revision !== revision) throw changedMeanwhile()
    const edited = edit(pkg.value)
    if (!edited) return pkg
    const recentChanges = await withStamp(store, pkg, stamp)
    const value = { ...pkg.value, ...edited, updatedAt: stamp.at, recentChanges }
    const facts = (await isAboutFacts(store, pkg, value)) ? await factsOf(store, pkg.id, value) : value.facts
    try {
      return await store.packages.update(pkg.id, pkg.revision, { ...value, facts })
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
    }
  }
}

/** The record of a package that must be there; packages are removed with their repository alone, else only marked. */
export async function existing(store: RegistryStore, packageId: string): Promise<Package> {
  const pkg = await store.packages.get(packageId)
  if (!pkg) throw new RegistryError('package_unknown', 'The package does not exist any more.')
  return pkg
}

/** The record once it counts this unit, which must be the next. */
export function counting(
  store: Pick<RegistryStore, 'describe'>,
  pkg: PackageDocument,
  unit: UnitDocument,
): PackageDocument {
  const tags = new Map(pkg.tags)
  for (const tag of unit.tagsIfAbsent) if (!tags.has(tag)) tags.set(tag, unit.version)
  for (const tag of unit.tags) tags.set(tag, unit.version)
  const stands = unit.subject === undefined && (!tags.has('latest') || tags.get('latest') === unit.version)
  return {
    ...withoutRemoval(pkg, unit.key),
    published: unit.sequence,
    tags: [...tags],
    owners: pkg.owners.length > 0 ? pkg.owners : [unit.publisherId],
    updatedAt: Math.max(pkg.updatedAt, unit.createdAt),
    facts: stands ? { version: unit.version, ...store.describe(pkg.protocol, unit) } : pkg.facts,
  }
}

/** A unit of a removed one's key can be inserted when that is gone altogether: all that is left is to say so. */
function withoutRemoval(pkg: PackageDocument, unitKey: string): PackageDocument {
  const old = pkg.marks.find(([key, { removedBy }]) => key === unitKey && removedBy !== undefined)
  if (!old) return pkg
  const removed = (pkg.removed ?? 0) + (old[1].deletedAt === undefined ? 0 : 1)
  return { ...pkg, marks: pkg.marks.filter((mark) => mark !== old), removed }
}

const stampsKept = 200
const stampsKeptMs = 600_000

/** Some of the last changes, and all that have not ended: by its stamp the completion job knows that one was made. */
async function withStamp(store: RegistryStore, pkg: Package, stamp: ChangeStamp): Promise<ChangeStamp[]> {
  const { recentChanges } = pkg.value
  const kept = new Set(recentChanges.filter(({ at }) => at > stamp.at - stampsKeptMs).slice(1 - stampsKept))
  if (kept.size === recentChanges.length) return [...recentChanges, stamp]
  const open = await openIntents(store, pkg.id)
  return [...recentChanges.filter((old) => kept.has(old) || open.has(old.id)), stamp]
}
