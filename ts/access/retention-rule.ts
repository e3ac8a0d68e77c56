import { RegistryError } from '../errors.ts'
import type { RetentionRule } from '../metadata/access-schema.ts'
import { checkTagPatterns } from './tag-patterns.ts'

/** Numbers of a rule: the least and the most, both inclusive. */
export const retentionBounds = {
  keepLast: [1, 1000],
  olderThanDays: [0, 36_500],
  unpulledDays: [1, 36_500],
  untaggedDays: [1, 36_500],
} as const

/**
 * The rule when it may be a repository's setting. Else `payload_invalid` for the part of it: a number out of
 * `retentionBounds`, a pattern that is none, a rule that says nothing, and one by which every tag would go at once.
 */
export function checkRetention(rule: RetentionRule): RetentionRule {
  for (const [name, [least, most]] of Object.entries(retentionBounds)) {
    const number = rule[name as keyof typeof retentionBounds]
    if (number === undefined || (Number.isInteger(number) && number >= least && number <= most)) continue
    throw invalid(`retention.${name}`, `This is a whole number from ${least} to ${most}.`)
  }
  const { keepMatching, ...numbers } = rule
  const patterns = keepMatching && checkTagPatterns(keepMatching, 'retention.keepMatching', true)
  const given = Object.entries(numbers).filter(([, number]) => number !== undefined)
  const checked: RetentionRule = {
    ...Object.fromEntries(given),
    ...(patterns && patterns.length > 0 && { keepMatching: patterns }),
  }
  if (Object.keys(checked).length === 0) throw invalid('retention', 'Say what goes and what stays, or give no rule.')
  if (checked.olderThanDays === 0 && checked.keepLast === undefined && checked.keepMatching === undefined) {
    const message = 'With 0 every tag would go at once. Say which ones stay, by keepLast or keepMatching.'
    throw invalid('retention.olderThanDays', message)
  }
  return checked
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
