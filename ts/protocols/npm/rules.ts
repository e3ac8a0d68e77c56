import type { PackageRules } from '../../registry/package-rules.ts'
import { requireTag } from './names.ts'
import { highest } from './package-update.ts'

/** What npm's own edits and those by REST go by. */
export const rules: PackageRules = {
  checkTag: requireTag,
  latestOf: highest,
  movingTags: ['latest'],
  hasTagRecords: false,
}
