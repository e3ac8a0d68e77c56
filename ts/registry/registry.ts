import type { BlobStore } from '../blobs/store.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { abandonedIntents } from './abandoned.ts'
import { auditedStages, type RegistryAudit } from './audit-changes.ts'
import { type BlobRecords, blobRecords } from './blob-records.ts'
import { type ChangeLog, changeLog } from './change-log.ts'
import { completeUnfinished } from './completion.ts'
import { type DocumentCache, documentCache } from './documents.ts'
import { type Downloads, downloadCounter } from './downloads.ts'
import { type Author, deleting, editPackage } from './edit.ts'
import { type FinishDeps, finishing } from './finish.ts'
import { createImages } from './images/create-images.ts'
import type { Images } from './images/images.ts'
import { imageRetention, type Retention } from './images/retention.ts'
import { type Packages, packageReads } from './packages.ts'
import { type Postings, postingsWriter } from './postings.ts'
import { type Published, type PublishHooks, publish } from './publish.ts'
import { checkPolicies } from './publish-policies.ts'
import type { OnStep, PublishRequest } from './publish-request.ts'
import { type SearchQuery, type SearchResult, search } from './search.ts'
import { type Stages, stagedPublishes } from './stages.ts'
import { type Describe, type KeepsTombstones, openRegistryStore, type Package, type Unit } from './store.ts'
import type { Edit } from './swap.ts'
import { repositorySweep, type Sweep } from './sweep-repository.ts'

export interface RegistryOptions {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  readonly describe: Describe
  readonly keepsTombstones: KeepsTombstones
  /** Memory for computed documents. */
  readonly documentCacheBytes: number
  /** How long what nothing refers to is kept; a day when absent. */
  readonly graceSeconds?: number
  /** Of one blob of an image, however it comes; any when absent. */
  readonly maxBlobBytes?: number
  readonly onStep?: OnStep
  /** Absent: nothing is told. */
  readonly audit?: RegistryAudit
}

/** The domain: what is published and how it changes. Never sees HTTP, and asks nobody for permission: callers have. */
export interface Registry {
  readonly blobs: BlobStore
  readonly packages: Packages
  readonly documents: DocumentCache
  readonly downloads: Downloads
  readonly changes: ChangeLog
  readonly stages: Stages
  readonly postings: Postings
  readonly images: Images
  readonly retention: Retention
  readonly search: (query: SearchQuery) => Promise<SearchResult>
  /** Refuses early what `publish` would refuse for its name, key or policies, before the bytes are taken in. */
  precheck(request: Omit<PublishRequest, 'files' | 'metadata'>): Promise<void>
  publish(request: PublishRequest): Promise<Published>
  /** Tags, owners, deprecations and yanks; see `editPackage`. */
  edit(pkg: Package, what: Parameters<typeof editPackage>[2], author: Author, edit: Edit): Promise<Package>
  /**
   * Deletes units for good: a tombstone stays, or none and no trace, as the protocol says; see `removeUnits`. All units gone: the package is unknown and has no owners.
   */
  delete(
    pkg: Package,
    units: readonly Unit[],
    author: Author,
    repointed?: ReadonlyMap<string, string>,
  ): Promise<Package>
  /** Completes what was begun before a time and not finished; see `completeUnfinished`. */
  completeUnfinished(before: number): Promise<number>
  /** The same with what this process has seen unfinished for 20 seconds; call it every few seconds. */
  completeAbandoned(): Promise<number>
  /** What deletion takes from the store. */
  readonly sweep: Sweep
  /** Resolves when nothing that was answered is still being tidied up; call before the stores are closed. */
  settled(): Promise<void>
}

export function createRegistry(options: RegistryOptions): Registry {
  const { engine, blobs, describe, keepsTombstones, documentCacheBytes, graceSeconds, onStep, audit } = options
  const { maxBlobBytes = Number.MAX_SAFE_INTEGER } = options
  const store = openRegistryStore(engine, describe, keepsTombstones)
  const records: BlobRecords = blobRecords(engine, blobs, graceSeconds === undefined ? {} : { graceSeconds })
  const changes = changeLog(store)
  const postings = postingsWriter(store)
  const sweep = repositorySweep(engine, blobs.uploads)
  const finishingWith = (onChange: FinishDeps['onChange']) =>
    finishing({ store, log: changes, postings, sweep, onChange })
  const finish = finishingWith(async (change) => audit?.change(change))
  const completion = finishingWith(async (change) => audit?.change({ ...change, isCompletion: true }))
  const completionDeps = { store, finish: completion, sweep }
  const abandoned = abandonedIntents()
  const downloads = downloadCounter(store)
  const publishDeps = { store, blobRecords: records, finish, ...(onStep ? { onStep } : {}) }
  const publishOne = (request: PublishRequest, hooks?: PublishHooks) => publish(publishDeps, request, hooks)
  const stages = stagedPublishes({ store, blobRecords: records, sweep, publish: publishOne })
  const packages = packageReads(store)
  const imagesDeps = { store, blobs, blobRecords: records, finish, sweep, downloads, publish: publishOne, maxBlobBytes }
  const images = createImages(imagesDeps)
  const editOne: Registry['edit'] = (pkg, what, author, edit) => editPackage({ store, finish }, pkg, what, author, edit)

  return {
    blobs,
    packages,
    documents: documentCache(documentCacheBytes),
    downloads,
    changes,
    stages: audit ? auditedStages(stages, audit) : stages,
    postings,
    images,
    retention: imageRetention({ store, packages, images }),
    search: search(store, downloads),
    precheck: (request) => checkPolicies(store, { ...request, files: [], metadata: null }),
    publish: (request) => publishOne(request),
    edit: editOne,
    delete(pkg, units, author, repointed) {
      const unitKeys = units.map((unit) => unit.value.key)
      if (!keepsTombstones(pkg.value.protocol)) return images.manifests.deleteAll(pkg, unitKeys, author)
      const versions = units.map((unit) => unit.value.version)
      const at = Date.now()
      return editOne(pkg, { kind: 'delete', unitKeys }, author, (current) =>
        deleting(current, unitKeys, versions, at, repointed),
      )
    },
    completeUnfinished: (before) => completeUnfinished(completionDeps, before),
    completeAbandoned: () => completeUnfinished(completionDeps, Number.MAX_SAFE_INTEGER, abandoned.look()),
    sweep,
    async settled() {
      await finish.settled()
      await completion.settled()
    },
  }
}
