import { RegistryError } from '../errors.ts'

/** Does the pattern match the name? `*` at its end matches the rest. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** Does the pattern match nothing that the other one does not? */
export function isWithinPattern(pattern: string, other: string): boolean {
  return other.endsWith('*') ? pattern.startsWith(other.slice(0, -1)) : pattern === other
}

/** The pattern as it is; `payload_invalid` for the field, with the example, when it has a `*` that is not at the end. */
export function checkPattern(pattern: string, field: string, example: string): string {
  const star = pattern.indexOf('*')
  if (star === -1 || star === pattern.length - 1) return pattern
  const message = `"${pattern}" has a "*" that is not at the end. At the end it matches the rest, as in "${example}".`
  throw new RegistryError('payload_invalid', message, { field })
}
