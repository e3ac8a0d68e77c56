import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf } from './documents.ts'
import { collections, schemaVersion } from './schema.ts'

/** The fields of each since its `fieldsSince`. Whoever changes one raises both, `schemaVersion` to the same. */
const known = {
  packages: [2, 'repositoryId', 'name', 'nameKey'],
  units: [2, 'packageId', 'key', 'sequence'],
  files: [2, 'packageId', 'name', 'unitId', 'digest'],
  changes: [2, 'repositoryId', 'sequence'],
  postings: [2, 'audience', 'term', 'rank', 'packageId', 'repositoryId'],
  downloads: [2, 'packageId', 'day', 'version', 'count'],
}

test('documents are left alone by an upgrade only while the indexed fields of their collection stay the same', () => {
  const declared = collections.filter(({ fieldsSince }) => fieldsSince !== undefined)
  const found = declared.map((spec) => [spec.name, [spec.fieldsSince, ...fieldsOf(spec).map(({ name }) => name)]])
  assert.deepEqual(Object.fromEntries(found), known)
  for (const { fieldsSince = 0 } of declared) assert.ok(fieldsSince <= schemaVersion)
})
