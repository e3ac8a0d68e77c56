import { RegistryError } from '../../errors.ts'
import type { Json } from '../../metadata/engine.ts'

/** Facts beside who, what and on what. The keys that name secrets are refused by type here, and at any depth when run. */
export type AuditDetails = { readonly [key: string]: Json } & {
  readonly [key in 'password' | 'token' | 'secret' | 'authorization']?: never
}

const secretKey = /^(?:.*[-_ ])?(?:password|passwd|passphrase|token|secret|authorization|cookie|credentials?)$/i
const secretCamelKey = /(?:Password|Token|Secret|Authorization|Cookie|PrivateKey)$/

/** What is taken out of every text, and what takes its place. */
const secretTexts: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/srg_[0-9A-Za-z]{5,}/g, 'srg_[removed]'],
  // A whole JWT anywhere, and one that was cut off where a word begins. Bounded: else a text of many beginnings takes seconds.
  [/eyJ[\w-]{6,300}\.[\w-]+(?:\.[\w-]*)?|(?<![\w+/-])eyJ[\w-]{10,}/g, '[token removed]'],
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*)(?:(?:basic|bearer|digest|token)\s+)?[^\s,;]+/gi, '$1[removed]'],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, '$1[removed]'],
  [
    /((?:passw(?:or)?d|passphrase|pwd|secret|cookie|stowage_session|token|api[-_]?key)["']?\s*[:=]\s*)(?:"[^"]*"?|'[^']*'?|[^\s&,;]+)/gi,
    '$1[removed]',
  ],
  // The password of an address.
  [/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, '$1[removed]@'],
]

const mostDepth = 16
const mostCharacters = 16_384

/**
 * Throws `internal` naming the key, never its value, when a key at any depth is one that secrets go by, and for details
 * deeper than 16.
 */
export function refuseSecrets(details: Json, path = 'details', depth = 0): void {
  if (typeof details !== 'object' || details === null) return
  if (depth > mostDepth) throw new RegistryError('internal', `Details of an audit entry go ${mostDepth} deep at most.`)
  for (const [key, value] of Object.entries(details)) {
    if (secretKey.test(key) || secretCamelKey.test(key)) {
      throw new RegistryError('internal', `An audit entry never holds a secret, and ${path}.${key} would be one.`)
    }
    refuseSecrets(value, `${path}.${key}`, depth + 1)
  }
}

/**
 * Details as they are stored: secrets that got into a text are taken out of it. Above 16,384 characters of JSON
 * they are left out, and the entry says so: an entry that no store takes would stop the chain.
 */
export function storedDetails(details: AuditDetails): Json {
  const text = JSON.stringify(details, (_key, value: unknown) => (typeof value === 'string' ? clean(value) : value))
  if (text.length <= mostCharacters) return JSON.parse(text)
  return { leftOut: `Details of ${text.length} characters; ${mostCharacters} are kept at most.` }
}

/** A text of a request as it is stored: well formed, nothing in it that looks like a secret, at most 512 characters. */
export function cleanText(text: string): string {
  const cleaned = clean(text)
  return cleaned.length > 512 ? `${cleaned.slice(0, 511)}…`.toWellFormed() : cleaned
}

function clean(text: string): string {
  return secretTexts.reduce((left, [pattern, shown]) => left.replace(pattern, shown), text).toWellFormed()
}
