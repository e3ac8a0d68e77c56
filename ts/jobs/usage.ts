import { hasCode } from '../errors.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { Collection, MetadataEngine } from '../metadata/engine.ts'
import * as platformSchema from '../metadata/platform-schema.ts'
import * as signInSchema from '../metadata/sign-in-schema.ts'
import type { JobTurn } from './scheduler.ts'
import { countUsage } from './usage-walk.ts'

const reportId = 'usage'
/** A count that took long is made again the later: after so many times as long. */
const idleShare = 5
/** A count that found nothing new is written so often alone: a commit makes remembered answers old. */
const writtenEverySeconds = 900
const countsRememberedSeconds = 10

/** How many there are now. */
export interface PlatformCounts {
  readonly users: number
  readonly organizations: number
  readonly teams: number
  readonly robots: number
  readonly tokens: number
  readonly repositories: number
}

/** What there is, for administrators: no request walks over packages, a job does. */
export interface UsageReports {
  /** At most 10 s old, counted over indexes. */
  counts(): Promise<PlatformCounts>
  /** What the job counted last; `undefined` before its first run has ended. */
  report(): Promise<platformSchema.UsageDocument | undefined>
  /** Counts and keeps the report; does nothing when the last count took long and is not old enough, but on request. */
  count(turn: JobTurn): Promise<void>
}

/** The reports over all collections of this store. */
export function usageReports(engine: MetadataEngine): UsageReports {
  const reports = engine.collection(platformSchema.usageReports)
  let counted: { readonly at: number; readonly counts: Promise<PlatformCounts> } | undefined

  async function countNow(): Promise<PlatformCounts> {
    const [users, organizations, teams, robots, tokens, repositories] = await Promise.all([
      engine.collection(accessSchema.users).count('byUsername', {}),
      countPresent(engine.collection(accessSchema.organizations)),
      engine.collection(accessSchema.teams).count('byName', {}),
      engine.collection(accessSchema.robots).count('byName', {}),
      engine.collection(signInSchema.tokens).count('byHash', {}),
      countPresent(engine.collection(accessSchema.repositories)),
    ])
    return { users, organizations, teams, robots, tokens, repositories }
  }

  return {
    counts() {
      const now = performance.now()
      if (!counted || now - counted.at > countsRememberedSeconds * 1000) {
        const counts = countNow()
        counts.catch(() => {
          counted = undefined
        })
        counted = { at: now, counts }
      }
      return counted.counts
    },

    report: async () => (await reports.get(reportId))?.value,

    async count({ signal, isRequested }) {
      const known = await reports.get(reportId)
      const age = Date.now() - (known?.value.countedAt ?? 0)
      if (known && !isRequested && age < known.value.durationMs * idleShare) return
      const begun = performance.now()
      const found = await countUsage(engine, signal)
      if (!found) return
      if (known && !isRequested && age < writtenEverySeconds * 1000 && isSame(found, known.value)) return
      const value = { ...found, countedAt: Date.now(), durationMs: Math.round(performance.now() - begun) }
      const writing = known ? reports.update(reportId, known.revision, value) : reports.insert(reportId, value)
      await writing.catch((err: unknown) => {
        // Another process has counted meanwhile.
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      })
    },
  }
}

/** Without those that are being deleted, or were and keep their names. */
async function countPresent(
  things: Pick<Collection<object, 'byName' | 'byDeleting' | 'byDeleted'>, 'count'>,
): Promise<number> {
  const [all, deleting, deleted] = await Promise.all([
    things.count('byName', {}),
    things.count('byDeleting', {}),
    things.count('byDeleted', {}),
  ])
  return all - deleting - deleted
}

function isSame(found: object, { countedAt: _at, durationMs: _ms, ...known }: platformSchema.UsageDocument): boolean {
  return JSON.stringify(found) === JSON.stringify(known)
}
