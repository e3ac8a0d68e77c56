import { npm } from './npm/npm.ts'
import type { Protocol } from './protocol.ts'

/** Every protocol of the server; adding one is a line here and a folder beside it. */
export const protocols: readonly Protocol[] = [npm]

/** What search shows of a unit, as its protocol reads it. */
export function describeUnit(protocol: string, unit: Parameters<Protocol['describe']>[0]) {
  const found = protocols.find(({ id }) => id === protocol)
  return found?.describe(unit) ?? { description: '', keywords: [], authors: [] }
}
