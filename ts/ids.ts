import { randomBytes } from 'node:crypto'

/** The digits of ids, in the order of their bytes. */
export const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** What ids begin with, by what they are of. */
export const idPrefixes = [
  'usr',
  'org',
  'team',
  'rob',
  'repo',
  'tok',
  'ses',
  'pkg',
  'unt',
  'chg',
  'stg',
  'strm',
] as const

/**
 * A new id: the prefix, `_`, nine characters of time and sixteen random ones (80 bits). Later ids sort after
 * earlier ones, so that new records land beside each other in the store.
 */
export function newId(prefix: (typeof idPrefixes)[number]): string {
  let time = ''
  for (let rest = Date.now(), i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = idAlphabet[rest % 32] + time
  let random = ''
  for (const byte of randomBytes(16)) random += idAlphabet[byte % 32]
  return `${prefix}_${time}${random}`
}
