import { npm } from './npm/npm.ts'
import { oci } from './oci/oci.ts'
import type { Protocol } from './protocol.ts'

/** Every protocol of the server; adding one is a line here and a folder beside it. */
export const protocols: readonly Protocol[] = [npm, oci]

/** What search shows of a unit, as its protocol reads it. */
export function describeUnit(protocol: string, unit: Parameters<Protocol['describe']>[0]) {
  const found = protocols.find(({ id }) => id === protocol)
  return found?.describe(unit) ?? { description: '', keywords: [], authors: [] }
}

/** Whether a deleted unit's key stays taken; so it is of a protocol that this server no longer has. */
export function keepsTombstones(protocol: string): boolean {
  return protocols.find(({ id }) => id === protocol)?.keepsTombstones ?? true
}
