import { RegistryError } from '../errors.ts'

const maxNameLength = 64
const maxEmailLength = 254
const maxTextLength = 1000
const slug = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const username = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
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

/** A label that people read: trimmed, no control characters; else `payload_invalid` for the field. */
export function checkLabel(field: string, text: string, maxLength: number): string {
  const label = text.trim()
  if (label.length >= 1 && label.length <= maxLength && label.isWellFormed() && !/\p{Cc}/u.test(label)) return label
  throw invalid(field, `This needs 1 to ${maxLength} characters on one line.`)
}

/** The name as it is, when it may name a team or a robot; else `payload_invalid` for the field `name`. */
export function checkName(kind: 'team' | 'robot', name: string): string {
  return checkSlug(kind, name)
}

/** The text as it is, which may be empty and have lines; else `payload_invalid` for the field. */
export function checkText(field: string, text: string): string {
  if (text.length <= maxTextLength && text.isWellFormed()) return text
  throw invalid(field, `This has at most ${maxTextLength} characters.`)
}

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
