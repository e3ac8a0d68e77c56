import { hasCode, RegistryError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Stored } from '../../metadata/engine.ts'
import { type ImageTagDocument, tagId } from '../../metadata/image-schema.ts'
import type { ChangeStamp } from '../../metadata/package-schema.ts'
import type { Author } from '../edit.ts'
import type { Finish } from '../finish.ts'
import { patternFor } from '../immutable-tags.ts'
import { policy } from '../policy.ts'
import { removalsBegun, withdrawRemovals } from '../removal.ts'
import type { Package, RegistryStore, Repository } from '../store.ts'
import { existing } from '../swap.ts'
import type { Manifest, Tag, Tags } from './images.ts'
import { inTurns } from './in-turns.ts'
import type { Pulls } from './pulls.ts'

export interface TagDeps {
  readonly store: RegistryStore
  readonly finish: Finish
  readonly pulls: Pick<Pulls, 'forget'>
}

/** The changes of tags. */
export interface TagWriter extends Pick<Tags, 'set' | 'delete'> {
  /** Is the manifest there, and does it stay for who needs it? A removal that is not decided is taken back. */
  isThere(packageId: string, manifest: Manifest): Promise<boolean>
  /** Throws `access_denied` for one of these tags that the repository keeps at another manifest. */
  requireFree(repository: Repository, pkg: Package, tags: readonly string[], digest: string): Promise<void>
}

/** See `Tags`. A tag is one record: of those who change it at once each decides on what it finds. */
export function tagWriter({ store, finish, pulls }: TagDeps): TagWriter {
  const { imageTags } = store
  const turns = inTurns()

  /** The pattern that keeps the tag where it is. */
  async function patternOf(pkg: Package, tag: string): Promise<string | undefined> {
    const repository = await store.repositories.get(pkg.value.repositoryId)
    return repository && patternFor(repository.value, tag)
  }

  function stampOf(tag: ChangeStamp['tag'], unitKey: string, { actor, requestId }: Author): ChangeStamp {
    return {
      id: newId('chg'),
      kind: 'tag',
      unitKeys: [unitKey],
      actor,
      requestId,
      at: Date.now(),
      ...(tag && { tag }),
    }
  }

  /** Makes the change and says so; when another change of the tag came first, that is thrown and nothing is said. */
  async function commit(pkg: Package, stamp: ChangeStamp, change: () => Promise<unknown>): Promise<void> {
    // At once: on SQLite one commit takes both in.
    const [intent, changed] = await Promise.allSettled([
      store.intents.insert(stamp.id, { packageId: pkg.id, startedAt: stamp.at, change: stamp }),
      change(),
    ])
    if (changed.status === 'rejected') {
      if (hasCode(changed.reason, 'revision_stale', 'document_exists')) await store.intents.delete(stamp.id)
      throw changed.reason
    }
    if (intent.status === 'rejected') throw intent.reason
  }

  async function write(pkg: Package, tag: string, manifest: Manifest, author: Author & { actorName: string }) {
    const id = tagId(pkg.id, tag)
    for (;;) {
      const [known, pattern] = await Promise.all([imageTags.get(id), patternOf(pkg, tag)])
      if (known && pattern !== undefined) await requireSame(store, pkg, known, manifest.unitId, pattern)
      const stamp = stampOf({ name: tag, digest: manifest.digest }, manifest.digest, author)
      const value: ImageTagDocument = {
        packageId: pkg.id,
        tag,
        unitId: manifest.unitId,
        digest: manifest.digest,
        createdAt: known?.value.createdAt ?? stamp.at,
        updatedAt: stamp.at,
        ...author,
      }
      try {
        await commit(pkg, stamp, () =>
          known ? imageTags.update(id, known.revision, value) : imageTags.insert(id, value),
        )
        return stamp
      } catch (err) {
        if (!hasCode(err, 'revision_stale', 'document_exists')) throw err
      }
    }
  }

  /** The record first: a removal takes its mark away when the unit is gone. */
  async function isThere(packageId: string, { unitId, sequence, digest }: Manifest): Promise<boolean> {
    let pkg = await existing(store, packageId)
    const begun = removalsBegun(pkg.value, [digest])
    if (begun.size > 0) pkg = await withdrawRemovals(store, packageId, begun)
    return policy(pkg.value, { key: digest, sequence }) && (await store.units.get(unitId)) !== undefined
  }

  /** `undefined` when there is nothing to remove. */
  async function remove(pkg: Package, tag: string, author: Author, seen?: Tag): Promise<ChangeStamp | undefined> {
    for (;;) {
      const [known, pattern] = await Promise.all([imageTags.get(tagId(pkg.id, tag)), patternOf(pkg, tag)])
      if (!known || (seen && !isAsSeen(known, seen))) return undefined
      if (pattern !== undefined) throw stays(pkg, known.value, pattern)
      const stamp = stampOf({ name: tag }, known.value.digest, author)
      try {
        await commit(pkg, stamp, () => imageTags.delete(known.id, known.revision))
        return stamp
      } catch (err) {
        if (!hasCode(err, 'revision_stale')) throw err
      }
    }
  }

  return {
    isThere,

    async requireFree(repository, pkg, tags, digest) {
      for (const tag of tags) {
        const pattern = patternFor(repository.value, tag)
        const known = pattern === undefined ? undefined : await imageTags.get(tagId(pkg.id, tag))
        if (!known || pattern === undefined || known.value.digest === digest) continue
        await requireSame(store, pkg, known, undefined, pattern)
      }
    },

    async set(pkg, tag, manifest, { actor, actorName, requestId }) {
      const stamp = await write(pkg, tag, manifest, { actor, actorName, requestId })
      const isSet = await isThere(pkg.id, manifest)
      if (!isSet) await removeOf(store, tagId(pkg.id, tag), manifest)
      await finish.tag(stamp, pkg)
      return isSet
    },

    // The store cannot tell who of two removed a record, since it repeats what was cut off: so one does it at a time.
    async delete(pkg, tag, author, seen) {
      const stamp = await turns(tagId(pkg.id, tag), () => remove(pkg, tag, author, seen))
      if (stamp) await Promise.all([finish.tag(stamp, pkg), pulls.forget(pkg.id, [tag])])
      return stamp !== undefined
    },
  }
}

type TagRecord = Stored<ImageTagDocument>

/** Of an immutable tag; one whose manifest is gone is nobody's. */
async function requireSame(
  store: RegistryStore,
  pkg: Package,
  known: TagRecord,
  unitId: string | undefined,
  pattern: string,
): Promise<void> {
  if (known.value.unitId === unitId || !(await store.units.get(known.value.unitId))) return
  throw stays(pkg, known.value, pattern)
}

function stays(pkg: Package, { tag, digest }: ImageTagDocument, pattern: string): RegistryError {
  return new RegistryError(
    'access_denied',
    `The tag "${tag}" of ${pkg.value.name} stays at ${digest}: by the setting "immutable tags" of its repository, tags that match "${pattern}" are neither moved nor removed.`,
  )
}

function isAsSeen({ value }: TagRecord, seen: Tag): boolean {
  return value.digest === seen.digest && value.updatedAt === seen.updatedAt
}

/** The tag goes with its manifest, unless it names another by now. */
async function removeOf(store: RegistryStore, id: string, { unitId }: Manifest): Promise<void> {
  const known = await store.imageTags.get(id)
  if (known?.value.unitId !== unitId) return
  try {
    await store.imageTags.delete(id, known.revision)
  } catch (err) {
    if (!hasCode(err, 'revision_stale')) throw err
  }
}
