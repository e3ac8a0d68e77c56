import { RegistryError } from '../../errors.ts'
import { tagId } from '../../metadata/image-schema.ts'
import { warmReads } from '../../metadata/warm-reads.ts'
import { unitByKey } from '../packages.ts'
import { policy } from '../policy.ts'
import type { Package, RegistryStore, Unit } from '../store.ts'
import type { Manifest, Manifests } from './images.ts'
import { manifestOf } from './stored-manifest.ts'

const maxAttempts = 5
const unitsPerRead = 500
/** A page of a rare type ends when so many were looked at. */
const mostReads = 20

/** Reading manifests; only what is visible. */
export function manifestReads(store: RegistryStore): Pick<Manifests, 'byDigest' | 'byTag' | 'referrers'> {
  const warm = warmReads<Manifest | undefined>(store.engine, { maxEntries: 20_000, ttlSeconds: 0 })

  async function tagged(pkg: Package, tag: string): Promise<Manifest | undefined> {
    let seen: string | undefined
    let current: Package | undefined = pkg
    for (let attempt = 0; current && attempt < maxAttempts; attempt++) {
      const record = await store.imageTags.get(tagId(pkg.id, tag))
      if (!record) return undefined
      const unit = await store.units.get(record.value.unitId)
      if (unit && policy(current.value, unit.value)) return manifestOf(unit)
      // The tag was set after the package was read, or its manifest went after the tag was.
      const now = `${record.revision} ${record.value.unitId} ${current.revision}`
      if (now === seen) return undefined
      seen = now
      current = await store.packages.get(pkg.id)
    }
    return undefined
  }

  return {
    byDigest(pkg, digest) {
      return warm(`${pkg.id}\0${pkg.revision}\0${digest}`, () => visibleManifest(store, pkg, digest))
    },

    byTag(pkg, tag) {
      return warm(`${pkg.id}\0${pkg.revision}\0:${tag}`, () => tagged(pkg, tag))
    },

    async referrers(pkg, subject, { artifactType, after, limit }) {
      const items: Manifest[] = []
      let from = after === undefined ? 0 : requirePlace(after)
      for (let reads = 0; ; reads++) {
        if (reads === mostReads) return { items, next: String(from) }
        const page = await referrersAfter(store, pkg, subject, from)
        for (const unit of page.items) {
          if (items.length === limit) return { items, next: String(from) }
          from = unit.value.sequence
          const manifest = manifestOf(unit)
          const isWanted = artifactType === undefined || manifest.facts.artifactType === artifactType
          if (isWanted && policy(pkg.value, unit.value)) items.push(manifest)
        }
        if (page.next === undefined) return { items }
      }
    },
  }
}

/** The manifest with a digest in the package as it was read. */
export async function visibleManifest(
  store: RegistryStore,
  pkg: Package,
  digest: string,
): Promise<Manifest | undefined> {
  if (!digest.isWellFormed()) return undefined
  const unit: Unit | undefined = await unitByKey(store, pkg.id, digest)
  return unit && policy(pkg.value, unit.value) ? manifestOf(unit) : undefined
}

function referrersAfter(store: RegistryStore, pkg: Package, subject: string, after: number) {
  return store.units.find('bySubject', {
    equals: { packageId: pkg.id, subject },
    range: { after, to: pkg.value.published },
    limit: unitsPerRead,
  })
}

/** Places are sequences: what is pushed or deleted meanwhile does not move them. */
function requirePlace(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw new RegistryError('payload_invalid', 'The cursor is not one that this list gave out; start again without it.')
}
