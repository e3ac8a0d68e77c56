import type { PackageDocument, PackageFacts, UnitDocument } from '../metadata/package-schema.ts'
import { unitByKey } from './packages.ts'
import type { Package, RegistryStore } from './store.ts'

/** Does a change of the record to `pkg` change what `latest` names, or delete the unit that the facts are from? */
export async function isAboutFacts(
  store: RegistryStore,
  { id, value: old }: Package,
  pkg: PackageDocument,
): Promise<boolean> {
  const latest = new Map(pkg.tags).get('latest')
  if (latest !== undefined) return latest !== pkg.facts.version
  if (new Map(old.tags).has('latest')) return true
  const before = new Map(old.marks)
  for (const [key, { deletedAt }] of pkg.marks) {
    if (deletedAt === undefined || before.get(key)?.deletedAt !== undefined) continue
    const unit = await unitByKey(store, id, key)
    if (!unit || unit.value.version === pkg.facts.version) return true
  }
  return false
}

/** Of so many units without description, as signatures are, none is looked behind: the next publish tells. */
const unitsLookedAt = 1000

/** Facts come from the unit that `latest` names, else from the newest one that is left. */
export async function factsOf(store: RegistryStore, packageId: string, pkg: PackageDocument): Promise<PackageFacts> {
  const marks = new Map(pkg.marks)
  const latest = new Map(pkg.tags).get('latest')
  const isIt = (unit: UnitDocument) =>
    unit.sequence <= pkg.published &&
    marks.get(unit.key)?.deletedAt === undefined &&
    unit.subject === undefined &&
    (latest === undefined || unit.version === latest)
  const named = latest === undefined ? undefined : await unitByKey(store, packageId, latest)
  const unit = named && isIt(named.value) ? named.value : await newest(store, packageId, pkg.published, isIt)
  if (!unit) return { version: '', description: '', keywords: [], authors: [] }
  return { version: unit.version, ...store.describe(pkg.protocol, unit) }
}

async function newest(
  store: RegistryStore,
  packageId: string,
  published: number,
  isIt: (unit: UnitDocument) => boolean,
): Promise<UnitDocument | undefined> {
  const query = { equals: { packageId }, range: { to: published }, order: 'descending' as const, limit: 100 }
  let after: string | undefined
  for (let seen = 0; seen < unitsLookedAt; seen += query.limit) {
    const page = await store.units.find('bySequence', { ...query, ...(after !== undefined && { after }) })
    const found = page.items.find(({ value }) => isIt(value))
    after = page.next
    if (found || after === undefined) return found?.value
  }
  return undefined
}
