import { isGone } from '../access/gone.ts'
import type { UploadStore } from '../blobs/uploads.ts'
import { hasCode } from '../errors.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import * as imageSchema from '../metadata/image-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { removeAll } from '../metadata/remove-all.ts'

const pageSize = 500
const packagesPerPass = 50

/** One pass: how many records it removed, and whether some are left that a publish or change under way still needs. */
export interface SweepPass {
  readonly removed: number
  readonly isWaiting: boolean
}

/** Removing what repositories hold that are being deleted. Blobs stay: nothing refers to them, so the collector takes them. */
export interface Sweep {
  /**
   * Removes packages with all that belongs to them, stages, the change log, links to blobs and uploads, some of each; call again until a pass
   * removes nothing and waits for nothing. Safe to stop anywhere, to repeat, and on two replicas at once.
   */
  pass(repositoryId: string): Promise<SweepPass>
  /** Removes one package at once: for a publish or change that finds its repository deleted. */
  package(packageId: string): Promise<void>
  /** Is the repository being deleted, deleted, or removed altogether? */
  isGone(repositoryId: string): Promise<boolean>
}

/** The sweep of the repositories in `engine`. Without `staging`, bytes of uploads stay until old staging is swept. */
export function repositorySweep(engine: MetadataEngine, staging?: Pick<UploadStore, 'discard'>): Sweep {
  const repositories = engine.collection(accessSchema.repositories)
  const packages = engine.collection(packageSchema.packages)
  const units = engine.collection(packageSchema.units)
  const files = engine.collection(packageSchema.files)
  const postings = engine.collection(packageSchema.postings)
  const downloads = engine.collection(packageSchema.downloads)
  const stages = engine.collection(packageSchema.stages)
  const tags = engine.collection(imageSchema.imageTags)
  const pulls = engine.collection(imageSchema.pulls)
  const links = engine.collection(imageSchema.blobLinks)
  const uploads = engine.collection(imageSchema.uploads)
  const changes = engine.collection(packageSchema.changes)
  const intents = engine.collection(packageSchema.intents)

  /** All that names the package, or the stage, by its id. */
  async function removeUnder(packageId: string): Promise<number> {
    const query = { equals: { packageId }, limit: pageSize }
    const counts = [
      await removeAll(engine, packageSchema.units, () => units.find('bySequence', query)),
      await removeAll(engine, packageSchema.files, () => files.find('byName', query)),
      await removeAll(engine, packageSchema.postings, () => postings.find('byPackage', query)),
      await removeAll(engine, packageSchema.downloads, () => downloads.find('byPackage', query)),
      await removeAll(engine, imageSchema.imageTags, () => tags.find('byTag', query)),
      await removeAll(engine, imageSchema.pulls, () => pulls.find('byPackage', query)),
    ]
    return counts.reduce((sum, count) => sum + count)
  }

  async function removeStages(repositoryId: string): Promise<number> {
    const { items } = await stages.find('byRepository', { equals: { repositoryId }, limit: packagesPerPass })
    for (const { id } of items) {
      await removeUnder(id)
      await stages.delete(id)
    }
    return items.length
  }

  /** Their bytes go as far as the store answers; what is left of them is swept some day. */
  async function removeUploads(repositoryId: string): Promise<number> {
    const { items } = await uploads.find('byRepository', { equals: { repositoryId }, limit: packagesPerPass })
    await Promise.allSettled(items.map(({ value }) => staging?.discard(value)))
    for (const { id } of items) await uploads.delete(id)
    return items.length
  }

  /** Packages that a publish or change is under way in, or was when its process died. There are few at any time. */
  async function packagesInUse(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>()
    for (let after: string | undefined; ; ) {
      const page = await intents.find('byAge', { limit: 1000, ...(after !== undefined && { after }) })
      for (const { value } of page.items) ids.add(value.packageId)
      if (page.next === undefined) return ids
      after = page.next
    }
  }

  /** The record goes last, and only as it was read: by it a half-done publish is found, and finds its own end. */
  async function removePackages(repositoryId: string): Promise<SweepPass> {
    const inUse = await packagesInUse()
    const { items } = await packages.find('byName', { equals: { repositoryId }, limit: packagesPerPass })
    // Together, since one commit then takes in many; all have ended when this does.
    const outcomes = await Promise.allSettled(
      items.map(async (pkg) => {
        const removed = await removeUnder(pkg.id)
        return !inUse.has(pkg.id) && (await deletedAsRead(pkg)) ? removed + 1 : removed
      }),
    )
    let removed = 0
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason
      removed += outcome.value
    }
    return { removed, isWaiting: items.length > 0 }
  }

  async function deletedAsRead({ id, revision }: Stored<object>): Promise<boolean> {
    try {
      await packages.delete(id, revision)
      return true
    } catch (err) {
      if (hasCode(err, 'revision_stale')) return false
      throw err
    }
  }

  return {
    async pass(repositoryId) {
      const query = { equals: { repositoryId }, limit: pageSize }
      const staged = await removeStages(repositoryId)
      const { removed, isWaiting } = await removePackages(repositoryId)
      const logged = await removeAll(engine, packageSchema.changes, () => changes.find('bySequence', query))
      const posted = await removeAll(engine, packageSchema.postings, () => postings.find('byRepository', query))
      const linked = await removeAll(engine, imageSchema.blobLinks, () => links.find('byImage', query))
      const begun = await removeUploads(repositoryId)
      return { removed: staged + removed + logged + posted + linked + begun, isWaiting }
    },

    async package(packageId) {
      await removeUnder(packageId)
      await packages.delete(packageId)
    },

    async isGone(repositoryId) {
      const repository = await repositories.get(repositoryId)
      return !repository || isGone(repository.value)
    },
  }
}
