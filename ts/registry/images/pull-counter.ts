import type { MetadataEngine, Stored, Write } from '../../metadata/engine.ts'
import { type PullDocument, pullId, pulls as pullsSpec } from '../../metadata/image-schema.ts'
import type { Downloads } from '../downloads.ts'
import { type PendingPull, pendingPulls } from './pending-pulls.ts'
import type { PullCount, Pulls } from './pulls.ts'

/** Writes of one batch: few enough that no other write waits long for it. */
const batchSize = 200
/** Tries to move a time that other processes move as well; a later flush goes on. */
const maxTries = 5

export interface PullCounterDeps {
  readonly engine: MetadataEngine
  /** Counts the package's downloads, which search and lists show. */
  readonly downloads: Pick<Downloads, 'count'>
  readonly now?: () => number
  /** References that may wait in memory; others are not counted until those are written. Default 100,000. */
  readonly maxPending?: number
}

/** Is told of each pull that could not be written, and keeps it. */
type Keep = (pull: PendingPull, reason: unknown) => void

/** Pulls in the collection of that name; see `Pulls`. */
export function pullCounter({ engine, downloads, now = Date.now, maxPending = 100_000 }: PullCounterDeps): Pulls {
  const collection = engine.collection(pullsSpec)
  const pending = pendingPulls(maxPending)
  let writing: Promise<void> = Promise.resolve()

  /** A batch that fails as a whole is answered like its writes would be. */
  async function outcomesOf(writes: readonly Write[]): Promise<PromiseSettledResult<void>[]> {
    try {
      return await engine.batch(writes)
    } catch (reason) {
      return writes.map(() => ({ status: 'rejected', reason }))
    }
  }

  /** Resolves to those whose count is written. */
  async function addCounts(batch: readonly PendingPull[], keep: Keep): Promise<PendingPull[]> {
    const written: PendingPull[] = []
    const outcomes = await outcomesOf(batch.map(addition))
    for (const [i, outcome] of outcomes.entries()) {
      const pull = batch[i]
      if (!pull) continue
      if (outcome.status === 'fulfilled') written.push(pull)
      else keep(pull, outcome.reason)
    }
    return written
  }

  /** Moves the times of last pulls forward, never back: another process may have written a later one. */
  async function moveTimes(batch: readonly PendingPull[]): Promise<void> {
    let left = batch
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === maxTries) throw new Error('Other processes write the same pulls all the time.')
      const records = await Promise.all(left.map((pull) => collection.get(pullId(pull.packageId, pull.reference))))
      const late = left.flatMap((pull, i) => {
        const record = records[i]
        return record && record.value.lastPulledAt < pull.lastPulledAt ? [{ pull, record }] : []
      })
      const outcomes = await outcomesOf(late.map(({ pull, record }) => move(record, pull.lastPulledAt)))
      left = late.flatMap(({ pull }, i) => (outcomes[i]?.status === 'fulfilled' ? [] : [pull]))
    }
  }

  async function writeBatch(batch: readonly PendingPull[], keep: Keep): Promise<void> {
    const written = await addCounts(batch, keep)
    try {
      await moveTimes(written)
    } catch (err) {
      for (const pull of written) keep({ ...pull, pulls: 0 }, err)
    }
  }

  /** What is counted or fails meanwhile is for the next time. */
  async function write(): Promise<void> {
    const failures: unknown[] = []
    const keep: Keep = (pull, reason) => {
      pending.putBack(pull)
      failures.push(reason)
    }
    const all = pending.takeAll()
    for (let at = 0; at < all.length; at += batchSize) await writeBatch(all.slice(at, at + batchSize), keep)
    pending.settle()
    if (failures.length > 0) throw failures[0]
  }

  return {
    count(packageId, references) {
      for (const reference of references) {
        const isCounted = pending.add({ packageId, reference, pulls: 1, lastPulledAt: now() })
        if (isCounted && reference.includes(':')) downloads.count(packageId, reference)
      }
    },

    look(packageId, references) {
      for (const reference of references) pending.add({ packageId, reference, pulls: 0, lastPulledAt: now() })
    },

    async renew(packageId, references) {
      const failures: unknown[] = []
      const pulls = references.map((reference) => ({ packageId, reference, pulls: 0, lastPulledAt: now() }))
      await writeBatch(pulls, (_, reason) => failures.push(reason))
      if (failures.length > 0) throw failures[0]
    },

    flush() {
      const next = writing.then(write)
      writing = next.catch(() => {})
      return next
    },

    async of(packageId, references) {
      const found = new Map<string, PullCount>()
      for (let at = 0; at < references.length; at += batchSize) {
        const ids = references.slice(at, at + batchSize).map((reference) => pullId(packageId, reference))
        for (const record of await Promise.all(ids.map((id) => collection.get(id)))) {
          if (!record) continue
          const { reference, pulls, lastPulledAt } = record.value
          found.set(reference, { pulls, lastPulledAt })
        }
      }
      return found
    },

    async forget(packageId, references) {
      for (const reference of references) pending.drop(packageId, reference)
      for (let at = 0; at < references.length; at += batchSize) {
        const ids = references.slice(at, at + batchSize).map((reference) => pullId(packageId, reference))
        const outcomes = await engine.batch(ids.map((id) => ({ kind: 'delete', in: pullsSpec, id })))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      }
    },
  }
}

function addition({ packageId, reference, pulls, lastPulledAt }: PendingPull): Write {
  const initial: PullDocument = { packageId, reference, pulls: 0, lastPulledAt }
  return { kind: 'increment', in: pullsSpec, id: pullId(packageId, reference), counter: 'pulls', by: pulls, initial }
}

function move({ id, revision, value }: Stored<PullDocument>, lastPulledAt: number): Write {
  return { kind: 'update', in: pullsSpec, id, revision, value: { ...value, lastPulledAt } }
}
