import type { PackageFacts } from '../metadata/package-schema.ts'
import { deprecationOf } from './deprecation.ts'
import { marksOf, policy } from './policy.ts'
import type { Package, RegistryStore, Unit } from './store.ts'

/** A visible version, and what is true of it now. */
export interface Version {
  readonly version: string
  /** What it was published as, oldest first; at least one. Today's protocols publish a version whole: one. */
  readonly units: readonly [Unit, ...Unit[]]
  /** As its protocol reads them. */
  readonly facts: Omit<PackageFacts, 'version' | 'deprecated'>
  /** The message. */
  readonly deprecated?: string
  /** The reason; may be empty. */
  readonly yanked?: string
}

export interface Versions {
  /** The visible version; `undefined` when there is none, or none any more. */
  version(pkg: Package, version: string): Promise<Version | undefined>
  /** Visible versions, the newest publish first, at most `limit` (1000) a page. What is published meanwhile is left out. */
  versions(pkg: Package, options: { after?: string; limit?: number }): Promise<{ items: Version[]; next?: string }>
}

export function versionReads(store: RegistryStore): Versions {
  function asVersion(pkg: Package, unit: Unit, marks = marksOf(pkg.value)): Version {
    const mark = marks.get(unit.value.key)
    const { deprecated: published, ...facts } = store.describe(pkg.value.protocol, unit.value)
    const deprecated = deprecationOf(pkg.value, mark, published)
    return {
      version: unit.value.version,
      units: [unit],
      facts,
      ...(deprecated !== undefined && { deprecated }),
      ...(mark?.yanked !== undefined && { yanked: mark.yanked }),
    }
  }

  return {
    async version(pkg, version) {
      // The key of what is published whole is its version; no key is half a surrogate pair.
      if (!version.isWellFormed()) return undefined
      const { items } = await store.units.find('byKey', { equals: { packageId: pkg.id, key: version }, limit: 1 })
      const [unit] = items
      return unit && policy(pkg.value, unit.value) ? asVersion(pkg, unit) : undefined
    },

    async versions(pkg, { after, limit = 100 }) {
      const { items, ...more } = await store.units.find('bySequence', {
        equals: { packageId: pkg.id },
        range: { to: pkg.value.published },
        order: 'descending',
        limit,
        ...(after !== undefined && { after }),
      })
      const marks = marksOf(pkg.value)
      const visible = items.filter((unit) => policy(pkg.value, unit.value, marks))
      return { items: visible.map((unit) => asVersion(pkg, unit, marks)), ...more }
    },
  }
}
