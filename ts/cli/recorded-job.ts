import { hostname } from 'node:os'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import { attested } from '../access/audit/witness.ts'
import { hasCode } from '../errors.ts'
import { jobHistory } from '../jobs/job-history.ts'
import type { MetadataEngine } from '../metadata/engine.ts'

/**
 * Does what is else a server's job: an entry of the audit trail says that it was begun here, and the job's history how it
 * ended, unless it was refused because it runs elsewhere.
 */
export async function recordedJob<T>(
  { engine, trail }: { engine: MetadataEngine; trail: AuditTrail },
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  await trail.record(attested({ action: 'job.run', target: { kind: 'job', id: name, name } }))
  const startedAt = Date.now()
  const ranOn = `${hostname()} (pid ${process.pid})`
  const run = () => ({ startedAt, durationMs: Date.now() - startedAt, process: ranOn })
  try {
    const result = await work()
    await jobHistory(engine).save(name, { ...run(), outcome: 'success' })
    return result
  } catch (err) {
    if (hasCode(err, 'job_running')) throw err
    const error = err instanceof Error ? err.message : String(err)
    await jobHistory(engine).save(name, { ...run(), outcome: 'failure', error })
    throw err
  }
}
