import { RegistryError } from '../errors.ts'
import type { PackageRules } from './package-rules.ts'

interface Ruled {
  readonly id: string
  readonly label: string
  readonly rules: PackageRules
}

/**
 * Throws `payload_invalid` for the retention rule of a repository whose protocol, one of these, has no tags that are
 * records of their own.
 */
export function requireTagRecords(protocols: readonly Ruled[], id: string): void {
  const protocol = protocols.find((each) => each.id === id)
  if (!protocol || protocol.rules.hasTagRecords) return
  const message = `Repositories of ${protocol.label} take no retention rule: their versions stay until somebody deletes them.`
  throw new RegistryError('payload_invalid', message, { field: 'retention' })
}
