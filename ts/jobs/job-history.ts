import { changeDocument } from '../access/change.ts'
import { hasCode } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { type JobDocument, type JobRun, jobs as jobsSpec } from '../metadata/platform-schema.ts'

/** How late the history may tell of a run like the one before it. */
const savedEverySeconds = 300

/** What became of each job, for people; nothing is decided by it but whether a run on request would be a second one. */
export interface JobHistory {
  /** By name. */
  list(): Promise<readonly JobDocument[]>
  get(name: string): Promise<JobDocument | undefined>
  /** Tells when the first run is due; does nothing where the history knows the job. */
  announce(name: string, firstAt: number): Promise<void>
  /** A run takes long: told until `until` (epoch milliseconds), unless it is told again or has ended. */
  markRunning(name: string, running: NonNullable<JobDocument['running']>): Promise<void>
  /** Keeps the run as the last one, and ends the mark. */
  save(name: string, last: JobRun): Promise<void>
}

/** The history in the collection `jobs`. */
export function jobHistory(engine: MetadataEngine): JobHistory {
  const jobs = engine.collection(jobsSpec)

  async function change(name: string, edit: (job: JobDocument) => JobDocument): Promise<void> {
    if (await changeDocument(jobs, name, edit)) return
    try {
      await jobs.insert(name, edit({ name }))
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
      await changeDocument(jobs, name, edit)
    }
  }

  return {
    list: async () => (await jobs.find('byName', { limit: 1000 })).items.map(({ value }) => value),
    get: async (name) => (await jobs.get(name))?.value,
    async announce(name, firstAt) {
      if (await jobs.get(name)) return
      try {
        await jobs.insert(name, { name, firstAt })
      } catch (err) {
        if (!hasCode(err, 'document_exists')) throw err
      }
    },
    markRunning: (name, running) => change(name, (job) => ({ ...job, running })),
    save: (name, last) => change(name, ({ running: _, firstAt: __, ...job }) => ({ ...job, last })),
  }
}

/**
 * Is the run worth a commit? Any commit makes remembered answers old (http/hot-answers.ts), and some jobs run every ten
 * seconds: of runs that end like the one before, the history keeps one in five minutes.
 */
export function isWorthSaving(run: JobRun, saved: JobRun | undefined): boolean {
  if (run.outcome !== saved?.outcome) return true
  return run.startedAt - saved.startedAt >= savedEverySeconds * 1000
}
