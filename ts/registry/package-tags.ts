import { isDeepStrictEqual } from 'node:util'
import { RegistryError } from '../errors.ts'
import type { PackageDocument } from '../metadata/package-schema.ts'
import type { Packages } from './packages.ts'
import { marksOf } from './policy.ts'
import type { Package } from './store.ts'
import type { Edit } from './swap.ts'
import type { Version } from './versions.ts'

/** These versions of the package, each once. Throws `version_unknown` for one that is not there. */
export async function versionsNamed(packages: Packages, pkg: Package, versions: Iterable<string>): Promise<Version[]> {
  const found: Version[] = []
  for (const version of new Set(versions)) {
    const known = await packages.version(pkg, version)
    if (!known) throw new RegistryError('version_unknown', `There is no version ${version} of ${pkg.value.name}.`)
    found.push(known)
  }
  return found
}

/**
 * Changes tags: `change` gets those that are there, and may be called again on newer ones. Throws `version_unknown` when
 * a version was deleted since it was looked up, and `payload_invalid` when `latest` would go: it stays as long as there
 * is a version.
 */
export function retagging(change: (tags: Map<string, string>) => void): Edit {
  return (pkg) => {
    const tags = new Map(pkg.tags)
    change(tags)
    if (isDeepStrictEqual(tags, new Map(pkg.tags))) return undefined
    requireLive(pkg, tags)
    if (tags.has('latest') || !pkg.tags.some(([tag]) => tag === 'latest')) return { tags: [...tags] }
    throw new RegistryError('payload_invalid', 'The tag "latest" cannot be removed; point it at another version.', {
      field: 'tags',
    })
  }
}

/** The tags are these and no others, as `retagging` says. */
export function replacingTags(wanted: ReadonlyMap<string, string>): Edit {
  return retagging((tags) => {
    for (const tag of [...tags.keys()]) if (!wanted.has(tag)) tags.delete(tag)
    for (const [tag, version] of wanted) tags.set(tag, version)
  })
}

/** A version may have been deleted since it was looked up; the record that is swapped decides. */
function requireLive(pkg: PackageDocument, tags: ReadonlyMap<string, string>): void {
  const marks = marksOf(pkg)
  for (const version of tags.values()) {
    if (marks.get(version)?.deletedAt === undefined) continue
    throw new RegistryError('version_unknown', `${pkg.name} ${version} was deleted.`)
  }
}
