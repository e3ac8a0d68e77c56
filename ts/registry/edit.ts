import { RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { ChangeKind, ChangeStamp, PackageDocument, UnitMark } from '../metadata/package-schema.ts'
import type { Finish } from './finish.ts'
import { keepingTags } from './immutable-tags.ts'
import { isVisible, marksOf } from './policy.ts'
import type { Package, RegistryStore } from './store.ts'
import { type Edit, swapEdit } from './swap.ts'

/** Who changes something, for the log. */
export interface Author {
  readonly actor: string
  readonly requestId: string
}

export interface EditDeps {
  readonly store: RegistryStore
  readonly finish: Finish
}

/** What an edit is, for the log, and what it is bound to. */
export interface EditKind {
  readonly kind: ChangeKind
  readonly unitKeys?: readonly string[]
  /** The package's, as it was read: `precondition_failed` when it has another by now. */
  readonly revision?: number | undefined
}

/**
 * Changes a package's tags, owners, marks or status: one swap, then the log. The edit may throw; it runs again on the
 * newer record when the swap is lost, so that it always decides on what is there. Resolves to the record after it. Throws
 * `access_denied` when an immutable tag of the repository would be moved or removed.
 */
export async function editPackage(
  deps: EditDeps,
  pkg: Package,
  what: EditKind,
  author: Author,
  edit: Edit,
): Promise<Package> {
  const { store, finish } = deps
  const repository = await store.repositories.get(pkg.value.repositoryId)
  const allowed = repository ? keepingTags(repository.value, edit) : edit
  const stamp: ChangeStamp = {
    id: newId('chg'),
    kind: what.kind,
    unitKeys: what.unitKeys ?? [],
    actor: author.actor,
    requestId: author.requestId,
    at: Date.now(),
  }
  await store.intents.insert(stamp.id, { packageId: pkg.id, startedAt: stamp.at })
  let edited: Package
  try {
    edited = await swapEdit(store, pkg.id, allowed, stamp, what.revision)
  } catch (err) {
    if (err instanceof RegistryError && err.code !== 'internal') await store.intents.delete(stamp.id)
    throw err
  }
  const changed = edited.value.recentChanges.some((recent) => recent.id === stamp.id)
  if (changed) await finish.change(stamp, edited)
  else await store.intents.delete(stamp.id)
  return edited
}

/** The record's editable parts with changed marks; `undefined` removes a fact of a mark. */
export function withMarks(
  pkg: PackageDocument,
  changes: ReadonlyMap<string, { [K in keyof UnitMark]: UnitMark[K] | undefined }>,
): PackageDocument['marks'] {
  const marks = new Map(marksOf(pkg))
  for (const [key, change] of changes) {
    const merged = Object.entries({ ...marks.get(key), ...change }).filter(([, fact]) => fact !== undefined)
    if (merged.length > 0) marks.set(key, Object.fromEntries(merged))
    else marks.delete(key)
  }
  return [...marks]
}

/**
 * Marks units deleted and drops the tags that pointed at their versions; a tag in `repointed` gets its new version,
 * unless it points elsewhere by now. Throws `revision_stale` when other changes have come between the choice of those
 * and this record: `latest` would name no version.
 */
export function deleting(
  pkg: PackageDocument,
  unitKeys: readonly string[],
  versions: readonly string[],
  at: number,
  repointed: ReadonlyMap<string, string> = new Map(),
): ReturnType<Edit> {
  const gone = new Set(versions)
  const known = marksOf(pkg)
  if (unitKeys.every((key) => known.get(key)?.deletedAt !== undefined)) return undefined
  const marks = withMarks(pkg, new Map(unitKeys.map((key) => [key, { deletedAt: at }])))
  // A name without versions belongs to whoever publishes it next.
  if (!isVisible({ ...pkg, marks })) return { tags: [], owners: [], marks, status: { kind: 'active' } }
  const tags = pkg.tags.flatMap(([tag, version]): [string, string][] => {
    if (!gone.has(version)) return [[tag, version]]
    const instead = repointed.get(tag)
    return instead === undefined ? [] : [[tag, instead]]
  })
  requireLatest(pkg, marks, tags)
  return { tags, marks }
}

function requireLatest(pkg: PackageDocument, marks: PackageDocument['marks'], tags: PackageDocument['tags']): void {
  if (!pkg.tags.some(([tag]) => tag === 'latest')) return
  const latest = new Map(tags).get('latest')
  if (latest !== undefined && new Map(marks).get(latest)?.deletedAt === undefined) return
  throw new RegistryError('revision_stale', 'The package has changed since it was read. Read it again and repeat.')
}
