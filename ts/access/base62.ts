import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The number in base 62, `0` to the left up to `length` characters. */
export function base62(value: bigint, length: number): string {
  let rest = value
  let text = ''
  while (rest > 0n) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text.padStart(length, '0')
}

/** So many random bytes, in as many letters and digits as any such number needs. */
export function randomBase62(bytes: number): string {
  const length = Math.ceil((bytes * 8) / Math.log2(62))
  return base62(BigInt(`0x${randomBytes(bytes).toString('hex')}`), length)
}
