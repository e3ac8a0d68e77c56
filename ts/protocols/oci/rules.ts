import { hasCode, RegistryError } from '../../errors.ts'
import type { PackageRules } from '../../registry/package-rules.ts'
import { parseTag } from './names.ts'

/** What edits by REST go by. Nothing follows from a digest, so none is the highest: the one named last is. */
export const rules: PackageRules = {
  checkTag(tag, field) {
    try {
      return parseTag(tag)
    } catch (err) {
      if (!hasCode(err, 'name_invalid')) throw err
      throw new RegistryError('payload_invalid', err.message, { field })
    }
  },
  latestOf: (versions) => versions.at(-1) ?? '',
  movingTags: [],
  hasTagRecords: true,
}
