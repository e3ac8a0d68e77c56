import type { ApiLine } from './api-rows.ts'
import { aPackage, readers, somePackage, thePackage } from './row.ts'
import { version } from './world.ts'

const read = [aPackage('read')]
const write = [aPackage('write')]
const remove = [aPackage('delete')]
const its = { of: ['packageId'], unknown: 'package_unknown' } as const
const itsVersion = { of: ['packageId', `"${version}"`], unknown: 'package_unknown' } as const

/** Packages: search, lists, and each by its id. */
export const apiPackageLines: readonly ApiLine[] = [
  { line: 'GET /packages', needs: readers, lists: thePackage },
  { line: 'GET /packages', needs: readers, query: '?text=quokka', lists: thePackage },
  {
    line: 'GET /packages',
    needs: readers,
    query: ({ organization }) => `?organization=${organization}&limit=1`,
    lists: thePackage,
    hides: ['organization'],
  },
  {
    line: 'GET /packages',
    needs: [somePackage('read')],
    query: ({ repositoryId }) => `?repository=${repositoryId}`,
    lists: thePackage,
    hides: ['repositoryId'],
  },
  {
    line: 'GET /packages',
    needs: read,
    query: (names) =>
      `?organization=${names.organization}&protocol=npm&repository=${names.repository}&name=${names.package}`,
    lists: thePackage,
    hides: ['organization', 'repository', 'package'],
  },
  { line: 'GET /packages/:id', needs: read, ...its },
  { line: 'DELETE /packages/:id', needs: remove, ...its },
  { line: 'GET /packages/:id/versions', needs: read, ...its },
  { line: 'GET /packages/:id/versions/:version', needs: read, ...itsVersion },
  { line: 'DELETE /packages/:id/versions/:version', needs: remove, ...itsVersion },
  { line: 'GET /packages/:id/versions/:version/files', needs: read, ...itsVersion },
  { line: 'GET /packages/:id/versions/:version/referrers', needs: read, ...itsVersion },
  { line: 'PUT /packages/:id/deprecation', needs: write, ...its },
  { line: 'PUT /packages/:id/yank', needs: write, ...its },
  { line: 'PUT /packages/:id/status', needs: remove, ...its },
  { line: 'GET /packages/:id/tags', needs: read, ...its },
  { line: 'PUT /packages/:id/tags', needs: write, ...its },
  { line: 'PUT /packages/:id/tags/:tag', needs: write, ...its, of: ['packageId', '"beta"'] },
  { line: 'DELETE /packages/:id/tags/:tag', needs: remove, ...its, of: ['packageId', '"beta"'] },
  { line: 'GET /packages/:id/owners', needs: read, ...its },
  { line: 'PUT /packages/:id/owners', needs: remove, ...its },
]
