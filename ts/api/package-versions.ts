import { pageQuery } from '../../ts_interfaces/common.ts'
import { packageFileList, packageVersion, packageVersionPage } from '../../ts_interfaces/packages.ts'
import { RegistryError } from '../errors.ts'
import { deleteVersions } from '../registry/delete-versions.ts'
import type { Package } from '../registry/store.ts'
import type { Version } from '../registry/versions.ts'
import { packageEtag } from './etag.ts'
import { fileBodies } from './package-body.ts'
import { authorOf, type PackageEntered, packagePermission } from './package-entry.ts'
import { storePage } from './page-of.ts'
import { pathParam } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'
import { versionBodies, versionBody } from './version-body.ts'

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
        return { body: { items: await versionBodies(registry, on, items), ...more } }
      },
    ),
    route(
      'GET /packages/:id/versions/:version',
      may('read'),
      { summary: 'A version', answer: packageVersion, hasEtag: true },
      async ({ on, c }) => {
        const body = await versionBody(registry, on, await versionOf(on, c))
        return { body, etag: packageEtag(on, body) }
      },
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
    route(
      'GET /packages/:id/versions/:version/referrers',
      may('read'),
      {
        summary: 'What is about a manifest: signatures, attestations, SBOMs; the manifest itself need not be there',
        query: pageQuery,
        answer: packageVersionPage,
      },
      async ({ on, c, query }) => {
        const subject = pathParam(c, 'version')
        const { items, ...more } = await registry.images.manifests.referrers(on.package, subject, storePage(query))
        return { body: { items: await versionBodies(registry, on, await versionsOf(on.package, items)), ...more } }
      },
    ),
  ]

  /** Those that are there, as versions. */
  async function versionsOf(pkg: Package, found: readonly { readonly digest: string }[]): Promise<Version[]> {
    const versions = await Promise.all(found.map(({ digest }) => registry.packages.version(pkg, digest)))
    return versions.filter((version) => version !== undefined)
  }

  async function versionOf({ package: pkg }: PackageEntered, c: ApiContext): Promise<Version> {
    const version = pathParam(c, 'version')
    const found = await registry.packages.version(pkg, version)
    if (found) return found
    throw new RegistryError('version_unknown', `There is no version "${version}" of ${pkg.value.name}.`)
  }
}
