import { packageDetails, packagePage, packageQuery } from '../../ts_interfaces/packages.ts'
import { deletePackage } from '../registry/delete-versions.ts'
import { packageEtag } from './etag.ts'
import { detailsBody } from './package-body.ts'
import { authorOf, type PackageEntered, packagePermission } from './package-entry.ts'
import { packageFinder } from './package-search.ts'
import { permissionsOf } from './permissions.ts'
import { type ApiContext, type ApiDeps, type Route, route } from './route.ts'

/** Packages: search, listings, and each by its id. */
export function packageRoutes(deps: ApiDeps): Route[] {
  const { access, registry } = deps
  const may = packagePermission(deps)
  const find = packageFinder(deps)

  return [
    route(
      'GET /packages',
      permissionsOf(access).reading,
      {
        summary: 'Packages that you may read: search, listings, and the one of a name',
        query: packageQuery,
        answer: packagePage,
        refusals: [422],
      },
      async ({ on, query, principal }) => ({ body: await find(principal, on, query) }),
    ),
    route(
      'GET /packages/:id',
      may('read'),
      { summary: 'A package', answer: packageDetails, hasEtag: true },
      async ({ on, c }) => packageAnswer(deps, on, c),
    ),
    route(
      'DELETE /packages/:id',
      may('delete'),
      { summary: 'Deletes a package for good, all its versions; their numbers are not used again' },
      async ({ on, principal, c }) => {
        await deletePackage(registry, on.protocol.rules, on.package, authorOf(principal, c))
        return undefined
      },
    ),
  ]
}

/** A package as it is answered, also after a change. */
export async function packageAnswer(deps: ApiDeps, on: PackageEntered, c: ApiContext) {
  const downloads = await deps.registry.downloads.total(on.package.id, 30)
  const body = await detailsBody(on, deps, c, downloads)
  return { body, etag: packageEtag(on, body, `-${downloads}`) }
}
