import type { AuditTrail } from '../access/audit/audit-trail.ts'
import { attested, type RecordEntry } from '../access/audit/witness.ts'
import type { Job, Scheduler } from './scheduler.ts'

const dayMs = 86_400_000

/**
 * What the audit trail needs done: counted refusals written by each process, heads signed by one, and what is too old
 * removed, if anything ever is. That is looked for hourly: a server that starts daily would never come to a day's end.
 */
export function auditJobs(trail: AuditTrail, retentionDays: number | undefined): Job[] {
  const jobs: Job[] = [
    {
      name: 'audit-flush',
      summary: 'Writes the refusals that this process has counted.',
      everySeconds: 10,
      exclusive: false,
      run: () => trail.flush(),
    },
    {
      name: 'audit-checkpoint',
      summary: 'Signs how far the audit trail of every process goes.',
      everySeconds: 60,
      firstSeconds: 5,
      exclusive: true,
      run: () => trail.checkpoint(),
    },
  ]
  if (retentionDays === undefined) return jobs
  const retention: Job = {
    name: 'audit-retention',
    summary: `Removes entries of the audit trail that are older than ${retentionDays} days.`,
    everySeconds: 3600,
    exclusive: true,
    run: async () => void (await trail.retain(Date.now() - retentionDays * dayMs)),
  }
  return [...jobs, retention]
}

/** The scheduler, which tells of the runs that somebody asked for. */
export function auditedJobs(jobs: Scheduler, record: RecordEntry): Scheduler {
  return {
    ...jobs,
    async run(name) {
      const begun = await jobs.run(name)
      await record(attested({ action: 'job.run', target: { kind: 'job', id: name, name } }))
      return begun
    },
  }
}
