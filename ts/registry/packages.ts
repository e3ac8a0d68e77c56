import { warmReads } from '../metadata/warm-reads.ts'
import { type Listing, listing } from './listing.ts'
import { isVisible, marksOf, policy } from './policy.ts'
import type { Package, RegistryStore, Unit } from './store.ts'
import { type Versions, versionReads } from './versions.ts'

const unitsPerPage = 200

/** Reading packages and what they hold. Everything here is visible: published, and not deleted. */
export interface Packages extends Versions, Listing {
  /** The package, `undefined` when unknown. Names are the protocol's canonical ones. */
  find(repositoryId: string, name: string): Promise<Package | undefined>
  /** The same by its id. */
  get(id: string): Promise<Package | undefined>
  /** Visible units by sequence, in pages so that the event loop breathes; `after` leaves out what a caller has. */
  units(pkg: Package, after?: number): AsyncIterable<Unit[]>
  /** The visible unit with a key. */
  unit(pkg: Package, key: string): Promise<Unit | undefined>
  /** The visible unit that holds a file of that name, and the file. */
  file(pkg: Package, name: string): Promise<PackageFile | undefined>
  /** Visible packages of a repository by name, at most `limit` (1000) a page. */
  list(repositoryId: string, options: { after?: string; limit?: number }): Promise<{ items: Package[]; next?: string }>
}

export interface PackageFile {
  readonly unit: Unit
  readonly name: string
  readonly digest: string
  readonly sizeBytes: number
}

export function packageReads(store: RegistryStore): Packages {
  const warm = warmReads<Package | undefined>(store.engine, { maxEntries: 20_000, ttlSeconds: 0 })
  const warmFiles = warmReads<PackageFile | undefined>(store.engine, { maxEntries: 20_000, ttlSeconds: 0 })

  return {
    ...versionReads(store),
    ...listing(store),

    async find(repositoryId, name) {
      const pkg = await warm(`${repositoryId}\0${name}`, () => packageByName(store, repositoryId, name))
      return pkg && isVisible(pkg.value) ? pkg : undefined
    },

    async get(id) {
      const pkg = await store.packages.get(id)
      return pkg && isVisible(pkg.value) ? pkg : undefined
    },

    async *units(pkg, after = 0) {
      const marks = marksOf(pkg.value)
      let cursor: string | undefined
      do {
        const page = await store.units.find('bySequence', {
          equals: { packageId: pkg.id },
          range: { after, to: pkg.value.published },
          limit: unitsPerPage,
          ...(cursor === undefined ? {} : { after: cursor }),
        })
        yield page.items.filter((unit) => policy(pkg.value, unit.value, marks))
        cursor = page.next
      } while (cursor !== undefined)
    },

    async unit(pkg, key) {
      const unit = await unitByKey(store, pkg.id, key)
      return unit && policy(pkg.value, unit.value) ? unit : undefined
    },

    file(pkg, name) {
      return warmFiles(`${pkg.id}\0${pkg.revision}\0${name}`, () => visibleFile(store, pkg, name))
    },

    async list(repositoryId, { after, limit = 100 }) {
      const page = await store.packages.find('byName', {
        equals: { repositoryId },
        limit,
        ...(after === undefined ? {} : { after }),
      })
      const items = page.items.filter((pkg) => isVisible(pkg.value))
      return page.next === undefined ? { items } : { items, next: page.next }
    },
  }
}

/** The record of a name, visible or not. */
export async function packageByName(
  store: RegistryStore,
  repositoryId: string,
  name: string,
): Promise<Package | undefined> {
  const page = await store.packages.find('byName', { equals: { repositoryId, name }, limit: 1 })
  return page.items[0]
}

/** The unit with a key, visible or not. */
export async function unitByKey(store: RegistryStore, packageId: string, key: string): Promise<Unit | undefined> {
  const page = await store.units.find('byKey', { equals: { packageId, key }, limit: 1 })
  return page.items[0]
}

/** The first unit whose key begins like this, visible or not. */
export async function unitByKeyStart(
  store: RegistryStore,
  packageId: string,
  start: string,
): Promise<Unit | undefined> {
  const page = await store.units.find('byKey', { equals: { packageId }, range: { from: start }, limit: 1 })
  return page.items.find(({ value }) => value.key.startsWith(start))
}

/** The unit with a sequence, visible or not. */
export async function unitBySequence(
  store: RegistryStore,
  packageId: string,
  sequence: number,
): Promise<Unit | undefined> {
  const page = await store.units.find('bySequence', { equals: { packageId, sequence }, limit: 1 })
  return page.items[0]
}

/** Several records may carry the name (a publish that lost a race, or has not committed): one names a visible unit. */
async function visibleFile(store: RegistryStore, pkg: Package, name: string): Promise<PackageFile | undefined> {
  const page = await store.files.find('byName', { equals: { packageId: pkg.id, name }, limit: 100 })
  const marks = marksOf(pkg.value)
  for (const { value } of page.items) {
    const unit = await store.units.get(value.unitId)
    if (unit && policy(pkg.value, unit.value, marks)) {
      return { unit, name, digest: value.digest, sizeBytes: value.sizeBytes }
    }
  }
  return undefined
}
