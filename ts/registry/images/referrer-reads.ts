import { setImmediate } from 'node:timers/promises'
import { RegistryError } from '../../errors.ts'
import { policy } from '../policy.ts'
import type { Package, RegistryStore, Unit } from '../store.ts'
import type { DescribedManifest, Manifests } from './images.ts'
import { describedManifest } from './stored-manifest.ts'

/** A unit that names five thousand others has 2 MiB, and reading it keeps all others waiting for 20 ms. */
const unitsPerRead = 8
const bytesPerRead = 1024 * 1024
/** A page ends when so much was looked at: those of a rare type, or large ones. */
const mostUnits = 1000
const mostBytes = 8 * 1024 * 1024
/** About what a file has in its unit. */
const bytesPerFile = 300

/** Listing what manifests are about a digest; only what is visible, and a little at a time. */
export function referrerReads({ units }: Pick<RegistryStore, 'units'>): Manifests['referrers'] {
  return async (pkg, subject, { artifactType, after, limit }) => {
    const items: DescribedManifest[] = []
    let from = after === undefined ? 0 : requirePlace(after)
    let [seen, bytes, perRead] = [0, 0, unitsPerRead]
    while (items.length < limit && seen < mostUnits && bytes < mostBytes) {
      const page = await units.find('bySubject', {
        equals: { packageId: pkg.id, subject },
        range: { after: from, to: pkg.value.published },
        limit: Math.min(perRead, limit - items.length),
      })
      items.push(...page.items.flatMap((unit) => wanted(pkg, unit, artifactType) ?? []))
      const last = page.items.at(-1)
      if (page.next === undefined || !last) return { items }
      from = last.value.sequence
      const read = page.items.reduce((sum, unit) => sum + bytesOf(unit), 0)
      seen += page.items.length
      bytes += read
      perRead = Math.max(1, Math.min(unitsPerRead, Math.floor((bytesPerRead * page.items.length) / read)))
      // Some engines read without letting go of the event loop.
      await setImmediate()
    }
    return { items, next: String(from) }
  }
}

function wanted(pkg: Package, unit: Unit, artifactType: string | undefined): DescribedManifest | undefined {
  const manifest = describedManifest(unit)
  const isWanted = artifactType === undefined || manifest.facts.artifactType === artifactType
  return isWanted && policy(pkg.value, unit.value) ? manifest : undefined
}

function bytesOf({ value: { files, metadata } }: Unit): number {
  return files.length * bytesPerFile + JSON.stringify(metadata).length
}

/** Places are sequences: what is pushed or deleted meanwhile does not move them. */
function requirePlace(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw new RegistryError('payload_invalid', 'The cursor is not one that this list gave out; start again without it.')
}
