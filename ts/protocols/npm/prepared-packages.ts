import { LRUCache } from 'lru-cache'
import { marksOf } from '../../registry/policy.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Package, Unit } from '../../registry/store.ts'
import { type PreparedVersion, prepareVersion } from './packument.ts'
import { deprecationShown, npmUnit, versionOfUnit } from './unit.ts'

/** A visible version, printed once. */
export interface PreparedUnit {
  readonly key: string
  readonly prepared: PreparedVersion
  /** The deprecation that it was published with. */
  readonly published: string | undefined
}

export interface PreparedPackage {
  readonly versions: readonly { readonly prepared: PreparedVersion; readonly deprecated?: string }[]
}

interface Known {
  /** The last sequence that `units` covers. */
  readonly upTo: number
  readonly units: readonly PreparedUnit[]
  readonly sizeBytes: number
}

/**
 * Versions printed for the packument, kept from one revision of a package to the next, since units never change: a
 * publish to a package of 2,000 versions prints one. Bounded by the printed text.
 */
export function preparedPackages(registry: Registry, maxBytes: number) {
  const known = new LRUCache<string, Known>({ maxSize: maxBytes, sizeCalculation: (entry) => entry.sizeBytes + 1 })

  /** All visible versions in order of publication, with what is now their deprecation. */
  return async (pkg: Package): Promise<PreparedPackage> => {
    const have = known.get(pkg.id)
    const usable = have && have.upTo <= pkg.value.published ? have : { upTo: 0, units: [], sizeBytes: 0 }
    const units = [...usable.units]
    let sizeBytes = usable.sizeBytes
    for await (const page of registry.packages.units(pkg, usable.upTo)) {
      for (const unit of page) {
        const prepared = prepareUnit(pkg, unit)
        units.push(prepared)
        sizeBytes += sizeOf(prepared.prepared)
      }
    }
    if (!have || have.upTo < pkg.value.published) known.set(pkg.id, { upTo: pkg.value.published, units, sizeBytes })
    return { versions: visible(pkg, units) }
  }
}

function prepareUnit(pkg: Package, { value }: Unit): PreparedUnit {
  return {
    key: value.key,
    prepared: prepareVersion(pkg.value.name, versionOfUnit(value)),
    published: npmUnit(value).deprecated,
  }
}

/** Marks change after a version was prepared: deletions and deprecations are looked up at each print. */
function visible(pkg: Package, units: readonly PreparedUnit[]) {
  const marks = marksOf(pkg.value)
  return units.flatMap(({ key, prepared, published }) => {
    const mark = marks.get(key)
    if (mark?.deletedAt !== undefined) return []
    const deprecated = deprecationShown(pkg.value, mark, published)
    return [deprecated === undefined ? { prepared } : { prepared, deprecated }]
  })
}

function sizeOf({ full, abbreviated, summary }: PreparedVersion): number {
  const texts = [...full, ...abbreviated, summary]
  return texts.reduce((sum, text) => sum + text.length, 200)
}

/** The readme that the full packument shows: the latest version's. */
export async function readmeOf(
  registry: Registry,
  pkg: Package,
): Promise<{ readme?: string; readmeFilename?: string }> {
  const latest = new Map(pkg.value.tags).get('latest')
  const unit = latest === undefined ? undefined : await registry.packages.unit(pkg, latest)
  if (!unit) return {}
  const { readme, readmeFilename } = npmUnit(unit.value)
  return { ...(readme === undefined ? {} : { readme }), ...(readmeFilename === undefined ? {} : { readmeFilename }) }
}
