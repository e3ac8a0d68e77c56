import { tagId } from '../../metadata/image-schema.ts'
import { warmReads } from '../../metadata/warm-reads.ts'
import { unitByKey } from '../packages.ts'
import { policy } from '../policy.ts'
import type { Package, RegistryStore, Unit } from '../store.ts'
import type { Manifest, Manifests } from './images.ts'
import { referrerReads } from './referrer-reads.ts'
import { describedManifest, manifestOf } from './stored-manifest.ts'

const maxAttempts = 5
/** Of a kilobyte each at most: what names them, and what a GET answers with. */
const mostRemembered = 20_000

/** Reading manifests; only what is visible. */
export function manifestReads(store: RegistryStore): Omit<Manifests, 'put' | 'delete' | 'deleteAll'> {
  const warm = warmReads<Manifest | undefined>(store.engine, { maxEntries: mostRemembered, ttlSeconds: 0 })

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

    async described(pkg, digest) {
      const unit = await visibleUnit(store, pkg, digest)
      return unit && describedManifest(unit)
    },

    referrers: referrerReads(store),
  }
}

/** The manifest with a digest in the package as it was read. */
export async function visibleManifest(
  store: RegistryStore,
  pkg: Package,
  digest: string,
): Promise<Manifest | undefined> {
  const unit = await visibleUnit(store, pkg, digest)
  return unit && manifestOf(unit)
}

async function visibleUnit(store: RegistryStore, pkg: Package, digest: string): Promise<Unit | undefined> {
  if (!digest.isWellFormed()) return undefined
  const unit = await unitByKey(store, pkg.id, digest)
  return unit && policy(pkg.value, unit.value) ? unit : undefined
}
