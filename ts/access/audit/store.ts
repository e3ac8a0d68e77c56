import type { Collection, MetadataEngine } from '../../metadata/engine.ts'
import type { AuditCheckpointDocument, AuditEntryDocument, AuditStreamDocument } from '../../metadata/schema.ts'
import * as schema from '../../metadata/schema.ts'
import type { AuditKey } from './signing.ts'

/** What every part of the trail works on. */
export interface AuditStore {
  readonly engine: MetadataEngine
  readonly entries: Collection<AuditEntryDocument, keyof typeof schema.auditEntries.indexes & string>
  readonly streams: Collection<AuditStreamDocument, keyof typeof schema.auditStreams.indexes & string>
  readonly checkpoints: Collection<AuditCheckpointDocument, keyof typeof schema.auditCheckpoints.indexes & string>
  /** The installation's key, made when first asked for. */
  key(): Promise<AuditKey>
  now(): number
}

export function auditStore(engine: MetadataEngine, key: () => Promise<AuditKey>, now: () => number): AuditStore {
  return {
    engine,
    entries: engine.collection(schema.auditEntries),
    streams: engine.collection(schema.auditStreams),
    checkpoints: engine.collection(schema.auditCheckpoints),
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
