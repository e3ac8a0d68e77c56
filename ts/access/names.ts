import { RegistryError } from '../errors.ts'
import { idPrefixes } from '../ids.ts'

const maxNameLength = 64
const maxEmailLength = 254
const maxTextLength = 1000
const slug = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const username = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const idLike = new RegExp(`^(?:${idPrefixes.map(confusableKey).join('|')})_`)
/** Actors that the audit trail names so, and words that stand for whoever asks. */
const notUsers = new Set(['anonymous', 'command-line', 'system', 'me', 'self'].map(confusableKey))
/**
 * Control, bidirectional and zero-width characters, and what ends a line: text that is not what it looks like. The two
 * joiners are seen where they join: letters of Persian, the parts of an emoji.
 */
const joined = String.raw`[[\p{L}\p{M}\p{Emoji_Modifier}\p{Extended_Pictographic}]--[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]]`
const unseen = new RegExp(String.raw`(?!(?<=${joined})[\u200c\u200d](?=${joined}))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`, 'v')
const email = /^[^\s@"<>(),:;\\[\]]+@[^\s@"<>(),:;\\[\].]+(?:\.[^\s@"<>(),:;\\[\].]+)*$/u

/** The name as it is, when it may name an organization; else `payload_invalid` for the field `name`. */
export function checkOrganizationName(name: string, reservedNames: ReadonlySet<string>): string {
  checkSlug('organization', name)
  if (reservedNames.has(name)) {
    throw invalid('name', `The name "${name}" is reserved: the server uses it in its own addresses. Choose another.`)
  }
  return name
}

/**
 * What two names in lower case share that look alike in some font: `0` and `o`; `1`, `i` and `l`; `rn` and `m`; `vv` and
 * `w`. Width needs no more: names have ASCII alone.
 */
export function confusableKey(name: string): string {
  return name.replaceAll('0', 'o').replaceAll(/[1i]/g, 'l').replaceAll('rn', 'm').replaceAll('vv', 'w')
}

/** The name as it is, when it may name a repository; else `payload_invalid` for the field `name`. */
export function checkRepositoryName(name: string): string {
  return checkSlug('repository', name)
}

/** The username as it is, when its form is right; else `payload_invalid` for the field `username`. */
export function checkUsername(name: string): string {
  if (name.length <= maxNameLength && username.test(name)) return name
  throw invalid(
    'username',
    `A username has 1 to ${maxNameLength} letters (a-z, A-Z), digits, ".", "_" and "-", and starts with a letter or a digit.`,
  )
}

/**
 * A username that somebody new may have: `checkUsername`, and neither an id nor a word for who is no user, in any case,
 * nor what looks like one.
 */
export function checkNewUsername(name: string): string {
  const key = confusableKey(usernameKey(checkUsername(name)))
  if (!idLike.test(key) && !notUsers.has(key)) return name
  throw invalid('username', `The username "${name}" looks like an id or is a word of the server's own. Choose another.`)
}

/** What two usernames share that differ in case alone. */
export function usernameKey(name: string): string {
  return name.toLowerCase()
}

/** The address in lower case; `payload_invalid` for the field `email` when it cannot be one. */
export function checkEmail(address: string): string {
  const trimmed = address.trim()
  if (trimmed.length <= maxEmailLength && email.test(trimmed)) return trimmed.toLowerCase()
  throw invalid('email', 'An e-mail address looks like jane@example.com.')
}

/** A label that people read: trimmed, nothing unseen in it; else `payload_invalid` for the field. */
export function checkLabel(field: string, text: string, maxLength: number): string {
  const label = text.trim()
  if (label.length < 1 || label.length > maxLength || !label.isWellFormed() || /\p{Cc}/u.test(label)) {
    throw invalid(field, `This needs 1 to ${maxLength} characters on one line.`)
  }
  if (unseen.test(label)) throw invalid(field, hasUnseen)
  return label
}

/** The name as it is, when it may name a team or a robot; else `payload_invalid` for the field `name`. */
export function checkName(kind: 'team' | 'robot', name: string): string {
  return checkSlug(kind, name)
}

/** The text as it is, which may be empty and have lines, but nothing else unseen; else `payload_invalid` for the field. */
export function checkText(field: string, text: string): string {
  if (text.length > maxTextLength || !text.isWellFormed()) {
    throw invalid(field, `This has at most ${maxTextLength} characters.`)
  }
  if (unseen.test(text.replaceAll(/[\t\r\n]/g, ''))) throw invalid(field, hasUnseen)
  return text
}

const hasUnseen = 'This has characters that nobody sees: control, zero-width or bidirectional ones. Leave them out.'

function checkSlug(kind: 'organization' | 'repository' | 'team' | 'robot', name: string): string {
  if (name.length <= maxNameLength && slug.test(name)) return name
  const article = kind === 'organization' ? 'An' : 'A'
  throw invalid(
    'name',
    `${article} ${kind} name has 1 to ${maxNameLength} lower-case letters (a-z) and digits, in groups joined by single "-", such as "team-1".`,
  )
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
