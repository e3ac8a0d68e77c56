import { type Command, InvalidArgumentError } from 'commander'
import { retentionBounds } from '../access/retention-rule.ts'
import { counted } from '../jobs/words.ts'
import type { RetentionRule } from '../metadata/access-schema.ts'
import { wordList } from './options.ts'
import { UsageError } from './terminal.ts'

/** What the options of `ruleOptions` leave. */
export interface RuleOptions {
  readonly keepLast?: number
  readonly keepMatching?: readonly string[]
  readonly olderThan?: number
  readonly unpulledFor?: number
  readonly untaggedFor?: number
}

/** What an option takes: `1 to 1000`. */
const bounds = (part: keyof typeof retentionBounds) => retentionBounds[part].join(' to ')

/** Adds an option for each part of a retention rule. */
export function ruleOptions(command: Command): Command {
  return command
    .option(
      '--keep-last <count>',
      `keep so many tags of each image (${bounds('keepLast')}): those pushed last`,
      wholeNumber('keepLast'),
    )
    .option('--keep-matching <list>', 'keep these tags; `*` at the end matches the rest', wordList)
    .option(
      '--older-than <days>',
      `remove tags last pushed longer ago (${bounds('olderThanDays')})`,
      wholeNumber('olderThanDays'),
    )
    .option(
      '--unpulled-for <days>',
      `remove tags neither pushed nor pulled for longer (${bounds('unpulledDays')})`,
      wholeNumber('unpulledDays'),
    )
    .option(
      '--untagged-for <days>',
      `remove manifests that no tag and no index names, neither pushed nor pulled for longer (${bounds('untaggedDays')})`,
      wholeNumber('untaggedDays'),
    )
}

/** The rule that was given. Throws `UsageError` for one that says nothing, and by which every tag would go at once. */
export function ruleIn(options: RuleOptions): RetentionRule {
  const rule = ruleOf(options)
  if (Object.keys(rule).length === 0) throw new UsageError('say what goes and what stays; see --help.')
  const keeps = rule.keepLast !== undefined || (rule.keepMatching ?? []).length > 0
  if (rule.olderThanDays !== 0 || keeps) return rule
  throw new UsageError(
    'by --older-than 0 every tag would go at once. Say which ones stay, by --keep-last or --keep-matching.',
  )
}

function ruleOf({ keepLast, keepMatching, olderThan, unpulledFor, untaggedFor }: RuleOptions): RetentionRule {
  return {
    ...(keepLast !== undefined && { keepLast }),
    ...(keepMatching && { keepMatching }),
    ...(olderThan !== undefined && { olderThanDays: olderThan }),
    ...(unpulledFor !== undefined && { unpulledDays: unpulledFor }),
    ...(untaggedFor !== undefined && { untaggedDays: untaggedFor }),
  }
}

/** The parts of a rule, each in words; none for no rule. */
export function retentionWords(rule: RetentionRule): string[] {
  const { keepLast, keepMatching, olderThanDays, unpulledDays, untaggedDays } = rule
  const days = (count: number) => counted(count, 'day')
  return [
    keepLast === undefined ? '' : `keeps the last ${keepLast}`,
    keepMatching === undefined ? '' : `keeps ${keepMatching.join(', ')}`,
    olderThanDays === undefined ? '' : `removes tags older than ${days(olderThanDays)}`,
    unpulledDays === undefined ? '' : `removes tags unused for ${days(unpulledDays)}`,
    untaggedDays === undefined ? '' : `removes untagged manifests unused for ${days(untaggedDays)}`,
  ].filter(Boolean)
}

/** `30` and, of days, `30d`. */
function wholeNumber(part: keyof typeof retentionBounds): (text: string) => number {
  const [least, most] = retentionBounds[part]
  return (text) => {
    const number = Number(part === 'keepLast' ? text : text.replace(/d$/, ''))
    if (/^\d+d?$/.test(text) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
