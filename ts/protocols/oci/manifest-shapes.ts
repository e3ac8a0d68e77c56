import { z } from 'zod'
import { hasCode, RegistryError } from '../../errors.ts'
import { parseDigest } from './names.ts'

/** Absent and null are the same: clients in Go write an empty list so. */
const annotations = z.record(z.string(), z.string()).nullish()
const list = <T extends z.ZodType>(of: T) => z.array(of).nullish()

/** RFC 6838, section 4.2, and what HTTP lets follow: cosign's and Sigstore's types of files have parameters. */
const mediaType = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z\d][\w!#$&^.+-]{0,126}\/[a-z\d][\w!#$&^.+-]{0,126}(?:[ \t]*;[\t -~]*)?$/i, {
    error: 'expected a media type, such as "application/vnd.example.thing+json"',
  })
/** Clients in Go write an empty one for none. */
const artifactType = z.union([z.literal(''), mediaType]).nullish()

const text = z.string().nullish()
const platform = z
  .looseObject({
    os: text,
    architecture: text,
    variant: text,
    'os.version': text,
    'os.features': list(z.string()),
    features: list(z.string()),
  })
  .nullish()

const descriptor = z.looseObject({
  mediaType,
  digest: z.string().superRefine((text, context) => {
    const fault = digestFault(text)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  }),
  size: z.int().nonnegative(),
  data: z.base64().nullish(),
  urls: list(z.string()),
  platform,
  artifactType,
  annotations,
})
export type Descriptor = z.infer<typeof descriptor>

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType,
  subject: descriptor.nullish(),
  annotations,
}
const image = z.looseObject({ ...common, config: descriptor, layers: list(descriptor) })
const index = z.looseObject({ ...common, manifests: list(descriptor) })

export type ImageShape = z.infer<typeof image>
export type IndexShape = z.infer<typeof index>

/** An image's manifest of this shape; `manifest_invalid` names the field that is not. */
export function imageShape(value: object): ImageShape {
  return shaped(image, value)
}

/** An index of this shape; `manifest_invalid` names the field that is not. */
export function indexShape(value: object): IndexShape {
  return shaped(index, value)
}

function shaped<T>(schema: z.ZodType<T>, value: object): T {
  const { data, error } = schema.safeParse(value, { error: faultOf })
  if (data !== undefined) return data
  const [first] = error?.issues ?? []
  const field = fieldOf(first?.path ?? [])
  throw invalidManifest(`${field}: ${first?.message}`, field)
}

/** `layers[3].digest` */
function fieldOf(path: readonly PropertyKey[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key)}`)).join('')
}

function faultOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined && issue.code !== 'custom') return 'it is missing'
  if (issue.code === 'invalid_type') return `expected ${kinds[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
  if (issue.code === 'invalid_format') return `expected ${issue.format}`
  if (issue.code === 'too_small' && issue.origin === 'string') return 'it is empty'
  if (issue.code === 'too_small') return `expected ${issue.minimum} or more`
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`
  return undefined
}

const kinds: Record<string, string> = {
  string: 'a string',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

/** What is wrong with a manifest, as every such refusal begins. */
export function invalidManifest(what: string, field?: string): RegistryError {
  return new RegistryError(
    'manifest_invalid',
    `The manifest is not valid: ${what}.`,
    field === undefined ? {} : { field },
  )
}

function digestFault(text: string): string | undefined {
  try {
    parseDigest(text)
    return undefined
  } catch (err) {
    if (!hasCode(err, 'digest_invalid')) throw err
    return err.message.replace(/\.$/, '')
  }
}
