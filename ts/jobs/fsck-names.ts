import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import type { FileDocument, PackageDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'

const mostFiles = 1000

/** How a package is called for people: `npm/acme/tools lib`. */
export function packageNames(
  engine: MetadataEngine,
): (pkg: Pick<PackageDocument, 'repositoryId' | 'name'>) => Promise<string> {
  const repositories = engine.collection(accessSchema.repositories)
  const organizations = engine.collection(accessSchema.organizations)
  return async ({ repositoryId, name }) => {
    const repository = await repositories.get(repositoryId)
    const organization = repository && (await organizations.get(repository.value.organizationId))
    if (!repository || !organization) return `${name} of a deleted repository (${repositoryId})`
    return `${repository.value.protocol}/${organization.value.name}/${repository.value.name} ${name}`
  }
}

/** The files that a blob is, by package and version, a thousand at most, and how many more there are. */
export function fileNames(engine: MetadataEngine): (digest: string) => Promise<{ files: string[]; more: number }> {
  const files = engine.collection(packageSchema.files)
  const nameOf = fileName(engine)
  return async (digest) => {
    const page = await files.find('byDigest', { equals: { digest }, limit: mostFiles })
    const names: string[] = []
    for (const { value } of page.items) names.push(await nameOf(value))
    const more = page.next === undefined ? 0 : (await files.count('byDigest', { equals: { digest } })) - names.length
    return { files: names, more }
  }
}

/** `npm/acme/tools lib 1.0.0 (lib-1.0.0.tgz)`. */
export function fileName(engine: MetadataEngine): (file: FileDocument) => Promise<string> {
  const packages = engine.collection(packageSchema.packages)
  const units = engine.collection(packageSchema.units)
  const nameOf = packageNames(engine)
  return async ({ packageId, unitId, name }) => {
    const [pkg, unit] = await Promise.all([packages.get(packageId), units.get(unitId)])
    if (!pkg || !unit) return `${name} of ${unitId}, which is not published`
    const version = unit.value.version === name ? '' : ` (${name})`
    return `${await nameOf(pkg.value)} ${unit.value.version}${version}`
  }
}
