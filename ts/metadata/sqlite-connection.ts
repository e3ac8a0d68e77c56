import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { RegistryError } from '../errors.ts'

export type SqlValue = SQLInputValue
/** A row as an array of columns. */
export type Row = readonly unknown[]

/** One connection with its prepared statements. Nothing stays open between calls, so checkpoints make progress. */
export interface Connection extends Disposable {
  /** Runs statements that answer nothing. */
  exec(sql: string): void
  /** The first row; statements with RETURNING have done all their work by then. */
  get(sql: string, ...values: SqlValue[]): Row | undefined
  all(sql: string, ...values: SqlValue[]): Row[]
  /** The number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number
  readonly isInTransaction: boolean
}

/**
 * Opens the file without waiting for anybody's lock: SQLite's own waiting would block the event loop. This is the
 * only file that imports `node:sqlite`, whose `DatabaseSync` is to be renamed.
 */
export function openConnection(path: string, readOnly: boolean): Connection {
  const database = new DatabaseSync(path, { readOnly, timeout: 0 })
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    prepared.set(sql, statement)
    return statement
  }
  return {
    exec: (sql) => database.exec(sql),
    get: (sql, ...values) => asRow(prepare(sql).get(...values)),
    all: (sql, ...values) =>
      prepare(sql)
        .all(...values)
        .map((row) => asRow(row) ?? []),
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    get isInTransaction() {
      return database.isTransaction
    },
    [Symbol.dispose]: () => database.close(),
  }
}

function asRow(row: unknown): Row | undefined {
  return Array.isArray(row) ? row : undefined
}

/** SQLite's extended result code, or 0 when the error is none of SQLite's. https://sqlite.org/rescode.html */
export function resultCode(err: unknown): number {
  return err instanceof Error && 'errcode' in err && typeof err.errcode === 'number' ? err.errcode : 0
}

/** True when another connection holds a lock that would be free a moment later. */
export function isBusy(err: unknown): boolean {
  return primaryCode(err) === 5
}

/** True when a unique index or primary key refused the row. */
export function isUniqueViolation(err: unknown): boolean {
  return resultCode(err) === 1555 || resultCode(err) === 2067
}

/** One clear sentence for what SQLite refused, its own words kept as the cause. */
export function storeError(path: string, err: unknown): RegistryError {
  if (err instanceof RegistryError) return err
  const code = primaryCode(err)
  if (code === 13) return new RegistryError('storage_full', `The disk of ${path} is full.`, {}, { cause: err })
  const reason = reasons.get(code)
  if (reason) return new RegistryError('unavailable', `The database ${path} ${reason}.`, {}, { cause: err })
  return new RegistryError('internal', 'Internal error', {}, { cause: err })
}

const reasons = new Map([
  [3, 'may not be opened by this user'],
  [5, 'is locked by another process for too long'],
  [6, 'is locked by another process for too long'],
  [8, 'is read-only; this user must be able to write the file and its folder'],
  [10, 'cannot be read or written (an input/output error)'],
  [11, 'is damaged; restore it from a backup'],
  [14, 'cannot be opened; its folder must exist and be writable by this user'],
  [26, 'is not an SQLite file'],
])

function primaryCode(err: unknown): number {
  return resultCode(err) & 0xff
}
