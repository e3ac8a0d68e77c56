import { hash } from 'node:crypto'

/** What the first element of a chain holds as the hash of the one before. */
export const noHash = '0'.repeat(64)

/**
 * The one JSON text of a value (RFC 8785): no white space, the keys of objects in the order of their UTF-16 units, what
 * is `undefined` left out. Anybody can make it again from an export.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((part) => canonical(part)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`)
  return `{${members.join(',')}}`
}

/** SHA-256, hex, of the canonical text of an entry or checkpoint. */
export function chainHash(value: object): string {
  return hash('sha256', canonical(value))
}
