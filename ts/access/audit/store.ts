import type { Collection, MetadataEngine } from '../../metadata/engine.ts'
import type {
  AuditCheckpointDocument,
  AuditEntryDocument,
  AuditStreamDocument,
} from '../../metadata/platform-schema.ts'
import * as platformSchema from '../../metadata/platform-schema.ts'
import type { AuditKey } from './signing.ts'

/** What every part of the trail works on. */
export interface AuditStore {
  readonly engine: MetadataEngine
  readonly entries: Collection<AuditEntryDocument, keyof typeof platformSchema.auditEntries.indexes & string>
  readonly streams: Collection<AuditStreamDocument, keyof typeof platformSchema.auditStreams.indexes & string>
  readonly checkpoints: Collection<
    AuditCheckpointDocument,
    keyof typeof platformSchema.auditCheckpoints.indexes & string
  >
  /** The installation's key, made when first asked for. */
  key(): Promise<AuditKey>
  now(): number
}

export function auditStore(engine: MetadataEngine, key: () => Promise<AuditKey>, now: () => number): AuditStore {
  return {
    engine,
    entries: engine.collection(platformSchema.auditEntries),
    streams: engine.collection(platformSchema.auditStreams),
    checkpoints: engine.collection(platformSchema.auditCheckpoints),
    key,
    now,
  }
}

/** The setting that holds the key; it is made with the first checkpoint. */
export const auditKeySetting = 'signing-audit'

/** The document of `auditStreams` that holds the base of the checkpoints' own chain. */
export const checkpointsId = 'checkpoints'

/** The id of an entry: fixed, so that one place of a chain is taken once. */
export function entryId(stream: string, sequence: number): string {
  return `${stream}.${sequence}`
}

/** The number in an id of an entry. */
export function sequenceOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1))
}
