import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf } from './documents.ts'
import { collections, schemaVersion } from './schema.ts'

/**
 * The fields of each since its `fieldsSince`. Whoever changes one raises both, `schemaVersion` to the same, unless no
 * document of before can have the field (`path`, `subject`, `fencedAt`).
 */
const known = {
  packages: [2, 'repositoryId', 'name', 'nameKey', 'protocol', 'path'],
  units: [2, 'packageId', 'key', 'sequence', 'subject', 'fencedAt'],
  files: [2, 'packageId', 'name', 'unitId', 'digest'],
  changes: [2, 'repositoryId', 'sequence'],
  postings: [2, 'audience', 'term', 'rank', 'packageId', 'repositoryId'],
  downloads: [2, 'packageId', 'day', 'version', 'count'],
  imageTags: [3, 'packageId', 'tag', 'unitId'],
  blobLinks: [3, 'repositoryId', 'image', 'digest', 'blob', 'touchedAt'],
  uploads: [3, 'repositoryId', 'image', 'ownerId', 'startedAt', 'expiresAt'],
  pulls: [3, 'packageId', 'reference', 'pulls'],
  imageNames: [3, 'organizationId', 'name'],
}

test('documents are left alone by an upgrade only while the indexed fields of their collection stay the same', () => {
  const declared = collections.filter(({ fieldsSince }) => fieldsSince !== undefined)
  const found = declared.map((spec) => [spec.name, [spec.fieldsSince, ...fieldsOf(spec).map(({ name }) => name)]])
  assert.deepEqual(Object.fromEntries(found), known)
  for (const { fieldsSince = 0 } of declared) assert.ok(fieldsSince <= schemaVersion)
})
