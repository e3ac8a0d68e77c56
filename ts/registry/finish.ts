import type { Write } from '../metadata/engine.ts'
import type { ChangeStamp } from '../metadata/schema.ts'
import * as schema from '../metadata/schema.ts'
import type { ChangeLog } from './change-log.ts'
import { marksOf } from './policy.ts'
import type { Postings } from './postings.ts'
import type { OnStep } from './publish-request.ts'
import type { Package, RegistryStore, Unit } from './store.ts'

/** What follows a committed change. Each part is safe to repeat, so the completion job calls the same functions. */
export interface Finish {
  /** After a publish: log entry, search postings, and the intent goes. */
  publish(unit: Unit, pkg: Package, onStep?: OnStep): Promise<void>
  /** After any other change: references of deleted units go, log entry, postings, and the intent goes. */
  change(stamp: ChangeStamp, pkg: Package): Promise<void>
  /** A publish that did not happen: its file references and its intent go. */
  forget(unitId: string): Promise<void>
  /** Resolves when the intents of finished changes are gone. */
  settled(): Promise<void>
}

export function finishing(store: RegistryStore, log: ChangeLog, postings: Postings): Finish {
  async function dropReferences(unitId: string): Promise<Write[]> {
    const page = await store.files.find('byUnit', { equals: { unitId }, limit: 1000 })
    return page.items.map(({ id }) => ({ kind: 'delete', in: schema.files, id }))
  }

  async function write(writes: Write[]) {
    for (const outcome of await store.engine.batch(writes)) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** A unit deleted while its publish was being finished keeps no references either. */
  async function dropDeleted(pkg: Package, unitKeys: readonly string[]) {
    const marks = marksOf(pkg.value)
    for (const key of unitKeys) {
      if (marks.get(key)?.deletedAt === undefined) continue
      const page = await store.units.find('byKey', { equals: { packageId: pkg.id, key }, limit: 1 })
      for (const unit of page.items) await write(await dropReferences(unit.id))
    }
  }

  const dropping = new Set<Promise<void>>()
  /** Nobody waits for this: an intent that stays is completed once more, which changes nothing. */
  function dropIntent(id: string) {
    const done = store.intents.delete(id).then(
      () => void dropping.delete(done),
      () => void dropping.delete(done),
    )
    dropping.add(done)
  }

  return {
    settled: async () => void (await Promise.all(dropping)),

    async publish(unit, pkg, onStep = () => {}) {
      const logged = log.append(`chg_${unit.id}`, {
        repositoryId: pkg.value.repositoryId,
        kind: 'publish',
        packageName: pkg.value.name,
        unitKeys: [unit.value.key],
        actor: unit.value.publisherId,
        requestId: unit.value.requestId,
        at: unit.value.createdAt,
      })
      await Promise.all([logged, postings.refresh(pkg)])
      await onStep('finished')
      dropIntent(unit.id)
    },

    async change(stamp, pkg) {
      await dropDeleted(pkg, stamp.unitKeys)
      const { id, ...rest } = stamp
      await log.append(id, { ...rest, repositoryId: pkg.value.repositoryId, packageName: pkg.value.name })
      await postings.refresh(pkg)
      dropIntent(id)
    },

    async forget(unitId) {
      const references = await dropReferences(unitId)
      await write([...references, { kind: 'delete', in: schema.intents, id: unitId }])
    },
  }
}
