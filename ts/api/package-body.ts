import type { PackageDetails, PackageFile, PackageOwner, PackageSummary } from '../../ts_interfaces/packages.ts'
import type { Access, Entered } from '../access/access.ts'
import { isRobotId } from '../access/principal.ts'
import { packageDeprecation } from '../registry/deprecation.ts'
import { statusOf } from '../registry/package-status.ts'
import type { Package } from '../registry/store.ts'
import type { Version } from '../registry/versions.ts'
import type { PackageEntered } from './package-entry.ts'
import { tagsOf } from './package-tag-access.ts'
import { timeOf } from './page-of.ts'
import type { ApiContext, ApiDeps } from './route.ts'

/** With the package itself; the list of tags has all. */
const shownTags = 100

/** A package as lists show it; `downloads` of the last 30 days. */
export function summaryBody(
  { id, value }: Package,
  { organization, repository }: Entered,
  downloads: number,
): PackageSummary {
  const deprecated = packageDeprecation(value)
  return {
    id,
    protocol: value.protocol,
    organization: organization.value.name,
    organizationId: organization.id,
    repository: repository.value.name,
    repositoryId: repository.id,
    name: value.name,
    latestVersion: value.facts.version,
    description: value.facts.description,
    keywords: [...value.facts.keywords],
    status: statusOf(value).kind,
    ...(deprecated !== undefined && { deprecated }),
    downloads,
    createdAt: timeOf(value.createdAt),
    updatedAt: timeOf(value.updatedAt),
  }
}

/** A package by itself. */
export async function detailsBody(
  on: PackageEntered,
  { access, registry }: Pick<ApiDeps, 'access' | 'registry'>,
  c: ApiContext,
  downloads: number,
): Promise<PackageDetails> {
  const { value } = on.package
  const { reason } = statusOf(value)
  const tags = tagsOf(registry, on.protocol)
  const { items } = await tags.list(on.package, { limit: shownTags })
  return {
    ...summaryBody(on.package, on, downloads),
    ...(reason !== undefined && { statusReason: reason }),
    tags: items.map(({ tag, version }) => ({ tag, version })),
    owners: await ownerList(access, value.owners),
    install: on.protocol.usage({
      name: value.name,
      version: await tags.installed(on.package),
      base: addressOf(on, c),
    }),
  }
}

/** Owners by name; who was deleted since is left out. */
export async function ownerList(access: Access, owners: readonly string[]): Promise<PackageOwner[]> {
  const found = await Promise.all(
    owners.map(async (id): Promise<PackageOwner | undefined> => {
      if (isRobotId(id)) {
        const robot = await access.robots.get(id)
        return robot && { id, kind: 'robot', name: robot.value.name }
      }
      const user = await access.users.get(id)
      return user && { id, kind: 'user', name: user.value.username }
    }),
  )
  return found.filter((owner) => owner !== undefined)
}

/** The files of a version, with the addresses that this client would fetch them at. */
export function fileBodies(on: PackageEntered, { units }: Version, c: ApiContext): PackageFile[] {
  return units.flatMap((unit) =>
    unit.value.files.map((file): PackageFile => {
      const { path, digests } = on.protocol.download({ name: on.package.value.name, unit: unit.value, file })
      return {
        name: file.name,
        sizeBytes: file.sizeBytes,
        contentType: file.mediaType,
        digests: { sha256: file.digest.replace(/^sha256:/, ''), ...digests },
        ...(path !== undefined && { url: `${addressOf(on, c)}/${path}` }),
      }
    }),
  )
}

/** Of the repository, as this client reaches it; no slash at the end. */
function addressOf({ organization, repository, protocol }: PackageEntered, c: ApiContext): string {
  const { origin, prefix } = c.var.external
  return `${origin}${prefix}/${protocol.id}/${organization.value.name}/${repository.value.name}`
}
