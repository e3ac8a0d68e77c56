import { RegistryError } from '../errors.ts'
import { matchesPattern } from './name-patterns.ts'
import { checkTagPatterns } from './tag-patterns.ts'

const field = 'immutableTags'

/**
 * The patterns, each once, when they may be a repository's setting, as `checkTagPatterns` says. Else `payload_invalid`;
 * so too for one that matches a tag that every publish moves.
 */
export function checkImmutableTags(
  patterns: readonly string[],
  movingTags: readonly string[],
  ofImages: boolean,
): readonly string[] {
  const checked = checkTagPatterns(patterns, field, ofImages)
  for (const pattern of checked) {
    const moving = movingTags.find((tag) => matchesPattern(pattern, tag))
    if (moving === undefined) continue
    const message = `"${pattern}" matches the tag "${moving}", which every publish here moves: no second version could be published. Choose patterns that leave it out, such as "release-*".`
    throw new RegistryError('payload_invalid', message, { field })
  }
  return checked
}
