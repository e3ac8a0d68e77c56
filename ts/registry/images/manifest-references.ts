import { RegistryError } from '../../errors.ts'
import { linkId } from '../../metadata/image-schema.ts'
import type { PublishFile } from '../publish-request.ts'
import { removalsBegun, withdrawRemovals } from '../removal.ts'
import type { Package, RegistryStore } from '../store.ts'
import { existing } from '../swap.ts'
import type { ManifestPut } from './images.ts'
import type { Links } from './links.ts'
import type { ManifestFacts, ManifestReference } from './manifest-facts.ts'
import { visibleManifest } from './manifest-reads.ts'

const readsAtOnce = 32

/** What there is of a reference: the stored blob and its size, and of a manifest its type. */
interface Found {
  readonly blob: string
  readonly sizeBytes: number
  readonly mediaType?: string
}

/** The image that refers, and its name as refusals tell it. */
export type Referring = Pick<ManifestPut, 'repository' | 'image' | 'path'>

/** What manifests name, looked up in their image. */
export interface References {
  /**
   * The files that a unit has for them, their links kept for the grace period. Throws `reference_unknown` with one of
   * `details.errors` for each that is missing, `size_invalid` for a size that is not the stored one's, and
   * `manifest_invalid` for another type than the stored manifest's.
   */
  resolve(place: Referring, pkg: Package | undefined, facts: ManifestFacts): Promise<PublishFile[]>
  /**
   * The same look again, once the references are inserted: what is found now stays, since deletions that have begun are
   * taken back, and later ones see the references. Throws as `resolve`.
   */
  confirm(place: Referring, packageId: string, facts: ManifestFacts, files: readonly PublishFile[]): Promise<void>
}

export function manifestReferences(store: RegistryStore, links: Links): References {
  async function resolve(place: Referring, pkg: Package | undefined, facts: ManifestFacts): Promise<PublishFile[]> {
    const found = await inParallel(facts.references, async (reference): Promise<Found | undefined> => {
      if (reference.kind === 'blob') return links.use(place, reference.digest)
      return pkg && visibleManifest(store, pkg, reference.digest)
    })
    requireAll(place, facts.references, found)
    return facts.references.flatMap(({ digest: name, mediaType }, i) => {
      const known = found[i]
      return known ? [{ name, digest: known.blob, sizeBytes: known.sizeBytes, mediaType }] : []
    })
  }

  /** The record once nobody is about to delete one of its manifests with these digests. */
  async function withoutRemovals(packageId: string, digests: readonly string[]): Promise<Package> {
    const pkg = await existing(store, packageId)
    const begun = removalsBegun(pkg.value, digests)
    return begun.size === 0 ? pkg : withdrawRemovals(store, packageId, begun)
  }

  return {
    resolve,

    async confirm(place, packageId, facts, files) {
      const names = new Set(files.map(({ name }) => name))
      const references = facts.references.filter(({ digest }) => names.has(digest))
      const manifests = references.filter(({ kind }) => kind === 'manifest').map(({ digest }) => digest)
      const pkg = await withoutRemovals(packageId, manifests)
      const found = await inParallel(references, async (reference): Promise<Found | undefined> => {
        if (reference.kind === 'manifest') return visibleManifest(store, pkg, reference.digest)
        return links.hold(linkId(place.repository.id, place.image, reference.digest))
      })
      requireAll(
        place,
        references.map((reference) => ({ ...reference, isOptional: false })),
        found,
      )
    },
  }
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += readsAtOnce) {
    results.push(...(await Promise.all(items.slice(at, at + readsAtOnce).map(work))))
  }
  return results
}

function requireAll(
  { path }: Referring,
  references: readonly ManifestReference[],
  found: readonly (Found | undefined)[],
): void {
  const missing = references.filter(({ isOptional }, i) => !found[i] && !isOptional)
  const [first] = missing
  if (first) {
    throw new RegistryError(
      'reference_unknown',
      `${path} has no ${first.kind} ${first.digest}${missing.length > 1 ? ` and lacks ${missing.length - 1} more` : ''}; push what the manifest names before the manifest.`,
      { errors: missing.map(({ kind, digest }) => ({ field: digest, message: `${path} has no such ${kind}.` })) },
    )
  }
  const wrong = references.flatMap(({ digest, sizeBytes }, i) => {
    const stored = found[i]?.sizeBytes
    if (stored === undefined || stored === sizeBytes) return []
    return [{ field: digest, message: `It has ${stored} bytes; the manifest says ${sizeBytes}.` }]
  })
  if (wrong[0]) throw new RegistryError('size_invalid', `${wrong[0].field}: ${wrong[0].message}`, { errors: wrong })
  requireTypes(references, found)
}

/** Clients ask for a child by the type that its index says, and read it as that. */
function requireTypes(references: readonly ManifestReference[], found: readonly (Found | undefined)[]): void {
  for (const [i, { kind, digest, mediaType }] of references.entries()) {
    const stored = found[i]?.mediaType
    if (kind !== 'manifest' || stored === undefined || stored === mediaType) continue
    const message = `The manifest says that ${digest} is of the type ${mediaType}, but it was pushed as ${stored}; they must be the same.`
    throw new RegistryError('manifest_invalid', message, { field: digest })
  }
}
