import type { z } from 'zod'

/** What is wrong with a field, in words; where its schema has words of its own, those are told. */
export function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'This is missing.' : `This must be ${kinds[issue.expected] ?? issue.expected}.`
  }
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined) return 'This is missing.'
    return `This must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}.`
  }
  if (issue.code === 'too_small')
    return `This must ${sized(issue.origin)} at least ${issue.minimum}${units(issue.origin)}.`
  if (issue.code === 'too_big')
    return `This must ${sized(issue.origin)} at most ${issue.maximum}${units(issue.origin)}.`
  return undefined
}

const kinds: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

const sized = (origin: string) => (origin in sizes ? 'have' : 'be')
const units = (origin: string) => sizes[origin] ?? ''
const sizes: Record<string, string> = { string: ' characters', array: ' entries' }
