import { matchesPattern } from '../../access/name-patterns.ts'
import type { RepositoryDocument, RetentionRule } from '../../metadata/access-schema.ts'
import { comparePushes, type TagPush } from './last-pushed.ts'

const dayMs = 86_400_000
/** What became due only now stays: other processes write seconds later that it was used. */
const patienceMs = 10 * 60_000

/** When something was pushed and pulled last, epoch milliseconds. */
export interface LastUse {
  readonly pushedAt: number
  /** Absent: never. */
  readonly lastPulledAt?: number | undefined
}

export interface TagUse extends LastUse {
  readonly tag: string
}

/** Whether something goes, and why it does or does not, in words. */
export interface Verdict {
  readonly isGoing: boolean
  readonly why: string
}

/** What the tags of one image are judged by. */
export interface RetentionTerms extends Pick<RepositoryDocument, 'immutableTags'> {
  readonly rule: RetentionRule
  /** Epoch milliseconds. */
  readonly now: number
  /** The earliest pushed of the last `keepLast` tags; absent: the image has no more than so many. */
  readonly earliestOfLast?: TagPush | undefined
}

/** Does the rule remove any tags, some day? */
export function removesTags({ olderThanDays, unpulledDays }: RetentionRule): boolean {
  return olderThanDays !== undefined || unpulledDays !== undefined
}

/** Whether a tag goes: it must be said by `olderThanDays` or `unpulledDays`, and nothing may keep it. */
export function tagVerdict(use: TagUse, terms: RetentionTerms): Verdict {
  const { rule, now } = terms
  const kept = keptBy(use, terms)
  if (kept !== undefined) return { isGoing: false, why: kept }
  const reasons: string[] = []
  if (rule.olderThanDays !== undefined && isLonger(now - use.pushedAt, rule.olderThanDays)) {
    reasons.push(`pushed ${ago(now - use.pushedAt)}, the rule being ${days(rule.olderThanDays)}`)
  }
  if (rule.unpulledDays !== undefined && isLonger(now - lastUse(use) - patienceMs, rule.unpulledDays)) {
    reasons.push(`${unused(use, now)}, the rule being ${days(rule.unpulledDays)}`)
  }
  if (reasons.length > 0) return { isGoing: true, why: reasons.join('; ') }
  return { isGoing: false, why: 'no part of the rule says that it goes' }
}

/**
 * The same of a tag whose form says that it belongs to a manifest that the image has not. How many tags stay says nothing
 * of it, and it has a day: who copies an image may bring its signatures first.
 */
export function orphanVerdict(use: TagUse, { rule: { keepLast: _, ...rule }, ...terms }: RetentionTerms): Verdict {
  const { olderThanDays } = rule
  if (olderThanDays === undefined) return tagVerdict(use, { ...terms, rule })
  return tagVerdict(use, { ...terms, rule: { ...rule, olderThanDays: Math.max(1, olderThanDays) } })
}

/** Whether a manifest goes that neither a tag nor an index keeps. */
export function untaggedVerdict(use: LastUse, { rule, now }: Pick<RetentionTerms, 'rule' | 'now'>): Verdict {
  if (rule.untaggedDays === undefined) return { isGoing: false, why: 'the rule keeps untagged manifests' }
  if (!isLonger(now - lastUse(use) - patienceMs, rule.untaggedDays)) {
    return { isGoing: false, why: 'no part of the rule says that it goes' }
  }
  return { isGoing: true, why: `untagged and ${unused(use, now)}, the rule being ${days(rule.untaggedDays)}` }
}

/** Why the tag stays by being immutable. */
export function keptAsImmutable(tag: string, { immutableTags = [] }: RetentionTerms): string | undefined {
  const immutable = immutableTags.find((pattern) => matchesPattern(pattern, tag))
  return immutable === undefined ? undefined : `it is immutable by "${immutable}"`
}

function keptBy(use: TagUse, terms: RetentionTerms): string | undefined {
  const { rule, earliestOfLast } = terms
  const immutable = keptAsImmutable(use.tag, terms)
  if (immutable !== undefined) return immutable
  const matching = rule.keepMatching?.find((pattern) => matchesPattern(pattern, use.tag))
  if (matching !== undefined) return `it matches "${matching}"`
  if (rule.keepLast === undefined) return undefined
  const isAmongLast = earliestOfLast === undefined || comparePushes(use, earliestOfLast) >= 0
  return isAmongLast ? `it is among the last ${rule.keepLast} that were pushed` : undefined
}

function lastUse({ pushedAt, lastPulledAt = 0 }: LastUse): number {
  return Math.max(pushedAt, lastPulledAt)
}

function isLonger(ms: number, limitDays: number): boolean {
  return ms > limitDays * dayMs
}

function unused({ pushedAt, lastPulledAt }: LastUse, now: number): string {
  const pulled = lastPulledAt === undefined ? 'never pulled' : `last pulled ${ago(now - lastPulledAt)}`
  return `pushed ${ago(now - pushedAt)} and ${pulled}`
}

function ago(ms: number): string {
  return `${days(Math.max(0, Math.floor(ms / dayMs)))} ago`
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`
}
