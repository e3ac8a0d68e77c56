import { randomBytes } from 'node:crypto'

/** The digits of ids, in the order of their bytes. */
export const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new id: the prefix, `_`, nine characters of time and sixteen random ones (80 bits). Later ids sort after
 * earlier ones, so that new records land beside each other in the store.
 */
export function newId(prefix: string): string {
  let time = ''
  for (let rest = Date.now(), i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = idAlphabet[rest % 32] + time
  let random = ''
  for (const byte of randomBytes(16)) random += idAlphabet[byte % 32]
  return `${prefix}_${time}${random}`
}
