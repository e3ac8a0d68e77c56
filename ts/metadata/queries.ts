import { RegistryError } from '../errors.ts'
import { type AnySpec, checkNumber, checkText } from './documents.ts'
import type { IndexValue, Page, Query, Stored } from './engine.ts'

/** One bound of a range, in the words of a comparison. */
export interface Bound {
  readonly comparison: '>=' | '>' | '<=' | '<'
  readonly value: IndexValue
}

/** A checked query, independent of the backend. */
export interface Plan {
  readonly index: string
  /** No two documents agree on all fields of a unique index, so ids break no ties in it. */
  readonly isUnique: boolean
  /** Every field of the index: a document lacking one is not in it. */
  readonly fields: readonly string[]
  readonly equals: readonly { readonly field: string; readonly value: IndexValue }[]
  readonly bounds: readonly Bound[]
  /** What orders the answers: the fields after the equal ones. */
  readonly orderedBy: readonly string[]
  readonly isDescending: boolean
  readonly limit: number
  /** Where the page before ended. */
  readonly after: Position | undefined
}

/** A place in an ordered walk: the values of `orderedBy` and the id that breaks ties. */
export interface Position {
  readonly values: readonly IndexValue[]
  readonly id: string
}

/** A query whose document type no longer matters. */
export type AnyQuery = Query<object>

const comparisons = [
  ['from', '>='],
  ['after', '>'],
  ['to', '<='],
  ['before', '<'],
] as const

/**
 * Checks a query against the declared index. Throws `payload_invalid` for a limit out of 1 to 1000, a value that no
 * index holds or a cursor of another query, and `internal` for a query that the index cannot answer.
 */
export function planQuery(spec: AnySpec, index: string, query: AnyQuery): Plan {
  const declared = Object.hasOwn(spec.indexes, index) ? spec.indexes[index] : undefined
  if (!declared) throw new RegistryError('internal', `Collection ${spec.name} declares no index ${index}.`)
  const fields: readonly string[] = declared.fields
  const wanted = new Map<string, unknown>(Object.entries(query.equals ?? {}))
  const equals = fields.slice(0, wanted.size).map((field) => {
    if (wanted.has(field)) return { field, value: checkIndexValue(field, wanted.get(field)) }
    throw new RegistryError('internal', `Index ${spec.name}.${index} needs equality on ${field} first.`)
  })
  if (wanted.size > fields.length) {
    throw new RegistryError('internal', `Index ${spec.name}.${index} has only ${fields.length} fields.`)
  }
  const orderedBy = fields.slice(equals.length)
  return {
    index,
    isUnique: declared.unique ?? false,
    fields,
    equals,
    bounds: boundsOf(spec, index, orderedBy[0], query.range),
    orderedBy,
    isDescending: query.order === 'descending',
    limit: checkLimit(query.limit),
    after: query.after === undefined ? undefined : decodeCursor(query.after, orderedBy.length),
  }
}

/** The page of these documents, with an opaque cursor after the last one when there are more. */
export function toPage<T extends object>(plan: Plan, items: Stored<T>[], hasMore: boolean): Page<T> {
  const last = items.at(-1)
  if (!hasMore || !last) return { items }
  const values = plan.orderedBy.map((field) => Object.getOwnPropertyDescriptor(last.value, field)?.value)
  return { items, next: encodeCursor(values, last.id) }
}

/** A record as an index holds it, beside its document. */
export interface IndexedRecord<T> {
  readonly id: string
  /** The index fields that are no counters, as they are in the index; null for those that are in none. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Throws when it cannot be read. */
  read(): Stored<T>
}

/** As `toPage`, of records that may be unfit; the cursor is where the index has the last, whatever its text says. */
export function toExaminedPage<T extends object>(
  plan: Plan,
  records: readonly IndexedRecord<T>[],
  hasMore: boolean,
  unfit: NonNullable<AnyQuery['unfit']>,
): Page<T> {
  const items = records.flatMap((record, row) => {
    const item = readIfPossible(record)
    if (!item) unfit({ id: record.id, kind: 'unreadable', row })
    else if (!fits(record.fields, item.value)) unfit({ id: record.id, kind: 'misplaced', row })
    return item ? [item] : []
  })
  const last = records.at(-1)
  if (!hasMore || !last) return { items }
  const values = plan.orderedBy.map((field) => last.fields[field])
  return { items, next: encodeCursor(values, last.id) }
}

function readIfPossible<T>({ read }: IndexedRecord<T>): Stored<T> | undefined {
  try {
    const item = read()
    return typeof item.value === 'object' && item.value !== null ? item : undefined
  } catch {
    return undefined
  }
}

function fits(fields: IndexedRecord<unknown>['fields'], value: object): boolean {
  return Object.entries(fields).every(([field, indexed]) => {
    const found: unknown = Object.getOwnPropertyDescriptor(value, field)?.value
    return indexed === (isIndexValue(found) ? found : null)
  })
}

function encodeCursor(values: readonly unknown[], id: string): string {
  return Buffer.from(JSON.stringify([...values, id])).toString('base64url')
}

function decodeCursor(cursor: string, length: number): Position {
  const parts = parseCursor(cursor)
  const id = parts?.pop()
  if (parts?.length !== length || typeof id !== 'string' || !parts.every(isIndexValue) || !id.isWellFormed()) {
    throw new RegistryError('payload_invalid', 'The cursor is not one that this list gave out; start again without it.')
  }
  return { values: parts, id }
}

function parseCursor(cursor: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isIndexValue(value: unknown): value is IndexValue {
  return typeof value === 'number' || (typeof value === 'string' && value.isWellFormed())
}

function boundsOf(spec: AnySpec, index: string, field: string | undefined, range: AnyQuery['range']): Bound[] {
  const bounds = comparisons.flatMap(([name, comparison]) => {
    const value = range?.[name]
    return value === undefined ? [] : [{ comparison, value: checkIndexValue(field ?? name, value) }]
  })
  if (bounds.length > 0 && field === undefined) {
    throw new RegistryError('internal', `Index ${spec.name}.${index} has no field left for a range.`)
  }
  return bounds
}

function checkIndexValue(field: string, value: unknown): IndexValue {
  if (typeof value === 'string') return checkText(field, value)
  if (typeof value === 'number') return checkNumber(field, value)
  throw new RegistryError('payload_invalid', `${field} must be a string or a number.`, { field })
}

function checkLimit(limit = 100): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new RegistryError('payload_invalid', `A page has 1 to 1000 items, not ${limit}.`, { field: 'limit' })
}
