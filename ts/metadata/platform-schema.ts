// What the server keeps of its own work: leases and jobs, usage reports, the audit trail.

import type { Json } from './engine.ts'
import { defineCollection } from './engine.ts'

/** Who runs a job or holds another exclusive right, until when. */
export interface LeaseDocument {
  holder: string
  expiresAt: number
}
export const leases = defineCollection<LeaseDocument>()({ name: 'leases', indexes: {} })

/** A run of a job that has ended. */
export interface JobRun {
  startedAt: number
  durationMs: number
  outcome: 'success' | 'failure'
  /** Why it failed. */
  error?: string
  /** Which process ran it, for people. */
  process: string
}

/** What became of a job; its id is the job's name. Written seldom, see job-history.ts. */
export interface JobDocument {
  name: string
  /** When its first run is due; there is none in the history yet. */
  firstAt?: number
  last?: JobRun
  /** A run that takes long; not believed after `until`, which its process moves on. */
  running?: { process: string; startedAt: number; until: number }
}
export const jobs = defineCollection<JobDocument>()({ name: 'jobs', indexes: { byName: { fields: ['name'] } } })

/** What a garbage collection takes away. */
export interface GarbageTotals {
  uploads: number
  links: number
  blobs: number
  /** Of the blobs. */
  sizeBytes: number
}

/** How far a garbage collection is, in the one document `garbage`: who runs it next goes on there. */
export interface GarbageRunDocument {
  startedAt: number
  /** What was touched at this time or later is kept. */
  cutoff: number
  phase: 'uploads' | 'links' | 'condemned' | 'deleting' | 'live' | 'done'
  /** Where in the phase. */
  after?: string
  /** Blobs looked at. */
  seen: number
  removed: GarbageTotals
  /** Who runs it, for people. */
  process: string
  finishedAt?: number
}
export const garbageRuns = defineCollection<GarbageRunDocument>()({ name: 'garbageRuns', indexes: {} })

/** How much there is of something. */
export interface Usage {
  packages: number
  /** Units that were published and not deleted. */
  versions: number
  files: number
  /** Of all files; equal bytes of two files are stored once, and count twice. */
  sizeBytes: number
  /** Of the last 30 days. */
  downloads: number
}
export interface ProtocolUsage extends Usage {
  protocol: string
  repositories: number
}
export interface RepositoryUsage extends Usage {
  repositoryId: string
  organizationId: string
  protocol: string
  name: string
}

/** What a job counted, in the one document `usage`. */
export interface UsageDocument {
  countedAt: number
  /** How long the counting took. */
  durationMs: number
  /** Stored once each, however many files name them. */
  blobs: { count: number; sizeBytes: number }
  protocols: readonly ProtocolUsage[]
  /** The largest by bytes, at most a hundred. */
  repositories: readonly RepositoryUsage[]
}
export const usageReports = defineCollection<UsageDocument>()({ name: 'usageReports', indexes: {} })

/**
 * One entry of the audit trail, never changed once written; its id is `{stream}.{sequence}`. The chain goes over all
 * fields, canonically encoded (ts/access/audit/canonical.ts).
 */
export interface AuditEntryDocument {
  stream: string
  /** From 1, without holes. */
  sequence: number
  /** SHA-256, hex, of the entry before; 64 zeros before the first. */
  previous: string
  /** All entries of the stream up to this one were durable when this one was written. */
  settled: number
  /** When it happened; of repeats the last. */
  at: number
  /** Such as `package.publish`, `session.start`, `access.refused`. */
  action: string
  outcome: 'success' | 'refused' | 'failed'
  actorKind: string
  actorId: string
  actorName: string
  /** The token that the actor came with. */
  tokenId?: string
  address: string
  userAgent: string
  targetKind: string
  targetId: string
  targetName: string
  requestId: string
  /** How many equal refusals this entry stands for. */
  count: number
  details?: Json
}
export const auditEntries = defineCollection<AuditEntryDocument>()({
  name: 'auditEntries',
  indexes: {
    bySequence: { fields: ['stream', 'sequence'], unique: true },
    byTime: { fields: ['at'] },
    byActor: { fields: ['actorId', 'at'] },
    byAction: { fields: ['action', 'at'] },
    byTarget: { fields: ['targetId', 'at'] },
  },
})

/** Where the rest of a chain begins after retention removed what was before. */
export interface AuditBase {
  sequence: number
  /** SHA-256, hex, of the last removed element. */
  hash: string
  at: number
  keyId: string
  /** Ed25519, base64. */
  signature: string
}

/** What is known of a stream; the document `checkpoints` holds the base of the checkpoints' own chain. */
export interface AuditStreamDocument {
  /** Its own id, `strm_…`; absent in `checkpoints`. */
  stream?: string
  /** `ended`: its process writes no more; `closed`: and a checkpoint has its last entry. */
  state: 'open' | 'ended' | 'closed' | 'checkpoints'
  /** The process, for people. */
  process: string
  startedAt: number
  /** The last entry that a checkpoint signed, its hash, and the last checkpoint that did; 0 and empty before. */
  sequence: number
  hash: string
  checkpoint: number
  base?: AuditBase
}
export const auditStreams = defineCollection<AuditStreamDocument>()({
  name: 'auditStreams',
  indexes: { byStream: { fields: ['stream'], unique: true }, byState: { fields: ['state', 'startedAt'] } },
})

/** The heads of all streams that grew since the checkpoint before, signed; its id is its sequence. */
export interface AuditCheckpointDocument {
  sequence: number
  /** SHA-256, hex, of the checkpoint before, its signature included; 64 zeros before the first. */
  previous: string
  at: number
  heads: readonly (readonly [stream: string, sequence: number, hash: string])[]
  keyId: string
  /** Ed25519, base64, over the canonical encoding of all other fields. */
  signature: string
}
export const auditCheckpoints = defineCollection<AuditCheckpointDocument>()({
  name: 'auditCheckpoints',
  indexes: { bySequence: { fields: ['sequence'], unique: true } },
})
