import { isIP } from 'node:net'

/** Why a value was refused, written to follow the variable's name: "must be a size such as 200MiB, not 12x". */
export class ValueError extends Error {}

/** Turns a variable's text into its value or throws `ValueError`. */
export type Parser<T> = (text: string) => T

const longestShown = 200

function refuse(expected: string, ...texts: readonly string[]): never {
  const shown = texts.map((text) =>
    JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text),
  )
  throw new ValueError(`must be ${expected}, not ${shown.join(', ')}`)
}

/** The text as it is. */
export const text: Parser<string> = (value) => value

/** `true` or `false`; also `1`, `0`, `yes`, `no`, `on`, `off`, in any case. */
export const flag: Parser<boolean> = (value) => {
  const word = value.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  return refuse('true or false', value)
}

/** A whole number from `least` to `most`. */
export const count =
  (least: number, most: number): Parser<number> =>
  (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    return number >= least && number <= most ? number : refuse(`a whole number from ${least} to ${most}`, value)
  }

/** One of the words. */
export const oneOf =
  <const W extends string>(...words: readonly W[]): Parser<W> =>
  (value) =>
    words.find((word) => word === value) ?? refuse(`one of ${words.join(', ')}`, value)

const bytesOfUnit: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}

/** Bytes from `200MB` (decimal), `200MiB` (binary) or a plain number of bytes; at least one. */
export const size: Parser<number> = (value) => {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?|\d{1,15}) ?([a-z]*)$/i.exec(value) ?? []
  const factor = bytesOfUnit[unit?.toLowerCase() || 'b']
  const bytes = Math.floor(Number(digits) * (factor ?? Number.NaN))
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : refuse('a size such as 200MB, 64KiB or 1024', value)
}

/** A size that is not below another one, which is written as it would be given. */
export const sizeFrom =
  (least: string): Parser<number> =>
  (value) => {
    const bytes = size(value)
    return bytes >= size(least)
      ? bytes
      : refuse(`at least ${least}, or clients that do nothing wrong are refused`, value)
  }

const secondsOfUnit: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds from `500ms`, `30s`, `5m`, `24h` or `7d`; the unit is required, since a bare number says too little. */
export const duration: Parser<number> = (value) => {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/.exec(value) ?? []
  const seconds = Number(digits) * (secondsOfUnit[unit ?? ''] ?? Number.NaN)
  if (seconds === 0) return refuse('more than zero', value)
  return seconds > 0 ? seconds : refuse('a duration such as 30s, 5m, 24h or 7d', value)
}

/** A duration between two, both written as they would be given. */
export const durationFrom =
  (least: string, most: string): Parser<number> =>
  (value) => {
    const seconds = duration(value)
    const fits = seconds >= duration(least) && seconds <= duration(most)
    return fits ? seconds : refuse(`a duration from ${least} to ${most}`, value)
  }

/** An address or name to listen on, without port and brackets. Whether it is this machine's is not known here. */
export const host: Parser<string> = (value) => {
  const isName = value.length <= 253 && /^(?!-)[\w-]+(\.[\w-]+)*\.?$/.test(value) && !/^[\d.]+$/.test(value)
  return isName || isIP(value) !== 0
    ? value
    : refuse('an address or host name without port and brackets, such as 0.0.0.0, :: or localhost', value)
}

/** An http or https address that is an origin only: no path, query, fragment or credentials. */
export const origin: Parser<string> = (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
  return isOrigin ? url.origin : refuse('an address without a path such as https://registry.example.com', value)
}

/** A MongoDB connection string. Never repeated in the message: it holds a password. */
export const mongoUrl: Parser<string> = (value) => {
  if (/^mongodb(\+srv)?:\/\/[^/\s]+/.test(value)) return value
  throw new ValueError('must be a connection string such as mongodb://db.example.com:27017')
}

/** Addresses and CIDR ranges, separated by commas; each is returned as `address/bits`. Every wrong one is named. */
export const cidrs: Parser<readonly string[]> = (value) => {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  const wrong = items.filter((item) => cidr(item) === undefined)
  if (wrong.length > 0) refuse('addresses or ranges such as 10.0.0.0/8,192.0.2.7', ...wrong)
  return items.flatMap((item) => cidr(item) ?? [])
}

function cidr(item: string): string | undefined {
  const [address = '', bits, ...rest] = item.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  return most > 0 && rest.length === 0 && length <= most ? `${address}/${length}` : undefined
}

/** A user's name, as `checkUsername` allows it. */
export const username: Parser<string> = (value) =>
  value.length <= 64 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value)
    ? value
    : refuse('1 to 64 letters, digits, `.`, `_` and `-`, the first a letter or a digit', value)

/** An organization's or repository's name. */
export const name: Parser<string> = (value) =>
  value.length <= 64 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value)
    ? value
    : refuse('lower-case letters, digits and single hyphens between them, at most 64 characters', value)

/** A relative folder with `/` between its parts, none of them `.` or `..`. */
export const folder: Parser<string> = (value) =>
  value.split('/').every((part) => /^[A-Za-z0-9._-]+$/.test(part) && part !== '.' && part !== '..')
    ? value
    : refuse('a relative folder of letters, digits, `.`, `_`, `-` and `/` such as packages', value)

/** An e-mail address, as far as a registry needs to know. */
export const email: Parser<string> = (value) =>
  /^[^\s@]+@[^\s@]+$/.test(value) ? value.toLowerCase() : refuse('an e-mail address', value)

/** A password as `checkNewPassword` allows it, in characters and in bytes. Never repeated in the message. */
export const password: Parser<string> = (value) => {
  if ([...value].length >= 12 && Buffer.byteLength(value) <= 72) return value
  throw new ValueError('must have at least 12 characters and at most 72 bytes')
}

/** A key or secret that somebody made up: long enough not to be guessed. Never repeated in the message. */
export const longSecret: Parser<string> = (value) => {
  if (value.length >= 32) return value
  throw new ValueError('must have at least 32 characters; `openssl rand -hex 32` makes one')
}

/** A name that MongoDB takes for a database. */
export const databaseName: Parser<string> = (value) =>
  /^[A-Za-z0-9_-]{1,63}$/.test(value) ? value : refuse('1 to 63 letters, digits, `_` and `-`', value)

/** A name that S3 takes for a bucket. */
export const bucketName: Parser<string> = (value) =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value)
    ? value
    : refuse('a bucket name: 3 to 63 lower-case letters, digits, `.` and `-`', value)
