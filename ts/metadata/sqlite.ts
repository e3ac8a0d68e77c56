import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import { RegistryError } from '../errors.ts'
import { writeTo } from './batch.ts'
import type { AnySpec } from './documents.ts'
import type { Collection, MetadataEngine } from './engine.ts'
import { makeFolder } from './make-folder.ts'
import { type Migration, migrate, requireVersion, schemaCollection } from './migrate.ts'
import { type Storage, sqliteCollection } from './sqlite-collection.ts'
import { type Connection, isBusy, openConnection, storeError } from './sqlite-connection.ts'
import { startWriteQueue, type WriteQueue } from './sqlite-queue.ts'
import { tableOf } from './sqlite-sql.ts'

export interface SqliteOptions {
  /** The database file; made, with its folder, when it is missing. */
  readonly path: string
  readonly collections: readonly AnySpec[]
  readonly schemaVersion: number
  readonly migrations?: readonly Migration[]
  /** Opens an existing file of this very schema for reading alone; every write then throws `unavailable`. */
  readonly readOnly?: boolean
}

/**
 * Opens the embedded store; any number of processes may have it open. Throws `unavailable` with one clear sentence
 * when the file cannot be opened or written, or is of a newer schema; an older one is migrated first.
 */
export async function openSqliteEngine(options: SqliteOptions): Promise<MetadataEngine> {
  const { path, schemaVersion: version, migrations = [] } = options
  const specs = [...options.collections, schemaCollection]
  const mark = markOfCommits()
  if (!options.readOnly) createFile(path)
  const tables = specs.map(tableOf)
  const queue = options.readOnly ? readOnlyQueue(path) : startWriteQueue({ path, tables, shape: version }, mark.forget)
  const names = tables.map((table) => table.name)
  let engine: MetadataEngine | undefined
  try {
    await queue.createStructure([schemaCollection.name])
    engine = sqliteEngine(path, specs, queue, openReader(path), mark)
    if (options.readOnly) await requireVersion(engine, version)
    else await migrate({ engine, version, migrations, createStructure: () => queue.createStructure(names) })
    return engine
  } catch (err) {
    await (engine ?? queue).close()
    throw err
  }
}

function sqliteEngine(
  path: string,
  specs: readonly AnySpec[],
  queue: WriteQueue,
  connection: Connection,
  mark: CommitMark,
): MetadataEngine {
  const tables = new Map(specs.map((spec) => [spec.name, { spec, table: tableOf(spec) }]))
  let open = true
  const refuse = () => {
    const err =
      queue.failure() ?? (open ? undefined : new RegistryError('unavailable', `The database ${path} is closed.`))
    if (err) throw err
  }
  const storage: Storage = {
    path,
    reader() {
      if (!open) refuse()
      return connection
    },
    async write(write) {
      refuse()
      return queue.write(write)
    },
  }
  const collection = <T extends object, I extends string>(name: string): Collection<T, I> => {
    const known = tables.get(name)
    if (!known)
      throw new RegistryError('internal', `The collection ${name} was not declared when the store was opened.`)
    return sqliteCollection<T, I>(storage, known.spec, known.table)
  }
  return {
    kind: 'sqlite',
    collection: ({ name }) => collection(name),
    batch: (writes) => Promise.allSettled(writes.map(async (write) => writeTo(collection(write.in.name), write))),
    commitMark: () => (open ? mark.read(connection) : undefined),
    async ping() {
      refuse()
      const started = performance.now()
      const row = connection.get('SELECT sqlite_version(), (SELECT count(*) FROM schema_state)')
      return { latencyMs: performance.now() - started, version: `SQLite ${row?.[0]}` }
    },
    async close() {
      if (!open) return
      open = false
      // The writer's connection goes last: the last one to close empties the write-ahead log.
      connection[Symbol.dispose]()
      await queue.close()
    },
  }
}

interface CommitMark {
  read(connection: Connection): number | undefined
  forget(): void
}

/**
 * `PRAGMA data_version` tells of other connections' commits, and the writer's thread is another connection. Asked once
 * a turn of the event loop, counted by libuv: a `setImmediate` that forgets would come too late for what is asked after
 * it in the same phase, and the next requests would be told an old mark. Nothing asks from a timer, whose phase comes
 * before new requests in the same turn.
 */
function markOfCommits(): CommitMark {
  let known: number | undefined
  let turn = -1
  return {
    forget() {
      known = undefined
    },
    read(connection) {
      const now = performance.nodeTiming.uvMetricsInfo.loopCount
      if (known !== undefined && turn === now) return known
      turn = now
      try {
        known = Number(connection.get('PRAGMA data_version')?.[0])
      } catch (err) {
        if (!isBusy(err)) throw err
        known = undefined
      }
      return known
    },
  }
}

/** Only its owner may read a new file: it holds password hashes. An existing file keeps its mode, and its locks. */
function createFile(path: string) {
  try {
    makeFolder(dirname(path))
    closeSync(openSync(path, 'wx', 0o600))
  } catch (err) {
    // Opening says what is wrong with a folder that is a file.
    if (err instanceof Error && 'code' in err && (err.code === 'EEXIST' || err.code === 'ENOTDIR')) return
    const reason = err instanceof Error ? err.message : String(err)
    throw new RegistryError('unavailable', `The database ${path} cannot be made: ${reason}.`, {}, { cause: err })
  }
}

function openReader(path: string): Connection {
  try {
    return openConnection(path, true)
  } catch (err) {
    throw storeError(path, err)
  }
}

function readOnlyQueue(path: string): WriteQueue {
  const refuse = () =>
    Promise.reject(new RegistryError('unavailable', `The database ${path} was opened for reading only.`))
  return { write: refuse, createStructure: async () => {}, failure: () => undefined, close: async () => {} }
}
