import { RegistryError } from '../errors.ts'
import type { CollectionSpec, IndexValue } from './engine.ts'

/** The most a document may be, in bytes of UTF-8 JSON. MongoDB's own limit is 16 MiB with the index fields. */
export const maxDocumentBytes = 8 * 1024 * 1024

/** What a spec says once its document type no longer matters: both engines work on these. */
export type AnySpec = CollectionSpec<never>

/** A top-level field that is kept outside the JSON text: indexed, counted or both. */
export interface Field {
  readonly name: string
  readonly isCounter: boolean
}

/** Documents written by an older schema version than this lack indexed fields. `version`: the store's. */
export function oldestWithFields(spec: Pick<AnySpec, 'fieldsSince'>, version: number): number {
  return Math.min(version, spec.fieldsSince ?? version)
}

/** A document taken apart for storage: JSON text without its counters, and the values of `fieldsOf`, in order. */
export interface EncodedDocument {
  readonly body: string
  readonly fields: readonly (IndexValue | null)[]
}

/** The fields kept beside the JSON text of a collection: those of its indexes, then its counters, each once. */
export function fieldsOf(spec: AnySpec): Field[] {
  const counters: readonly string[] = spec.counters ?? []
  const indexed = Object.values(spec.indexes).flatMap((index): readonly string[] => index.fields)
  return [...new Set([...indexed, ...counters])].map((name) => ({ name, isCounter: counters.includes(name) }))
}

/**
 * Takes a document apart. Throws `document_too_large` above `maxDocumentBytes`, and `payload_invalid` when an
 * indexed string has no UTF-8 form (a lone surrogate), for then it has no place in the order.
 */
export function encodeDocument(fields: readonly Field[], value: object): EncodedDocument {
  const values = fields.map((field) => fieldValue(field, value))
  const body = JSON.stringify(withoutCounters(fields, value))
  const bytes = Buffer.byteLength(body)
  if (bytes > maxDocumentBytes) {
    throw new RegistryError(
      'document_too_large',
      `The document has ${bytes} bytes of JSON; at most ${maxDocumentBytes} can be stored.`,
    )
  }
  return { body, fields: values }
}

/** Puts a document together again; `counters` are the stored values of the counters among `fields`, in order. */
export function decodeDocument(fields: readonly Field[], body: string, counters: readonly unknown[]): object {
  const value: Record<string, unknown> = JSON.parse(body)
  let next = 0
  for (const field of fields) {
    if (!field.isCounter) continue
    const count = counters[next++]
    if (typeof count === 'number') value[field.name] = count
  }
  return value
}

/** The value of a top-level field as an index holds it; null when the document is not in indexes over it. */
export function fieldValue(field: Field, value: object): IndexValue | null {
  const found: unknown = Object.getOwnPropertyDescriptor(value, field.name)?.value
  if (field.isCounter) return typeof found === 'number' ? checkNumber(field.name, found) : null
  if (typeof found === 'string') return checkText(field.name, found)
  return typeof found === 'number' && Number.isFinite(found) ? found : null
}

/**
 * The fields that are no counters of a document stored before they were all indexed. A value that cannot be indexed
 * leaves the document out of the index, for it was accepted.
 */
export function indexedAgain(fields: readonly Field[], value: object): (IndexValue | null)[] {
  return fields
    .filter((field) => !field.isCounter)
    .map((field) => {
      const found: unknown = Object.getOwnPropertyDescriptor(value, field.name)?.value
      return typeof found === 'number' || (typeof found === 'string' && found.isWellFormed()) ? found : null
    })
}

/** The text, if it has a UTF-8 form. Throws `payload_invalid` naming `what` otherwise. */
export function checkText(what: string, text: string): string {
  if (text.isWellFormed()) return text
  throw new RegistryError('payload_invalid', `${what} contains half a surrogate pair, which is no Unicode text.`, {
    field: what,
  })
}

/** The number, if it is finite. Throws `payload_invalid` naming `what` otherwise. */
export function checkNumber(what: string, value: number): number {
  if (Number.isFinite(value)) return value
  throw new RegistryError('payload_invalid', `${what} must be a finite number.`, { field: what })
}

function withoutCounters(fields: readonly Field[], value: object): object {
  if (!fields.some((field) => field.isCounter)) return value
  const rest: Record<string, unknown> = { ...value }
  for (const field of fields) if (field.isCounter) delete rest[field.name]
  return rest
}
