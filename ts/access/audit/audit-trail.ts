import type { MetadataEngine } from '../../metadata/engine.ts'
import { writeCheckpoint } from './checkpoints.ts'
import { factOf, type NewAuditEntry } from './entries.ts'
import { type AuditExportFormat, exportTrail } from './export.ts'
import type { AuditAnchor, AuditReport } from './findings.ts'
import { type AuditFilter, type AuditPage, type AuditQuery, queryTrail } from './query.ts'
import { repeatedRefusals } from './repeats.ts'
import { type Removed, retainTrail } from './retention.ts'
import { auditKey, generateAuditKey } from './signing.ts'
import { auditKeySetting, auditStore } from './store.ts'
import { streamWriter } from './stream-writer.ts'
import { verifyTrail } from './verify.ts'
import { type ActorFilter, whoIs } from './who-is.ts'

/** Who did what to what, chained so that nobody can change it unseen. One value a process: it is one stream. */
export interface AuditTrail {
  /**
   * Resolves when the entry is durable; rejects when the store fails, and the entry may be written yet then. A refusal
   * equal to one of the last minute (actor, token, address, action, target, `details.asked`) is counted, and resolves at once.
   * Throws `internal` for details under a secret's name.
   */
  record(entry: NewAuditEntry): Promise<void>
  /** Writes the counts of refusals whose minute has ended, and what failed before. Every few seconds, in each process. */
  flush(): Promise<void>
  /** Signs the heads of all streams of all processes. Call once a minute, in one process. */
  checkpoint(): Promise<void>
  /** Reads the whole trail; an anchor is the one of an earlier report. Writes nothing but a missing key. */
  verify(anchor?: AuditAnchor): Promise<AuditReport>
  /** Throws `payload_invalid` for a limit out of range or a cursor of another query. */
  query(query: AuditQuery): Promise<AuditPage>
  /** The filter for whom a person means: a kind of actor, `command-line:root`, an id or a username. */
  whoIs(words: string): Promise<ActorFilter>
  /** Lines with their ends; see export.ts. */
  export(format: AuditExportFormat, filter?: AuditFilter): AsyncGenerator<string>
  /** Removes what is older than `before` (epoch milliseconds) so that the rest still verifies. In one process. */
  retain(before: number): Promise<Removed>
  /** Writes what was counted, and ends this process's stream. */
  close(): Promise<void>
}

export interface AuditDeps {
  readonly engine: MetadataEngine
  /** The installation's shared secrets: `secretSettings(engine, sealer)`. */
  readonly secretSetting: (id: string, make: () => string) => Promise<string>
  /** What this process is, for people: `serve on host-1 (pid 17)`. */
  readonly process: string
  readonly now?: () => number
}

/** The trail over one store. It begins a stream with its first entry, so a process that changes nothing leaves none. */
export function createAuditTrail({ engine, secretSetting, process, now = Date.now }: AuditDeps): AuditTrail {
  const key = () => secretSetting(auditKeySetting, generateAuditKey).then(auditKey)
  const store = auditStore(engine, remembered(key), now)
  const writer = streamWriter(store, process)
  const repeats = repeatedRefusals(now)

  async function writeRepeats(which: 'ended' | 'all'): Promise<void> {
    const facts = repeats.take(which)
    const outcomes = await Promise.allSettled(facts.map((fact) => writer.append(fact)))
    repeats.putBack(facts.filter((fact, i) => outcomes[i]?.status === 'rejected' && !writer.hasPlace(fact)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  return {
    async record(entry) {
      const fact = factOf(entry, now())
      if (!repeats.holdsBack(fact)) await writer.append(fact)
    },
    async flush() {
      await writeRepeats('ended')
      await writer.flush()
    },
    checkpoint: () => writeCheckpoint(store),
    verify: (anchor) => verifyTrail(store, anchor),
    query: (query) => queryTrail(store, query),
    whoIs: (words) => whoIs(store, words),
    export: (format, filter = {}) => exportTrail(store, format, filter),
    retain: (before) => retainTrail(store, before),
    async close() {
      await writeRepeats('all')
      await writer.close()
    },
  }
}

/** Asks once; a failure is not remembered. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined
  return () => {
    known ??= ask().catch((err: unknown) => {
      known = undefined
      throw err
    })
    return known
  }
}
