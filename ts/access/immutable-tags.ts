import { RegistryError } from '../errors.ts'
import { checkPattern, matchesPattern } from './name-patterns.ts'

const maxPatterns = 50
const maxPatternLength = 128
const field = 'immutableTags'

/**
 * The patterns, each once, when they may be a repository's setting: at most 50, each of 1 to 128 characters without
 * spaces, a `*` at the end alone. Else `payload_invalid`; so too for one that matches a tag that every publish moves.
 */
export function checkImmutableTags(patterns: readonly string[], movingTags: readonly string[]): readonly string[] {
  if (patterns.length > maxPatterns) throw invalid(`These are ${patterns.length} patterns; at most ${maxPatterns}.`)
  for (const pattern of patterns) {
    if (pattern === '' || pattern.length > maxPatternLength || !pattern.isWellFormed() || /[\s\p{Cc}]/u.test(pattern)) {
      throw invalid(`A pattern of tags has 1 to ${maxPatternLength} characters and no spaces, as in "release-*".`)
    }
    checkPattern(pattern, field, 'release-*')
    const moving = movingTags.find((tag) => matchesPattern(pattern, tag))
    if (moving === undefined) continue
    throw invalid(
      `"${pattern}" matches the tag "${moving}", which every publish here moves: no second version could be published. Choose patterns that leave it out, such as "release-*".`,
    )
  }
  return [...new Set(patterns)]
}

function invalid(message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
