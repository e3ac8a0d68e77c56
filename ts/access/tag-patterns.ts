import { RegistryError } from '../errors.ts'
import { checkPattern } from './name-patterns.ts'

const maxPatterns = 50
const maxPatternLength = 128

/** How a tag of an image begins, all of it, or nothing. */
const startOfImageTag = /^(?:\w[\w.-]*)?$/

/**
 * Patterns of tags, each once: at most 50, each of 1 to 128 characters without spaces, a `*` at the end alone; `ofImages`:
 * no character that a tag of an image cannot have. Else `payload_invalid` for the field.
 */
export function checkTagPatterns(patterns: readonly string[], field: string, ofImages: boolean): readonly string[] {
  const invalid = (message: string) => new RegistryError('payload_invalid', message, { field })
  if (patterns.length > maxPatterns) throw invalid(`These are ${patterns.length} patterns; at most ${maxPatterns}.`)
  for (const pattern of patterns) {
    if (pattern === '' || pattern.length > maxPatternLength || !pattern.isWellFormed() || /[\s\p{Cc}]/u.test(pattern)) {
      throw invalid(`A pattern of tags has 1 to ${maxPatternLength} characters and no spaces, as in "release-*".`)
    }
    checkPattern(pattern, field, 'release-*')
    if (ofImages && !startOfImageTag.test(pattern.replace(/\*$/, ''))) {
      const grammar = 'letters, digits, "_", "." and "-", and begins with a letter, a digit or "_"'
      throw invalid(`${JSON.stringify(pattern)} matches no tag: a tag of an image has ${grammar}.`)
    }
  }
  return [...new Set(patterns)]
}
