import { RegistryError } from '../errors.ts'
import { checkPattern } from './name-patterns.ts'

const maxPatterns = 50
const maxPatternLength = 128

/**
 * Patterns of tags, each once: at most 50, each of 1 to 128 characters without spaces, a `*` at the end alone. Else
 * `payload_invalid` for the field.
 */
export function checkTagPatterns(patterns: readonly string[], field: string): readonly string[] {
  const invalid = (message: string) => new RegistryError('payload_invalid', message, { field })
  if (patterns.length > maxPatterns) throw invalid(`These are ${patterns.length} patterns; at most ${maxPatterns}.`)
  for (const pattern of patterns) {
    if (pattern === '' || pattern.length > maxPatternLength || !pattern.isWellFormed() || /[\s\p{Cc}]/u.test(pattern)) {
      throw invalid(`A pattern of tags has 1 to ${maxPatternLength} characters and no spaces, as in "release-*".`)
    }
    checkPattern(pattern, field, 'release-*')
  }
  return [...new Set(patterns)]
}
