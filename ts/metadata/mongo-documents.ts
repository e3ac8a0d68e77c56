import { type AnySpec, decodeDocument, encodeDocument, type Field, fieldsOf, oldestWithFields } from './documents.ts'
import type { IndexValue, Stored } from './engine.ts'
import type { IndexedRecord } from './queries.ts'

/**
 * A document as MongoDB holds it. What users named is inside `body`, JSON text, and never becomes a key. `id` repeats
 * `_id` because not every wire-compatible server takes `_id` into an index of several fields.
 */
export interface MongoRecord {
  readonly _id: string
  readonly id: string
  readonly revision: number
  /** The attempt that inserted it, and the one that updated it last. */
  readonly writeId: string
  readonly updateId?: string
  /** The schema version that it was written by. */
  readonly shape: number
  /** The indexed fields that it has; none is null. */
  readonly ix: Readonly<Record<string, IndexValue>>
  readonly counters: Readonly<Record<string, number>>
  readonly body: string
}

/** A collection as MongoDB sees it. */
export interface Shape {
  readonly spec: AnySpec
  readonly fields: readonly Field[]
  /** Records of an older one are brought along. */
  readonly version: number
}

export function shapeOf(spec: AnySpec, version: number): Shape {
  return { spec, fields: fieldsOf(spec), version: oldestWithFields(spec, version) }
}

/** What an insert or update writes. Throws as `encodeDocument` does. */
export function encodeRecord(shape: Shape, value: object): Pick<MongoRecord, 'shape' | 'ix' | 'counters' | 'body'> {
  const { body, fields } = encodeDocument(shape.fields, value)
  const present = shape.fields.flatMap(({ name, isCounter }, at) => {
    const found = fields[at] ?? null
    return found === null ? [] : [{ name, isCounter, found }]
  })
  const ix = present.filter(({ isCounter }) => !isCounter).map(({ name, found }) => [name, escapeValue(found)])
  const counters = present.filter(({ isCounter }) => isCounter).map(({ name, found }) => [name, found])
  return { shape: shape.version, ix: Object.fromEntries(ix), counters: Object.fromEntries(counters), body }
}

/** The document again. Only this collection writes its records, so the document has its type. */
export function decodeRecord<T>(shape: Shape, record: MongoRecord): Stored<T> {
  const counters = shape.fields.filter((field) => field.isCounter).map((field) => record.counters[field.name])
  const value = decodeDocument(shape.fields, record.body, counters) as T
  return { id: unescapeText(record._id), revision: record.revision, value }
}

/** The record as its indexes have it; `read` throws when it cannot be read. */
export function indexedRecord<T>(shape: Shape, record: MongoRecord): IndexedRecord<T> {
  const names = shape.fields.filter((field) => !field.isCounter).map(({ name }) => name)
  const fieldOf = (name: string) => {
    const value = record.ix[name] ?? null
    return typeof value === 'string' ? unescapeText(value) : value
  }
  return {
    id: unescapeText(record._id),
    fields: Object.fromEntries(names.map((name) => [name, fieldOf(name)])),
    read: () => decodeRecord<T>(shape, record),
  }
}

/** Where a field is in the record. */
export function pathOf(shape: Shape, field: string): string {
  const isCounter = shape.fields.some(({ name, isCounter }) => isCounter && name === field)
  return `${isCounter ? 'counters' : 'ix'}.${field}`
}

export function escapeValue(value: IndexValue): IndexValue {
  return typeof value === 'string' ? escapeText(value) : value
}

/**
 * Text without NUL that orders as the text does: U+0000 becomes U+0001 U+0001 and U+0001 becomes U+0001 U+0002.
 * MongoDB itself compares texts with NUL rightly, other servers that speak its protocol cut them off there.
 */
export function escapeText(text: string): string {
  return text.replace(/[\0\x01]/g, (character) => (character === '\0' ? '\x01\x01' : '\x01\x02'))
}

function unescapeText(text: string): string {
  return text.replace(/\x01[\x01\x02]/g, (pair) => (pair === '\x01\x01' ? '\0' : '\x01'))
}
