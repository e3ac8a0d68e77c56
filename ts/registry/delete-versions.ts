import { hasCode } from '../errors.ts'
import type { Author } from './edit.ts'
import type { PackageRules } from './package-rules.ts'
import type { Packages } from './packages.ts'
import type { Registry } from './registry.ts'
import type { Package, Unit } from './store.ts'

const maxAttempts = 20

/**
 * Deletes versions for good; those that are gone already are passed over. When `latest` named one of them it moves to
 * `wanted` if that is left, else to what the protocol's rules choose of the rest. A publish at the same time keeps its
 * tags. Throws `revision_stale` when others change the package faster than this can.
 */
export async function deleteVersions(
  { packages, delete: remove }: Pick<Registry, 'packages' | 'delete'>,
  { latestOf }: PackageRules,
  pkg: Package,
  versions: readonly string[],
  author: Author,
  wanted?: string,
): Promise<Package> {
  let current = pkg
  for (let attempt = 1; ; attempt++) {
    const { gone, left } = await divided(packages, current, new Set(versions))
    const latest = wanted !== undefined && left.includes(wanted) ? wanted : left.length > 0 && latestOf(left)
    try {
      return await remove(current, gone, author, new Map(latest ? [['latest', latest]] : []))
    } catch (err) {
      const newer = attempt < maxAttempts && hasCode(err, 'revision_stale') && (await packages.get(pkg.id))
      if (!newer) throw err
      current = newer
    }
  }
}

/** Deletes all versions that the package has now, as `deleteVersions` does. What is published meanwhile stays. */
export async function deletePackage(
  registry: Pick<Registry, 'packages' | 'delete'>,
  rules: PackageRules,
  pkg: Package,
  author: Author,
): Promise<Package> {
  const versions = new Set<string>()
  for await (const page of registry.packages.units(pkg)) for (const unit of page) versions.add(unit.value.version)
  return deleteVersions(registry, rules, pkg, [...versions], author)
}

/** Which units go, and which versions are left where it matters: when `latest` goes. */
async function divided(packages: Packages, pkg: Package, versions: ReadonlySet<string>) {
  const latest = new Map(pkg.value.tags).get('latest')
  const gone: Unit[] = []
  const left: string[] = []
  if (latest === undefined || !versions.has(latest)) {
    for (const version of versions) gone.push(...((await packages.version(pkg, version))?.units ?? []))
    return { gone, left }
  }
  for await (const page of packages.units(pkg)) {
    for (const unit of page) {
      if (versions.has(unit.value.version)) gone.push(unit)
      else left.push(unit.value.version)
    }
  }
  return { gone, left }
}
