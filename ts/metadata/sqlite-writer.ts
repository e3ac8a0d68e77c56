import { parentPort, workerData } from 'node:worker_threads'
import { RegistryError } from '../errors.ts'
import { type Connection, isBusy, openConnection, resultCode, storeError } from './sqlite-connection.ts'
import type { Table } from './sqlite-sql.ts'
import { createStructure } from './sqlite-structure.ts'
import { applyWrite, type RowWrite, type Written } from './sqlite-writes.ts'

/** What the writer's thread is started with. */
export interface WriterData {
  readonly path: string
  readonly tables: readonly Table[]
  /** The schema version that rows are written by. */
  readonly shape: number
}

/** `structure` creates what is missing of the tables named; `group` writes in one transaction. */
export type WriterRequest =
  | { readonly kind: 'structure'; readonly tables: readonly string[] }
  | { readonly kind: 'group'; readonly writes: readonly RowWrite[] }
  | { readonly kind: 'close' }

/** An error as it crosses between threads, which would take its class away. */
export type SentError = Pick<RegistryError, 'code' | 'message' | 'details'> & { readonly cause: string }
export type Outcome = { readonly written: Written } | { readonly error: SentError }
/** One answer a request, in order: an outcome a write, or the error that failed the whole. */
export type WriterAnswer = { readonly outcomes: readonly Outcome[] } | { readonly error: SentError }

const longestWaitMs = 30_000
const { path, tables, shape }: WriterData = workerData
const pause = new Int32Array(new SharedArrayBuffer(4))
let connection: Connection | undefined

parentPort?.on('message', (request: WriterRequest) => {
  try {
    parentPort?.postMessage({ outcomes: answer(request) } satisfies WriterAnswer)
  } catch (err) {
    parentPort?.postMessage({ error: sentError(err) } satisfies WriterAnswer)
  }
  if (request.kind === 'close') parentPort?.close()
})

function answer(request: WriterRequest): Outcome[] {
  if (request.kind === 'group') return writeGroup(request.writes)
  if (request.kind === 'structure') {
    connection ??= openWritable()
    const named = tables.filter((table) => request.tables.includes(table.name))
    createStructure(connection, named, shape, transact)
  } else connection?.[Symbol.dispose]()
  return []
}

/**
 * WAL lets everybody read meanwhile; FULL makes each commit wait for the disk. A checkpoint every 32 MiB instead of
 * every 4: a publish writes pages of a dozen indexes, and most of them again at the next publish.
 */
function openWritable(): Connection {
  const opened = openConnection(path, false)
  try {
    whenFree(() => opened.exec('PRAGMA journal_mode = WAL'))
    opened.exec(
      'PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8192; PRAGMA temp_store = MEMORY',
    )
    proveWritable(opened)
    return opened
  } catch (err) {
    opened[Symbol.dispose]()
    throw err
  }
}

/** A read-only file is refused at the first change alone, and opening a store of this release changes nothing. */
function proveWritable(opened: Connection) {
  whenFree(() => opened.run('BEGIN IMMEDIATE'))
  opened.exec('PRAGMA user_version = 1; ROLLBACK')
}

function writeGroup(writes: readonly RowWrite[]): Outcome[] {
  return transact((open) => writes.map((write) => writeOne(open, write)))
}

/** A savepoint lets one write fail alone; an error that ends the transaction fails the whole group. */
function writeOne(open: Connection, write: RowWrite): Outcome {
  open.run('SAVEPOINT write')
  try {
    const table = tables.find((each) => each.name === write.table)
    if (!table) throw new RegistryError('internal', `There is no collection ${write.table}.`)
    const written = applyWrite(open, table, shape, write)
    open.run('RELEASE write')
    return { written }
  } catch (err) {
    if (!open.isInTransaction || (resultCode(err) !== 0 && !isConstraint(err))) throw err
    open.run('ROLLBACK TO write')
    open.run('RELEASE write')
    return { error: sentError(err) }
  }
}

function transact<T>(work: (open: Connection) => T): T {
  const open = connection
  if (!open) throw new RegistryError('unavailable', `The database ${path} is closed.`)
  whenFree(() => open.run('BEGIN IMMEDIATE'))
  try {
    const result = work(open)
    open.run('COMMIT')
    return result
  } catch (err) {
    if (open.isInTransaction) open.run('ROLLBACK')
    throw err
  }
}

/** Waits, in this thread alone, while another process holds the lock; small uneven pauses share it fairly. */
function whenFree(take: () => void): void {
  const end = Date.now() + longestWaitMs
  for (;;) {
    try {
      take()
      return
    } catch (err) {
      if (!isBusy(err) || Date.now() > end) throw err
      Atomics.wait(pause, 0, 0, 1 + Math.random() * 3)
    }
  }
}

function isConstraint(err: unknown): boolean {
  return (resultCode(err) & 0xff) === 19
}

function sentError(err: unknown): SentError {
  const { code, message, details } = storeError(path, err)
  return { code, message, details, cause: err instanceof RegistryError ? '' : String(err) }
}
