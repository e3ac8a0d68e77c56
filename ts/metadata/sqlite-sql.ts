import { type AnySpec, type Field, fieldsOf } from './documents.ts'
import type { IndexValue } from './engine.ts'
import type { Plan } from './queries.ts'

/** A collection as SQLite sees it. Structured-clone safe, for the writer's thread. */
export interface Table {
  readonly name: string
  readonly fields: readonly Field[]
  readonly indexes: readonly TableIndex[]
  /** As the collection declares it. */
  readonly fieldsSince?: number
}

export interface TableIndex {
  readonly name: string
  readonly fields: readonly string[]
  readonly unique: boolean
}

/** The table of a collection: one column a field, `f_` before its name, and the document's JSON in `body`. */
export function tableOf(spec: AnySpec): Table {
  const indexes = Object.entries<AnySpec['indexes'][string]>(spec.indexes)
  return {
    name: spec.name,
    fields: fieldsOf(spec),
    indexes: indexes.map(([name, index]) => ({ name, fields: index.fields, unique: index.unique ?? false })),
    ...(spec.fieldsSince !== undefined && { fieldsSince: spec.fieldsSince }),
  }
}

export function column(field: string): string {
  return quote(`f_${field}`)
}

/** `ANY` keeps text and numbers as they are; text compares by its UTF-8 bytes. */
export function createTable(table: Table): string {
  const columns = table.fields.map((field) => `${column(field.name)} ANY, `).join('')
  return `CREATE TABLE IF NOT EXISTS ${quote(table.name)} (id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL,
    write_id TEXT, shape INTEGER NOT NULL, ${columns}body TEXT NOT NULL) STRICT`
}

/** For a table made by an older release. */
export function addColumn(table: Table, field: Field): string {
  return `ALTER TABLE ${quote(table.name)} ADD COLUMN ${column(field.name)} ANY`
}

/** A row lacking one of the fields is in no index over it. Ids break ties, so a unique index needs none. */
export function createIndex(table: Table, index: TableIndex): string {
  const columns = [...index.fields.map(column), ...(index.unique ? [] : ['id'])].join(', ')
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${indexName(table.name, index.name)}
    ON ${quote(table.name)} (${columns}) WHERE ${allPresent(index.fields)}`
}

/** The rows that an older process wrote: empty, and so free of cost, while there is none. */
export function createShapeIndex(table: Table, shape: number): string {
  return `CREATE INDEX IF NOT EXISTS ${quote(shapeIndexName(table, shape))}
    ON ${quote(table.name)} (id) WHERE shape < ${shape}`
}

export function shapeIndexName(table: Table, shape: number): string {
  return `${shapeIndexPrefix(table)}${shape}`
}

/** True for an index that `createShapeIndex` made for any version. */
export function isShapeIndex(table: Table, name: string): boolean {
  return name.startsWith(shapeIndexPrefix(table))
}

function shapeIndexPrefix(table: Table): string {
  return `${table.name}:shape:`
}

/** Rows of an older shape: id, revision, body. */
export function selectOutdated(table: Table, shape: number): string {
  return `SELECT id, revision, body FROM ${quote(table.name)}
    WHERE shape < ${shape} ORDER BY id LIMIT ?`
}

/** Parameters: id, writeId, shape, the fields, body. */
export function insertRow(table: Table): string {
  const names = table.fields.map((field) => `${column(field.name)}, `).join('')
  const marks = table.fields.map(() => '?, ').join('')
  return `INSERT INTO ${quote(table.name)} (id, revision, write_id, shape, ${names}body) VALUES (?, 1, ?, ?, ${marks}?)`
}

/** Parameters: shape, the fields that are no counters, body, id, revision. Answers revision and counters. */
export function updateRow(table: Table): string {
  const sets = table.fields.filter((field) => !field.isCounter).map((field) => `${column(field.name)} = ?, `)
  return `UPDATE ${quote(table.name)} SET revision = revision + 1, shape = ?, ${sets.join('')}body = ?
    WHERE id = ? AND revision = ? RETURNING revision, ${counterColumns(table)}`
}

/** Fills the index fields of an older row in. Parameters: shape, the fields that are no counters, id, revision. */
export function reshapeRow(table: Table): string {
  const sets = table.fields.filter((field) => !field.isCounter).map((field) => `, ${column(field.name)} = ?`)
  return `UPDATE ${quote(table.name)} SET shape = ?${sets.join('')} WHERE id = ? AND revision = ?`
}

/** Parameters: those of `insertRow`, then the number to add. Answers the counter. */
export function incrementRow(table: Table, counter: string): string {
  const name = column(counter)
  return `${insertRow(table)} ON CONFLICT (id) DO UPDATE SET ${name} = coalesce(${name}, 0) + ? RETURNING ${name}`
}

/** Parameter: id. */
export function deleteRow(table: Table): string {
  return `DELETE FROM ${quote(table.name)} WHERE id = ?`
}

/** Parameters: id, revision. */
export function deleteRevision(table: Table): string {
  return `${deleteRow(table)} AND revision = ?`
}

/** Parameter: id. Answers revision, body, write id and counters. */
export function selectRow(table: Table): string {
  return `SELECT revision, body, write_id, ${counterColumns(table)} FROM ${quote(table.name)} WHERE id = ?`
}

/** Fields that are in an index and no counters, in the order of `selectPage`. */
export function indexedFields(table: Table): readonly string[] {
  return table.fields.filter((field) => !field.isCounter).map(({ name }) => name)
}

/** A page of an index, one row more than the limit. Answers id, revision, body, `indexedFields` if asked, and counters. */
export function selectPage(table: Table, plan: Plan, isExamined = false): { sql: string; values: IndexValue[] } {
  const where = conditions(plan)
  const keys = [...plan.orderedBy.map(column), ...(plan.isUnique ? [] : ['id'])]
  if (plan.after && keys.length > 0) {
    where.terms.push(`(${keys.join(', ')}) ${plan.isDescending ? '<' : '>'} (${keys.map(() => '?').join(', ')})`)
    where.values.push(...plan.after.values, ...(plan.isUnique ? [] : [plan.after.id]))
  }
  const direction = plan.isDescending ? 'DESC' : 'ASC'
  const order = keys.length > 0 ? `ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')}` : ''
  const indexed = isExamined ? indexedFields(table).map((field) => `${column(field)}, `) : []
  const sql = `SELECT id, revision, body, ${indexed.join('')}${counterColumns(table)} FROM ${from(table, plan)}
    WHERE ${where.terms.join(' AND ')} ${order} LIMIT ?`
  return { sql, values: [...where.values, plan.limit + 1] }
}

/** The number of rows of an index within equality and range. */
export function selectCount(table: Table, plan: Plan): { sql: string; values: IndexValue[] } {
  const { terms, values } = conditions(plan)
  return { sql: `SELECT count(*) FROM ${from(table, plan)} WHERE ${terms.join(' AND ')}`, values }
}

/** INDEXED BY makes a query that its index cannot answer an error instead of a scan. */
function from(table: Table, plan: Plan): string {
  return `${quote(table.name)} INDEXED BY ${indexName(table.name, plan.index)}`
}

function conditions(plan: Plan): { terms: string[]; values: IndexValue[] } {
  const ranged = plan.orderedBy[0] ?? ''
  return {
    terms: [
      allPresent(plan.fields),
      ...plan.equals.map(({ field }) => `${column(field)} = ?`),
      ...plan.bounds.map((bound) => `${column(ranged)} ${bound.comparison} ?`),
    ],
    values: [...plan.equals, ...plan.bounds].map(({ value }) => value),
  }
}

function allPresent(fields: readonly string[]): string {
  return fields.map((field) => `${column(field)} IS NOT NULL`).join(' AND ')
}

/** The counters, or a NULL where there is none, to keep the lists of columns well formed. */
function counterColumns(table: Table): string {
  const counters = table.fields.filter((field) => field.isCounter)
  return counters.length > 0 ? counters.map((field) => column(field.name)).join(', ') : 'NULL'
}

function indexName(table: string, index: string): string {
  return quote(`${table}:${index}`)
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
