import { pageQuery } from '../../ts_interfaces/common.ts'
import { packageFileList, packageVersion, packageVersionPage } from '../../ts_interfaces/packages.ts'
import { RegistryError } from '../errors.ts'
import { deleteVersions } from '../registry/delete-versions.ts'
import type { Version } from '../registry/versions.ts'
import { etagOf } from './etag.ts'
import { fileBodies, versionBody } from './package-body.ts'
import { authorOf, type PackageEntered, packagePermission } from './package-entry.ts'
import { storePage } from './page-of.ts'
import { pathParam } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

/** The versions of a package and their files. */
export function packageVersionRoutes(deps: ApiDeps): Route[] {
  const { registry } = deps
  const may = packagePermission(deps)

  return [
    route(
      'GET /packages/:id/versions',
      may('read'),
      { summary: 'The versions of a package, the newest first', query: pageQuery, answer: packageVersionPage },
      async ({ on, query }) => {
        const { items, ...more } = await registry.packages.versions(on.package, storePage(query))
        return { body: { items: items.map((version) => versionBody(on.package, version)), ...more } }
      },
    ),
    route(
      'GET /packages/:id/versions/:version',
      may('read'),
      { summary: 'A version', answer: packageVersion, hasEtag: true },
      async ({ on, c }) => ({
        body: versionBody(on.package, await versionOf(on, c)),
        etag: etagOf(on.package),
      }),
    ),
    route(
      'DELETE /packages/:id/versions/:version',
      may('delete'),
      { summary: 'Deletes a version for good; its number is not used again', refusals: [409] },
      async ({ on, principal, c }) => {
        const { version } = await versionOf(on, c)
        await deleteVersions(registry, on.protocol.rules, on.package, [version], authorOf(principal, c))
        return undefined
      },
    ),
    route(
      'GET /packages/:id/versions/:version/files',
      may('read'),
      { summary: 'The files of a version', answer: packageFileList },
      async ({ on, c }) => ({ body: { items: fileBodies(on, await versionOf(on, c), c) } }),
    ),
  ]

  async function versionOf({ package: pkg }: PackageEntered, c: ApiContext): Promise<Version> {
    const version = pathParam(c, 'version')
    const found = await registry.packages.version(pkg, version)
    if (found) return found
    throw new RegistryError('version_unknown', `There is no version "${version}" of ${pkg.value.name}.`)
  }
}
