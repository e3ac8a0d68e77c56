import { decodeDocument, indexedAgain } from './documents.ts'
import type { Connection } from './sqlite-connection.ts'
import {
  addColumn,
  createIndex,
  createShapeIndex,
  createTable,
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
 * Creates the tables, columns and indexes that are missing, then fills in the index fields of rows that an older
 * process wrote. Each step is a transaction that can be repeated, so an interruption costs nothing but the repetition,
 * and unique indexes come last, when every row has its fields.
 */
export function createStructure(connection: Connection, tables: readonly Table[], shape: number, transact: Transact) {
  for (const table of tables) {
    transact(() => createColumns(connection, table, shape))
    while (transact(() => reshapeSome(connection, table, shape)) === rowsAtOnce);
    transact(() => {
      for (const index of table.indexes) connection.exec(createIndex(table, index))
    })
  }
}

function createColumns(connection: Connection, table: Table, shape: number) {
  connection.exec(createTable(table))
  const present = connection.all(`PRAGMA table_info(${quote(table.name)})`).map(([, name]) => name)
  for (const field of table.fields) {
    if (!present.includes(`f_${field.name}`)) connection.exec(addColumn(table, field))
  }
  connection.exec(createShapeIndex(table, shape))
  for (const [name] of connection.all(
    `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?`,
    table.name,
  )) {
    const isOlder =
      String(name).startsWith(shapeIndexName(table, 0).slice(0, -1)) && name !== shapeIndexName(table, shape)
    if (isOlder) connection.exec(`DROP INDEX ${quote(String(name))}`)
  }
}

function reshapeSome(connection: Connection, table: Table, shape: number): number {
  const rows = connection.all(selectOutdated(table, shape), rowsAtOnce)
  for (const [id, revision, body] of rows) {
    const fields = indexedAgain(table.fields, decodeDocument(table.fields, String(body), []))
    connection.run(reshapeRow(table), shape, ...fields, String(id), Number(revision))
  }
  return rows.length
}
