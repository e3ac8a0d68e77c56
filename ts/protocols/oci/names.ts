import { RegistryError } from '../../errors.ts'

/** Of an image's full name, in characters. */
export const maxNameLength = 255
const maxTagLength = 128
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tag = /^\w[\w.-]*$/
/** As the specification has it: any algorithm, known here or not. */
const digestForm = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)$/
const hexLength = { sha256: 64, sha512: 128 } as const

export type DigestAlgorithm = keyof typeof hexLength

export interface ImageDigest {
  readonly algorithm: DigestAlgorithm
  /** Lower case. */
  readonly hex: string
  /** `sha256:…` */
  readonly text: string
}

/** What stands after `manifests/`. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: ImageDigest }

/**
 * The components of an image's full name, between the slashes of the address. Any of them may be `blobs`, `manifests`,
 * `tags`, `uploads` or `referrers`: addresses are read from the right. Throws `name_invalid`. At most 255 characters, as
 * the store and clients have it; some clients count the host and a slash, too, and refuse such names themselves.
 */
export function parseImageName(name: string): readonly [string, ...string[]] {
  const shown = JSON.stringify(name)
  if (name.length > maxNameLength) {
    throw invalidName(`The name of the image has ${name.length} characters; it has at most ${maxNameLength}.`)
  }
  const [first = '', ...others] = name.split('/')
  for (const part of [first, ...others]) {
    if (component.test(part)) continue
    throw invalidName(`${shown} is no name of an image: ${whyNoComponent(part)}`)
  }
  return [first, ...others]
}

function whyNoComponent(part: string): string {
  if (part === '') return 'it has an empty part. Write single slashes between the parts and none at the ends.'
  const lower = part.toLowerCase()
  if (component.test(lower)) return `upper-case letters are not allowed. Write "${lower}" instead of "${part}".`
  const form = 'lower-case letters and digits, in groups joined by ".", "_", "__" or hyphens'
  return `"${part}" is not made of ${form}, as in "team/my-app".`
}

/** The digest in the text, of an algorithm that is known here. Throws `digest_invalid` for the field, saying what is wrong. */
export function parseDigest(text: string, field = 'digest'): ImageDigest {
  const shown = JSON.stringify(text)
  const [, algorithm = '', hex = ''] = digestForm.exec(text) ?? []
  if (algorithm === '') {
    throw invalidDigest(
      `${shown} is no digest. A digest looks like "sha256:" and 64 lower-case hexadecimal digits.`,
      field,
    )
  }
  if (!isAlgorithm(algorithm)) {
    const message = `The digest algorithm "${algorithm}" is not supported here. Use sha256 or sha512.`
    throw invalidDigest(message, field)
  }
  const length = hexLength[algorithm]
  if (hex.length === length && /^[0-9a-f]+$/.test(hex)) return { algorithm, hex, text }
  const isUpperCase = hex.length === length && /^[0-9a-fA-F]+$/.test(hex)
  const why = isUpperCase ? 'it has upper-case digits' : `it has ${hex.length} characters after the colon`
  throw invalidDigest(`${shown} is malformed: ${why}. ${algorithm} has ${length} lower-case hexadecimal digits.`, field)
}

/** Is it the name of a digest algorithm that is known here? */
export function isAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(hexLength, text)
}

/** The tag as it is, when it may be one. Throws `name_invalid` for the field `tag`. */
export function parseTag(text: string): string {
  if (isTag(text)) return text
  const shown = JSON.stringify(text)
  const why =
    text.length > maxTagLength
      ? `The tag has ${text.length} characters; it has at most ${maxTagLength}.`
      : `${shown} is no tag: a tag has letters, digits, "_", "." and "-", and begins with a letter, a digit or "_".`
  throw new RegistryError('name_invalid', why, { field: 'tag' })
}

/** Could it be a tag? */
export function isTag(text: string): boolean {
  return text.length <= maxTagLength && tag.test(text)
}

/**
 * The tag or digest that an address ends in; whatever has a colon was meant to be a digest. Throws `digest_invalid`, and
 * `name_invalid` for what cannot be a tag.
 */
export function parseReference(text: string): Reference {
  if (text.includes(':')) return { kind: 'digest', digest: parseDigest(text) }
  return { kind: 'tag', tag: parseTag(text) }
}

/** The same for who only reads or deletes: what cannot be a tag names nothing, so it is `undefined` (404, no fault). */
export function findReference(text: string): Reference | undefined {
  if (!text.includes(':') && !isTag(text)) return undefined
  return parseReference(text)
}

/** Why a name is none. */
export function invalidName(message: string): RegistryError {
  return new RegistryError('name_invalid', message, { field: 'name' })
}

function invalidDigest(message: string, field: string): RegistryError {
  return new RegistryError('digest_invalid', message, { field })
}
