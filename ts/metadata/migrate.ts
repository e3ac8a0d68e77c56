import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { hasCode, RegistryError } from '../errors.ts'
import { type Collection, defineCollection, type MetadataEngine, type Stored } from './engine.ts'

/** One step to a schema version: safe to repeat from its beginning, and harmless to processes of the version before. */
export interface Migration {
  readonly version: number
  run(engine: MetadataEngine): Promise<void>
}

/** The version of a store, and who migrates it now. */
interface SchemaRecord {
  readonly version: number
  readonly holder?: string
  /** When the lease of `holder` ends, in milliseconds since 1970. */
  readonly leasedUntil?: number
}

/** Holds one document, `schema`; both engines create it before anything else. */
export const schemaCollection = defineCollection<SchemaRecord>()({ name: 'schema_state', indexes: {} })

const documentId = 'schema'
const leaseMs = 15_000
const pollMs = 50

/** A store that is being opened. */
export interface Opening {
  readonly engine: MetadataEngine
  /** The schema version of this process. */
  readonly version: number
  readonly migrations: readonly Migration[]
  /** Creates missing tables, columns and indexes and fills them in. Safe to repeat, and in two processes at once. */
  createStructure(): Promise<void>
}

/**
 * Brings the store to the schema version of this process: the structure first, then the steps between the two
 * versions, each recorded when it is done. Of several processes one works, under a lease, and the others wait. Throws
 * `unavailable`, having changed nothing, when the store is of a newer version.
 */
export async function migrate(opening: Opening): Promise<void> {
  const records = opening.engine.collection(schemaCollection)
  for (;;) {
    const record = (await records.get(documentId)) ?? (await insertRecord(opening, records))
    refuseNewer(opening, record.value.version)
    if (record.value.version === opening.version) return opening.createStructure()
    const leased = await takeLease(records, record)
    if (leased) await runSteps(opening, records, leased)
    else await setTimeout(pollMs)
  }
}

/** Throws `unavailable` unless the store is of exactly this version: for a reader, which changes nothing. */
export async function requireVersion(engine: MetadataEngine, version: number): Promise<void> {
  const record = await engine.collection(schemaCollection).get(documentId)
  const found = record?.value.version ?? 0
  if (found === version) return
  const remedy = found > version ? 'use that release or a later one' : 'start the server once to bring it up to date'
  throw new RegistryError('unavailable', `The metadata is of schema ${found}, not ${version}; ${remedy}.`)
}

/** A new store begins at this version, without steps: no document is there to change. */
async function insertRecord(opening: Opening, records: Collection<SchemaRecord>): Promise<Stored<SchemaRecord>> {
  try {
    return await records.insert(documentId, { version: opening.version })
  } catch (err) {
    const record = hasCode(err, 'document_exists') ? await records.get(documentId) : undefined
    if (!record) throw err
    return record
  }
}

function refuseNewer(opening: Opening, version: number) {
  if (version <= opening.version) return
  throw new RegistryError(
    'unavailable',
    `The metadata is of schema ${version}, newer than the ${opening.version} of this release; use a later release.`,
  )
}

/** Resolves to the record as leased by this process, or to `undefined` while another process has it. */
async function takeLease(records: Collection<SchemaRecord>, record: Stored<SchemaRecord>) {
  if ((record.value.leasedUntil ?? 0) > Date.now()) return undefined
  return swap(records, record, lease(record.value.version, randomUUID()))
}

/** Ends early, to be looked at anew, when another process took over because this one was stopped for too long. */
async function runSteps(opening: Opening, records: Collection<SchemaRecord>, leased: Stored<SchemaRecord>) {
  const holder = leased.value.holder ?? ''
  let held: Promise<Stored<SchemaRecord> | undefined> = Promise.resolve(leased)
  const change = (next: (version: number) => SchemaRecord) => {
    held = held.then((record) => record && swap(records, record, next(record.value.version)))
    return held
  }
  const renewal = setInterval(() => {
    change((version) => lease(version, holder)).catch(() => undefined)
  }, leaseMs / 4)
  try {
    await opening.createStructure()
    for (const step of stepsAfter(leased.value.version, opening)) {
      await step.run(opening.engine)
      if (!(await change(() => lease(step.version, holder)))) return
    }
    await change(() => ({ version: opening.version }))
  } catch (err) {
    await change((version) => ({ version }))
    throw err
  } finally {
    clearInterval(renewal)
  }
}

function stepsAfter(version: number, opening: Opening): Migration[] {
  return opening.migrations
    .filter((step) => step.version > version && step.version <= opening.version)
    .toSorted((a, b) => a.version - b.version)
}

function lease(version: number, holder: string): SchemaRecord {
  return { version, holder, leasedUntil: Date.now() + leaseMs }
}

/** Resolves to `undefined` when somebody else changed the record first. */
async function swap(records: Collection<SchemaRecord>, record: Stored<SchemaRecord>, value: SchemaRecord) {
  try {
    return await records.update(record.id, record.revision, value)
  } catch (err) {
    if (hasCode(err, 'revision_stale')) return undefined
    throw err
  }
}
