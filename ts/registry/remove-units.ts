import { setTimeout as delay } from 'node:timers/promises'
import { RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { ChangeStamp, PackageDocument, UnitMark } from '../metadata/package-schema.ts'
import type { Author } from './edit.ts'
import type { Finish } from './finish.ts'
import { patternFor } from './immutable-tags.ts'
import { unitByKey } from './packages.ts'
import { isVisible, marksOf } from './policy.ts'
import { fileId } from './publish-request.ts'
import { withdrawRemovals } from './removal.ts'
import type { Package, RegistryStore, Unit } from './store.ts'
import { swapEdit, swapRecord } from './swap.ts'

export interface RemoveUnitsDeps {
  readonly store: RegistryStore
  readonly finish: Finish
}

export interface RemoveUnitsOptions {
  /** `in_use` also while a tag names one of them. */
  readonly onlyUntagged?: boolean
  /**
   * `in_use` also when this says no of one of them. Asked when those who need it have begun to take the removal back, so
   * that whoever writes first and looks for removals then is either seen by it or is right.
   */
  readonly onlyIf?: (unit: Unit) => Promise<boolean>
}

/** How often others may take the mark away before this gives up: each time they needed the unit. */
const maxAttempts = 50
/** Another deletion of the same unit is waited for; one that takes longer has died before its decision. */
const longestWaitMs = 2000
const pollMs = 20

/**
 * Deletes units of a protocol without tombstones, all or none; those that are gone already are passed over. Throws
 * `in_use` while a unit that stays has one of them among its files, `access_denied` when an immutable tag names one.
 * Resolves to the record after it.
 */
export async function removeUnits(
  deps: RemoveUnitsDeps,
  pkg: Package,
  unitKeys: readonly string[],
  author: Author,
  options: RemoveUnitsOptions = {},
): Promise<Package> {
  const { store, finish } = deps
  const id = newId('chg')
  await store.intents.insert(id, { packageId: pkg.id, startedAt: Date.now() })
  try {
    const { stamp, package: decided } = await decide(store, pkg.id, { id, unitKeys, author, options })
    if (stamp) await finish.change(stamp, decided)
    else await store.intents.delete(id)
    return decided
  } catch (err) {
    // After a failure of the store itself nobody knows whether it was decided: the completion job will.
    if (err instanceof RegistryError && err.code === 'in_use') await store.intents.delete(id)
    throw err
  }
}

interface Removing {
  readonly id: string
  readonly unitKeys: readonly string[]
  readonly author: Author
  readonly options: RemoveUnitsOptions
}

async function decide(store: RegistryStore, packageId: string, removing: Removing) {
  const { id, unitKeys, author } = removing
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const marked = await begin(store, packageId, removing)
    const units = await markedUnits(store, marked, id)
    if (units.length === 0) {
      return { stamp: undefined, package: await withdrawRemovals(store, packageId, new Set([id])) }
    }
    try {
      await requireUnused(store, marked, units, removing.options)
    } catch (err) {
      await withdrawRemovals(store, packageId, new Set([id]))
      await store.intents.delete(id)
      throw err
    }
    const stamp: ChangeStamp = {
      id,
      kind: 'delete',
      unitKeys: units.map(({ value }) => value.key),
      ...author,
      at: Date.now(),
    }
    const decided = await swapEdit(store, packageId, deciding(id, stamp), stamp)
    if (decided.value.recentChanges.some((change) => change.id === id)) return { stamp, package: decided }
  }
  throw new RegistryError('in_use', `Others use ${unitKeys[0]} again and again; delete it later.`)
}

/** Marks those that are there, waiting for other deletions of them. */
async function begin(store: RegistryStore, packageId: string, { id, unitKeys }: Removing): Promise<Package> {
  const startedAt = Date.now()
  for (;;) {
    const isPatient = Date.now() - startedAt < longestWaitMs
    let isWaiting = false
    const pkg = await swapRecord(store, packageId, (now) => {
      const marks = marksOf(now)
      const others = unitKeys.some((key) => isOthers(marks.get(key), id))
      isWaiting = others && isPatient
      return isWaiting ? undefined : { ...now, marks: withRemoval(now, unitKeys, id) }
    })
    if (!isWaiting) return pkg
    await delay(pollMs)
  }
}

function isOthers(mark: UnitMark | undefined, id: string): boolean {
  return mark?.removedBy !== undefined && mark.deletedAt === undefined && mark.removedBy !== id
}

function withRemoval(pkg: PackageDocument, unitKeys: readonly string[], removedBy: string): PackageDocument['marks'] {
  const marks = new Map(pkg.marks)
  for (const key of unitKeys) {
    const mark = marks.get(key)
    if (mark?.deletedAt === undefined) marks.set(key, { ...mark, removedBy })
  }
  return [...marks]
}

/** What there is of those with the change's mark; one that was just inserted was not there when it began. */
async function markedUnits(store: RegistryStore, pkg: Package, id: string): Promise<Unit[]> {
  const units: Unit[] = []
  for (const [key, { removedBy }] of pkg.value.marks) {
    if (removedBy !== id) continue
    const unit = await unitByKey(store, pkg.id, key)
    if (unit && unit.value.sequence <= pkg.value.published) units.push(unit)
  }
  return units
}

async function requireUnused(store: RegistryStore, pkg: Package, units: readonly Unit[], options: RemoveUnitsOptions) {
  const ids = new Set(units.map((unit) => unit.id))
  for (const unit of units) {
    await requireNoParent(store, pkg, unit, ids)
    await requireTagsMayGo(store, pkg, unit, options)
    if (options.onlyIf && !(await options.onlyIf(unit))) {
      throw new RegistryError('in_use', `${unit.value.key} was used just now.`, { field: unit.value.key })
    }
  }
}

/** References are written before their unit, so one without a unit is of a publish under way, or of one that died. */
async function requireNoParent(store: RegistryStore, pkg: Package, unit: Unit, going: ReadonlySet<string>) {
  const { key } = unit.value
  const marks = marksOf(pkg.value)
  for (let after: string | undefined; ; ) {
    const page = await store.files.find('byName', {
      equals: { packageId: pkg.id, name: key },
      limit: 100,
      ...(after !== undefined && { after }),
    })
    for (const { id, value } of page.items) {
      // Its first file is the unit itself: somebody is publishing the same once more.
      if (going.has(value.unitId) || id === fileId(value.unitId, 0)) continue
      const parent = await store.units.get(value.unitId)
      const isGoing = parent && marks.get(parent.value.key)?.deletedAt !== undefined
      if (isGoing && parent.value.sequence <= pkg.value.published) continue
      throw parent
        ? new RegistryError('in_use', `${key} is part of ${parent.value.key}; delete that first.`, { field: key })
        : new RegistryError('in_use', `${key} is part of something that is being pushed right now.`, { field: key })
    }
    after = page.next
    if (after === undefined) return
  }
}

async function requireTagsMayGo(
  store: RegistryStore,
  pkg: Package,
  { id: unitId, value: { key } }: Unit,
  { onlyUntagged = false }: RemoveUnitsOptions,
): Promise<void> {
  const repository = await store.repositories.get(pkg.value.repositoryId)
  for (let after: string | undefined; ; ) {
    const page = await store.imageTags.find('byUnit', {
      equals: { unitId },
      limit: 1000,
      ...(after !== undefined && { after }),
    })
    for (const { value } of page.items) {
      if (onlyUntagged) throw new RegistryError('in_use', `${key} has the tag "${value.tag}".`, { field: key })
      const pattern = repository && patternFor(repository.value, value.tag)
      if (pattern !== undefined) throw keptByTag(key, value.tag, repository?.value.name ?? '', pattern)
    }
    after = page.next
    if (after === undefined) return
  }
}

function keptByTag(key: string, tag: string, repository: string, pattern: string): RegistryError {
  return new RegistryError(
    'access_denied',
    `The tag "${tag}" names ${key}, which stays with it: by its setting "immutable tags", repository "${repository}" neither moves nor removes tags that match "${pattern}".`,
  )
}

/** The decision, of those alone that are to go; nothing when somebody took one of the marks away. */
function deciding(id: string, { unitKeys, at }: ChangeStamp) {
  const keys = new Set(unitKeys)
  return (pkg: PackageDocument) => {
    const own = pkg.marks.filter(([key, { removedBy }]) => removedBy === id && keys.has(key))
    if (own.length < keys.size) return undefined
    const marks = pkg.marks.flatMap(([key, mark]): PackageDocument['marks'] => {
      if (mark.removedBy !== id) return [[key, mark]]
      if (keys.has(key)) return [[key, { ...mark, deletedAt: at }]]
      const { removedBy: _, ...rest } = mark
      return Object.keys(rest).length > 0 ? [[key, rest]] : []
    })
    // A name without units belongs to whoever publishes it next.
    return isVisible({ ...pkg, marks }) ? { marks } : { marks, owners: [], status: { kind: 'active' as const } }
  }
}
