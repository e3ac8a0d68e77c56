import { hasCode, RegistryError } from '../errors.ts'
import type { Write } from '../metadata/engine.ts'
import type { ChangeStamp } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { removeAll } from '../metadata/remove-all.ts'
import type { PackageChange } from './audit-changes.ts'
import type { ChangeLog } from './change-log.ts'
import { marksOf } from './policy.ts'
import type { Postings } from './postings.ts'
import type { OnStep } from './publish-request.ts'
import { completeRemoval } from './removal.ts'
import type { Package, RegistryStore, Unit } from './store.ts'
import type { Sweep } from './sweep-repository.ts'

/**
 * What follows a committed change. Each part is safe to repeat, so the completion job calls the same functions. When the
 * repository was deleted meanwhile, `publish` and `change` leave nothing and throw `repository_unknown`.
 */
export interface Finish {
  /** After a publish: log entry, search postings, and the intent goes. */
  publish(unit: Unit, pkg: Package, onStep?: OnStep): Promise<void>
  /** After any other change: references of deleted units go, log entry, postings, and the intent goes. */
  change(stamp: ChangeStamp, pkg: Package): Promise<void>
  /** After a change of a tag that has a record of its own: log entry, and the intent goes. */
  tag(stamp: ChangeStamp, pkg: Package): Promise<void>
  /** A publish that did not happen, and cannot any more: its file references and its intent go. */
  forget(unitId: string): Promise<void>
  /** In a repository that is deleted: the package and the change (the id of its intent) go, with all that they wrote. */
  takeBack(packageId: string, intentId: string): Promise<void>
  /** Resolves when the intents of finished changes are gone. */
  settled(): Promise<void>
}

/** The id of a publish's entry in the change log; those of other changes are that of their intent. */
const entryOf = (unitId: string) => `chg_${unitId}`

/** How long the intents of finished changes are gathered. */
const dropAfterMs = 50
const noop = () => {}

export interface FinishDeps {
  readonly store: RegistryStore
  readonly log: ChangeLog
  readonly postings: Postings
  readonly sweep: Sweep
  /**
   * Told of each change that was committed, before its intent goes: so it is told again after a crash. Of one in a
   * repository that is deleted meanwhile it may be told, too.
   */
  readonly onChange: (change: PackageChange) => Promise<void>
}

export function finishing({ store, log, postings, sweep, onChange }: FinishDeps): Finish {
  async function dropReferences(unitId: string): Promise<void> {
    const query = { equals: { unitId }, limit: 1000 }
    await removeAll(store.engine, packageSchema.files, () => store.files.find('byUnit', query))
  }

  /** The record after what is left to do of a deletion. */
  async function deleted(stamp: ChangeStamp, pkg: Package): Promise<Package> {
    if (!store.keepsTombstones(pkg.value.protocol)) return completeRemoval(store, pkg.id, stamp.id)
    await dropDeleted(pkg, stamp.unitKeys)
    return pkg
  }

  /** A unit deleted while its publish was being finished keeps no references either. */
  async function dropDeleted(pkg: Package, unitKeys: readonly string[]) {
    const marks = marksOf(pkg.value)
    for (const key of unitKeys) {
      if (marks.get(key)?.deletedAt === undefined) continue
      const page = await store.units.find('byKey', { equals: { packageId: pkg.id, key }, limit: 1 })
      for (const unit of page.items) await dropReferences(unit.id)
    }
  }

  const finished: string[] = []
  let timer: NodeJS.Timeout | undefined
  let dropping: Promise<void> = Promise.resolve()

  /** An intent that stays is completed once more, which changes nothing. */
  function dropFinished(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const writes = finished.splice(0).map((id): Write => ({ kind: 'delete', in: packageSchema.intents, id }))
    if (writes.length > 0) dropping = Promise.all([dropping, store.engine.batch(writes)]).then(noop, noop)
    return dropping
  }

  /** Nobody waits for this, so it is one commit for many. */
  function dropIntent(id: string) {
    finished.push(id)
    timer ??= setTimeout(dropFinished, dropAfterMs).unref()
  }

  async function takeBack(packageId: string, intentId: string): Promise<void> {
    await sweep.package(packageId)
    for (const id of [intentId, entryOf(intentId)]) await store.changes.delete(id)
    // What the process may have died before is found by the intent, so that goes last.
    await store.intents.delete(intentId)
  }

  /** The look at the repository comes after everything that was written: it goes for all of it. */
  async function unlessDeleted({ id, value }: Package, intentId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      if (!(await sweep.isGone(value.repositoryId))) return
    } catch (err) {
      if (!hasCode(err, 'package_unknown')) throw err
    }
    await takeBack(id, intentId)
    throw repositoryDeleted()
  }

  /** All have ended when it resolves or throws. They wait for one commit of the store, not for three. */
  async function tellAll(id: string, change: Omit<PackageChange, 'package'>, pkg: Package): Promise<void> {
    await allOf([tell(id, change, pkg), postings.refresh(pkg)])
  }

  async function tell(id: string, change: Omit<PackageChange, 'package'>, pkg: Package): Promise<void> {
    const { kind, unitKeys, actor, requestId, at } = change
    const { repositoryId, name: packageName } = pkg.value
    await allOf([
      log.append(id, { repositoryId, kind, packageName, unitKeys, actor, requestId, at }),
      onChange({ ...change, package: pkg }),
    ])
  }

  async function allOf(ending: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(ending)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  return {
    settled: dropFinished,
    takeBack,

    async publish(unit, pkg, onStep = () => {}) {
      const { key, version, publisherId: actor, publisherName: actorName, requestId, createdAt: at } = unit.value
      const change = { kind: 'publish' as const, unitKeys: [key], version, actor, actorName, requestId, at }
      await unlessDeleted(pkg, unit.id, async () => {
        await tellAll(entryOf(unit.id), change, pkg)
        await onStep('finished')
      })
      dropIntent(unit.id)
    },

    async change(stamp, pkg) {
      const { id, ...rest } = stamp
      await unlessDeleted(pkg, id, async () => {
        await tellAll(id, rest, stamp.kind === 'delete' ? await deleted(stamp, pkg) : pkg)
      })
      dropIntent(id)
    },

    async tag(stamp, pkg) {
      const { id, ...rest } = stamp
      await unlessDeleted(pkg, id, () => tell(id, rest, pkg))
      dropIntent(id)
    },

    async forget(unitId) {
      await dropReferences(unitId)
      // By it they are found, so it goes last.
      await store.intents.delete(unitId)
    },
  }
}

/** For who was let in before the repository was deleted. */
export function repositoryDeleted(): RegistryError {
  return new RegistryError('repository_unknown', 'The repository was deleted meanwhile.')
}
