import { decodeDocument, indexedAgain, oldestWithFields } from './documents.ts'
import type { Connection } from './sqlite-connection.ts'
import {
  addColumn,
  createIndex,
  createShapeIndex,
  createTable,
  isShapeIndex,
  quote,
  reshapeRow,
  selectOutdated,
  shapeIndexName,
  type Table,
} from './sqlite-sql.ts'

const rowsAtOnce = 200

/** Runs `work` in one transaction that owns the write lock from its beginning. */
export type Transact = <T>(work: () => T) => T

/**
 * Creates the tables, columns and indexes that are missing, and fills in the index fields of rows that an older process
 * wrote. Each part is a transaction that can be repeated, so an interruption costs nothing but the repetition; the
 * indexes come last, when every row has its fields.
 */
export function createStructure(connection: Connection, tables: readonly Table[], shape: number, transact: Transact) {
  const shapes = new Map(tables.map((table) => [table, oldestWithFields(table, shape)]))
  transact(() => {
    for (const [table, oldest] of shapes) createColumns(connection, table, oldest)
  })
  for (const [table, oldest] of shapes) {
    if (table.fields.length === 0) continue
    while (hasOutdated(connection, table, oldest)) transact(() => reshapeSome(connection, table, oldest))
  }
  transact(() => {
    for (const index of tables.flatMap((table) => table.indexes.map((each) => createIndex(table, each)))) {
      connection.exec(index)
    }
  })
}

function createColumns(connection: Connection, table: Table, shape: number) {
  connection.exec(createTable(table))
  const present = connection.all(`PRAGMA table_info(${quote(table.name)})`).map(([, name]) => name)
  for (const field of table.fields) {
    if (!present.includes(`f_${field.name}`)) connection.exec(addColumn(table, field))
  }
  if (table.fields.length > 0) createOnlyShapeIndex(connection, table, shape)
}

/** A table without fields has nothing to fill in; the one of the schema's version must never change. */
function createOnlyShapeIndex(connection: Connection, table: Table, shape: number) {
  connection.exec(createShapeIndex(table, shape))
  const indexes = connection.all(`SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?`, table.name)
  const shapeIndexes = indexes.map(([name]) => String(name)).filter((name) => isShapeIndex(table, name))
  for (const name of shapeIndexes) {
    if (name !== shapeIndexName(table, shape)) connection.exec(`DROP INDEX ${quote(name)}`)
  }
}

function hasOutdated(connection: Connection, table: Table, shape: number): boolean {
  return connection.get(selectOutdated(table, shape), 1) !== undefined
}

function reshapeSome(connection: Connection, table: Table, shape: number) {
  for (const [id, revision, body] of connection.all(selectOutdated(table, shape), rowsAtOnce)) {
    const fields = indexedAgain(table.fields, decodeDocument(table.fields, String(body), []))
    connection.run(reshapeRow(table), shape, ...fields, String(id), Number(revision))
  }
}
