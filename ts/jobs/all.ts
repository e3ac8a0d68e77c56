import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { Deletions } from '../access/deletions.ts'
import type { BlobStore } from '../blobs/store.ts'
import { hasCode } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import type { Registry } from '../registry/registry.ts'
import { auditJobs } from './audit.ts'
import { advanceDeletions } from './deletions.ts'
import type { GarbageCollector } from './gc.ts'
import { retentionJob } from './retention.ts'
import type { Job, JobTurn } from './scheduler.ts'
import type { UsageReports } from './usage.ts'

const daySeconds = 86_400
const weekSeconds = 7 * daySeconds
/** Nine tenths of a processor stay for requests. */
const garbageRestShare = 9
/** A run ends then and the next goes on, so that a server which stops waits no longer. */
const deletionMs = 4_000

export interface JobsDeps {
  readonly registry: Registry
  readonly engine: MetadataEngine
  readonly deletions: Deletions
  readonly blobs: BlobStore
  readonly usage: UsageReports
  readonly garbage: GarbageCollector
  /** Removes sessions, login requests and claims of names whose time is over. */
  readonly expireSignIns: () => Promise<void>
  readonly trail: AuditTrail
  /** Absent: entries of the audit trail are kept for ever. */
  readonly auditRetentionDays: number | undefined
}

/** Every job of the server. */
export function allJobs(deps: JobsDeps): Job[] {
  const { registry, deletions, blobs, usage, garbage, expireSignIns } = deps
  return [
    {
      name: 'downloads',
      summary: 'Writes the downloads and pulls that this process has counted.',
      everySeconds: 10,
      exclusive: false,
      run: async () => {
        await registry.downloads.flush()
        await registry.images.pulls.flush()
      },
    },
    {
      name: 'completion',
      summary: 'Completes publishes and changes that a crash left half done.',
      everySeconds: 10,
      exclusive: true,
      run: async () => {
        await registry.completeAbandoned()
      },
    },
    {
      name: 'search-visibility',
      summary: 'Brings the search along where the visibility of a repository changed.',
      everySeconds: 10,
      exclusive: true,
      run: () => registry.postings.followVisibility(),
    },
    {
      name: 'deletions',
      summary: 'Removes what deleted organizations and repositories hold.',
      everySeconds: 5,
      exclusive: true,
      run: () => advanceDeletions({ deletions, sweep: registry.sweep }, Date.now() + deletionMs),
    },
    {
      name: 'sweep-staging',
      summary: 'Ends uploads whose day is over, and removes staging that nobody finished.',
      everySeconds: 3600,
      exclusive: true,
      run: async () => {
        await registry.images.uploads.expire()
        // Twice a session's time: the staging of a session is never older than its beginning.
        await blobs.sweep(2 * daySeconds)
      },
    },
    {
      name: 'expire-sign-ins',
      summary: 'Removes sessions, logins and claims of names whose time is over.',
      everySeconds: 600,
      exclusive: true,
      run: expireSignIns,
    },
    {
      name: 'usage',
      summary: 'Counts packages, versions, files, bytes and downloads by protocol and repository.',
      everySeconds: 300,
      firstSeconds: 5,
      exclusive: true,
      run: (turn) => usage.count(turn),
    },
    {
      name: 'gc',
      summary: 'Removes blobs that nothing refers to, and links and uploads that nobody goes on with.',
      everySeconds: weekSeconds,
      exclusive: true,
      dueAt: async () => ((await garbage.finishedAt()) ?? 0) + weekSeconds * 1000,
      run: (turn) => collectGarbage(garbage, turn),
    },
    retentionJob(registry, deps.engine),
    ...auditJobs(deps.trail, deps.auditRetentionDays),
  ]
}

async function collectGarbage(garbage: GarbageCollector, { signal, isRequested }: JobTurn): Promise<void> {
  try {
    await garbage.collect({ signal, restShare: garbageRestShare })
  } catch (err) {
    // A command collects: this job's time comes again.
    if (isRequested || !hasCode(err, 'job_running')) throw err
  }
}
