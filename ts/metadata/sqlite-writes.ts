import { RegistryError } from '../errors.ts'
import type { IndexValue } from './engine.ts'
import { type Connection, isUniqueViolation, type Row } from './sqlite-connection.ts'
import { deleteRevision, deleteRow, incrementRow, insertRow, selectRow, type Table, updateRow } from './sqlite-sql.ts'

/** A whole document for a row: `fields` in the order of the table's. */
interface Document {
  readonly id: string
  readonly body: string
  readonly fields: readonly (IndexValue | null)[]
}

/** One write, ready for a table; structured-clone safe. */
export type RowWrite = { readonly table: string } & (
  | ({ readonly kind: 'insert'; readonly writeId: string | null } & Document)
  | ({ readonly kind: 'update'; readonly revision: number } & Document)
  | { readonly kind: 'delete'; readonly id: string; readonly revision: number | null }
  | ({ readonly kind: 'increment'; readonly counter: string; readonly by: number } & Document)
)

/** What a write left: the row's revision and counters, and its body where the caller does not know it. */
export interface Written {
  readonly revision: number
  readonly counters: readonly unknown[]
  readonly body?: string
}

const nothing: Written = { revision: 0, counters: [] }

/**
 * Carries one write out inside the open transaction; `shape` is the schema version that it is written by. Throws
 * `document_exists`, `revision_stale`, or SQLite's own error when the whole transaction cannot go on.
 */
export function applyWrite(connection: Connection, table: Table, shape: number, write: RowWrite): Written {
  if (write.kind === 'delete') return remove(connection, table, write.id, write.revision)
  try {
    if (write.kind === 'insert') return insert(connection, table, shape, write)
    if (write.kind === 'update') return update(connection, table, shape, write)
    return increment(connection, table, shape, write)
  } catch (err) {
    if (!isUniqueViolation(err)) throw err
    const found = write.kind === 'insert' ? connection.get(selectRow(table), write.id) : undefined
    return recognise(write, found) ?? fail(exists(table, found ? 'id' : conflictOf(table, err)))
  }
}

function insert(connection: Connection, table: Table, shape: number, write: RowWrite & { kind: 'insert' }): Written {
  connection.run(insertRow(table), write.id, write.writeId, shape, ...write.fields, write.body)
  return { revision: 1, counters: write.fields.filter((_, at) => table.fields[at]?.isCounter) }
}

/** The row that an earlier try of this insert made. */
function recognise(write: RowWrite, found: Row | undefined): Written | undefined {
  const [revision, body, writeId, ...counters] = found ?? []
  if (write.kind !== 'insert' || write.writeId === null || writeId !== write.writeId) return undefined
  return { revision: Number(revision), body: String(body), counters }
}

function update(connection: Connection, table: Table, shape: number, write: RowWrite & { kind: 'update' }): Written {
  const fields = write.fields.filter((_, at) => !table.fields[at]?.isCounter)
  const row = connection.get(updateRow(table), shape, ...fields, write.body, write.id, write.revision)
  if (!row) throw stale(table)
  const [revision, ...counters] = row
  return { revision: Number(revision), counters }
}

function increment(
  connection: Connection,
  table: Table,
  shape: number,
  write: RowWrite & { kind: 'increment' },
): Written {
  const fields = write.fields.map((value, at) =>
    table.fields[at]?.name === write.counter ? Number(value ?? 0) + write.by : value,
  )
  const sql = incrementRow(table, write.counter)
  const row = connection.get(sql, write.id, null, shape, ...fields, write.body, write.by)
  return { revision: 0, counters: row ?? [] }
}

function remove(connection: Connection, table: Table, id: string, revision: number | null): Written {
  if (revision === null) connection.run(deleteRow(table), id)
  else if (connection.run(deleteRevision(table), id, revision) === 0) {
    if (connection.get(selectRow(table), id)) throw stale(table)
  }
  return nothing
}

/** SQLite names the columns of the index: `UNIQUE constraint failed: packages.f_name, packages.f_sequence`. */
function conflictOf(table: Table, err: unknown): string {
  const columns = err instanceof Error ? err.message.slice(err.message.indexOf(': ') + 2) : ''
  const named = (fields: readonly string[]) => fields.map((field) => `${table.name}.f_${field}`).join(', ')
  return table.indexes.find((index) => index.unique && named(index.fields) === columns)?.name ?? 'id'
}

function exists(table: Table, conflict: string): RegistryError {
  const taken = conflict === 'id' ? 'id' : `value of the unique index ${conflict}`
  return new RegistryError('document_exists', `A document with this ${taken} is already in ${table.name}.`, {
    conflict,
  })
}

function fail(err: RegistryError): never {
  throw err
}

function stale(table: Table): RegistryError {
  return new RegistryError('revision_stale', `The document in ${table.name} was changed or deleted meanwhile.`)
}
