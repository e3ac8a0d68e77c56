import type { z } from 'zod'
import type { Limits } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { readWhole } from '../http/body.ts'
import { parseJson } from '../http/json.ts'
import { issueText } from './issue-text.ts'
import type { ApiContext } from './route.ts'

const maxBodyBytes = 1024 * 1024

/** The request's body as it came; empty when there is none. Throws as `readWhole`. */
export async function readBytes(c: ApiContext, limits: Limits): Promise<Uint8Array> {
  const isBoundLower = limits.maxDocumentBytes < maxBodyBytes
  return readWhole(
    c,
    limits,
    isBoundLower ? 'maxDocumentBytes' : { maxBytes: maxBodyBytes, what: 'A request of the API' },
  )
}

/** The body by its schema. Throws `media_type_unsupported`, `payload_invalid` with every field that is wrong. */
export function parseBody<T extends z.ZodType>(
  c: ApiContext,
  bytes: Uint8Array,
  schema: T,
  isOptional: boolean,
): z.output<T> {
  if (isOptional && bytes.length === 0) return parse(schema, {}, 'The body')
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new RegistryError('media_type_unsupported', 'The body must be sent as application/json.')
  }
  return parse(schema, parseJson(bytes), 'The body')
}

/** The query by its schema. Throws `payload_invalid` with every parameter that is wrong, unknown or given twice. */
export function parseQuery<T extends z.ZodType>(c: ApiContext, schema: T): z.output<T> {
  const given: [string, unknown][] = Object.entries(c.req.queries())
  const single = given.map(([name, values]) => [
    name,
    Array.isArray(values) && values.length === 1 ? values[0] : values,
  ])
  return parse(schema, Object.fromEntries(single), 'The query')
}

function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value, { error: issueText })
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.flatMap(fieldErrors).slice(0, 50)
  const [first] = errors
  const message = first
    ? `${what} is not valid: ${first.field ? `${first.field}: ` : ''}${first.message}`
    : `${what} is not valid.`
  throw new RegistryError('payload_invalid', message, { errors })
}

function fieldErrors(issue: z.core.$ZodIssue): { field: string; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: fieldName(issue.path), message: issue.message }]
  return issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), message: 'There is no such field.' }))
}

/** As the client would write it: `members[0].role`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part).slice(0, 100)}`))
    .join('')
}
