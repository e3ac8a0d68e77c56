import { RegistryError } from '../errors.ts'
import type { PackageDocument, UnitMark } from '../metadata/package-schema.ts'
import { marksOf } from './policy.ts'

const maxMessageLength = 1024

/**
 * Throws `payload_invalid` for a message to users that is too long, or that would steer the terminals which installs
 * print it on: of control characters it may have ends of lines and tabs.
 */
export function requireMessage(message: string, field: string): void {
  if (message.length > maxMessageLength) {
    refuse(`${field} has ${message.length} characters; at most ${maxMessageLength} are kept.`, field)
  }
  if (!message.isWellFormed()) refuse(`${field} contains half a surrogate pair, which is no Unicode text.`, field)
  const control = /[^\P{Cc}\n\t]/u.exec(message)?.[0]
  if (control === undefined) return
  const code = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  refuse(`${field} holds the control character U+${code}; write the message as plain text.`, field)
}

/**
 * What a unit's deprecation is now: what its mark says, else what it was published with, else what its package's status
 * says. A mark with an empty message takes all of it back.
 */
export function deprecationOf(
  { status }: Pick<PackageDocument, 'status'>,
  mark: UnitMark | undefined,
  published: string | undefined,
): string | undefined {
  const whole = status?.kind === 'deprecated' ? status.reason : undefined
  return (mark?.deprecated ?? (published || whole)) || undefined
}

/** Whether the version that stands for the package is deprecated, and with which message. */
export function packageDeprecation(pkg: PackageDocument): string | undefined {
  return deprecationOf(pkg, marksOf(pkg).get(pkg.facts.version), pkg.facts.deprecated)
}

function refuse(message: string, field: string): never {
  throw new RegistryError('payload_invalid', message, { field })
}
