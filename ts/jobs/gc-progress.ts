import { randomUUID } from 'node:crypto'
import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { type GarbageRunDocument, garbageRuns } from '../metadata/platform-schema.ts'
import { dropLease, takeLease } from './lease.ts'

const recordId = 'garbage'
const leaseName = 'garbage-collection'
const leaseSeconds = 60
const savedEveryMs = 5_000
const renewedEveryMs = 15_000

/** A garbage collection that this process runs, in the store, so that another goes on where this one ends. */
export interface GarbageProgress extends AsyncDisposable {
  readonly run: GarbageRunDocument
  /**
   * Notes how far it is; written when some seconds have passed since the last time, or when it `mustSave`. Throws
   * `job_running` when another process runs it by now.
   */
  move(
    change: Partial<Omit<GarbageRunDocument, 'after'>> & { after?: string | undefined },
    mustSave?: boolean,
  ): Promise<void>
}

/** The last run, finished or not. */
export async function lastGarbageRun(engine: MetadataEngine): Promise<GarbageRunDocument | undefined> {
  return (await engine.collection(garbageRuns).get(recordId))?.value
}

/**
 * Takes the right to collect, which disposing gives back, and goes on with the unfinished run, or with `fresh` when
 * there is none or `mustBegin`. Throws `job_running` while another process has it.
 */
export async function openGarbageProgress(
  engine: MetadataEngine,
  fresh: GarbageRunDocument,
  mustBegin: boolean,
): Promise<GarbageProgress> {
  const holder = `${fresh.process} ${randomUUID()}`
  await requireLease(engine, holder)
  const runs = engine.collection(garbageRuns)
  const known = await runs.get(recordId)
  const goesOn = known !== undefined && known.value.phase !== 'done' && !mustBegin
  let run = goesOn ? { ...known.value, process: fresh.process } : fresh
  let saved = known ? await runs.update(recordId, known.revision, run) : await runs.insert(recordId, run)
  let savedAt = performance.now()
  let renewedAt = savedAt

  async function save(): Promise<void> {
    try {
      saved = await runs.update(recordId, saved.revision, run)
    } catch (err) {
      throw hasCode(err, 'revision_stale') ? await takenOver(engine) : err
    }
    savedAt = performance.now()
  }

  async function renew(): Promise<void> {
    await requireLease(engine, holder)
    renewedAt = performance.now()
  }

  return {
    get run() {
      return run
    },
    async move(change, mustSave = false) {
      const { after, ...rest } = { after: run.after, ...change }
      const { after: _, ...before } = run
      run = { ...before, ...rest, ...(after !== undefined && { after }) }
      const now = performance.now()
      if (now - renewedAt > renewedEveryMs) await renew()
      if (mustSave || now - savedAt > savedEveryMs) await save()
    },
    [Symbol.asyncDispose]: () => dropLease(engine, leaseName, holder),
  }
}

async function requireLease(engine: MetadataEngine, holder: string): Promise<void> {
  if (!(await takeLease(engine, leaseName, holder, leaseSeconds))) throw await takenOver(engine)
}

async function takenOver(engine: MetadataEngine): Promise<RegistryError> {
  const run = await lastGarbageRun(engine)
  const where = run ? ` on ${run.process}` : ''
  return new RegistryError(
    'job_running',
    `A garbage collection runs already${where}. If that was killed, another can go on in a minute.`,
  )
}
