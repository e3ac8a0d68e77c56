import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { base62, randomBase62 } from './base62.ts'

const prefix = 'srg_'
/** 256 bits in base 62. */
const secretLength = 43
/** 32 bits in base 62. */
const checksumLength = 6
const form = new RegExp(`^${prefix}([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checksumLength}})$`)

/** How much of a token is kept in the clear to recognise it by: the prefix and four characters. */
export const hintLength = prefix.length + 4

/** A new token: the prefix, 256 random bits, a checksum. Nobody can show it again: store its `tokenHash`. */
export function newTokenText(): string {
  const secret = randomBase62(32)
  return prefix + secret + checksumOf(secret)
}

/** True for text that could be a token of ours. A typo makes it false (all but one in 4 billion), with no look-up. */
export function isTokenText(text: string): boolean {
  const [, secret, checksum] = form.exec(text) ?? []
  return secret !== undefined && checksum === checksumOf(secret)
}

/** True for text that was meant to be a token, mistyped or not. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith(prefix)
}

/** SHA-256, hex: enough for 256 random bits, which nobody can guess their way to. */
export function tokenHash(text: string): string {
  return hash('sha256', text)
}

function checksumOf(secret: string): string {
  return base62(BigInt(crc32(secret)), checksumLength)
}
