import { hasCode } from '../errors.ts'
import type { Collection, Stored } from '../metadata/engine.ts'
import type { FenceDocument, UnitDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { removeAll } from '../metadata/remove-all.ts'
import type { RegistryStore, Unit } from './store.ts'

// A publisher may be stopped for any time just before it inserts its unit, so a look whether the unit is there proves
// nothing. A fence takes the place that the unit would have, and the insert fails: one with the unit's id takes the
// publish back, one with a package and a sequence keeps that number from who read the package before it was counted.

/** How long a fence stands. */
const fenceMs = 24 * 3_600_000
/** A publish that is older inserts nothing: whoever took it back has done so long before its fence goes. */
const latestInsertMs = fenceMs / 2

/** May a publish that began then (epoch milliseconds) insert its unit? */
export function mayInsert(startedAt: number): boolean {
  return Date.now() - startedAt < latestInsertMs
}

/** The units among the records; nobody else needs to know of fences. */
export function withoutFences<I extends string>(units: Collection<UnitDocument, I>): Collection<UnitDocument, I> {
  return {
    ...units,
    async get(id) {
      const found = await units.get(id)
      return found && isUnit(found) ? found : undefined
    },
    async find(index, query) {
      const page = await units.find(index, query)
      return page.items.every(isUnit) ? page : { ...page, items: page.items.filter(isUnit) }
    },
  }
}

/** False for a fence. */
export function isUnit({ value }: Pick<Stored<Pick<UnitDocument, 'fencedAt'>>, 'value'>): boolean {
  return value.fencedAt === undefined
}

/** The unit that a publish inserted. `undefined`: it has not, and from now on it cannot. */
export async function unitOrFence(store: RegistryStore, unitId: string): Promise<Unit | undefined> {
  for (;;) {
    const found = await store.fences.get(unitId)
    if (found) return isUnit(found) ? store.units.get(unitId) : undefined
    try {
      await store.fences.insert(unitId, { fencedAt: Date.now() }, { writeId: `fence-${unitId}` })
      return undefined
    } catch (err) {
      // The unit, or another's fence, came in between.
      if (!hasCode(err, 'document_exists')) throw err
    }
  }
}

/** Removes a unit, and lets nobody have its sequence. One that is gone already is success. */
export async function fenceSequence(store: RegistryStore, { id, revision, value }: Unit): Promise<void> {
  const { packageId, sequence } = value
  try {
    await store.fences.update(id, revision, { fencedAt: Date.now(), packageId, sequence })
  } catch (err) {
    if (!hasCode(err, 'revision_stale')) throw err
  }
}

/** Removes fences that nobody can run into any more, and references that a publisher wrote behind one and died. */
export async function removeFences(store: RegistryStore, now = Date.now()): Promise<void> {
  for (;;) {
    const page = await store.fences.find('byFence', { range: { before: now - fenceMs }, limit: 100 })
    for (const { id, revision } of page.items) {
      const query = { equals: { unitId: id }, limit: 1000 }
      await removeAll(store.engine, packageSchema.files, () => store.files.find('byUnit', query))
      await store.fences.delete(id, revision)
    }
    if (page.next === undefined) return
  }
}

export type Fences = Collection<FenceDocument, 'byFence'>
