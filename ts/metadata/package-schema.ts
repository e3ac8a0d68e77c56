// What stands in the store of packages: their records, units, files, blobs, change log, search, downloads, stages.

import type { Json } from './engine.ts'
import { defineCollection } from './engine.ts'

/** Facts about a unit that can change after its publish. */
export interface UnitMark {
  deletedAt?: number
  /**
   * Where no tombstone is kept: the change that removes the unit, and this mark after it. Without `deletedAt` that is not
   * decided: whoever needs the unit takes the mark away.
   */
  removedBy?: string
  /** Empty: what the unit was published with is taken back. */
  deprecated?: string
  /** Why; may be empty. */
  yanked?: string
}

/** What was done, so that a job can complete a log entry lost in a crash. */
export interface ChangeStamp {
  id: string
  kind: ChangeKind
  /** The units it was about. */
  unitKeys: readonly string[]
  actor: string
  requestId: string
  at: number
  /** Of a tag that has a record of its own; without a digest it was removed. */
  tag?: { name: string; digest?: string }
}
export type ChangeKind = 'publish' | 'delete' | 'delete-package' | 'tag' | 'deprecate' | 'yank' | 'owner' | 'status'

/** What search and listings show of a package; strings as the publisher wrote them. */
export interface PackageFacts {
  version: string
  description: string
  keywords: readonly string[]
  authors: readonly string[]
  /** What the unit was published as deprecated with; a mark overrides it. */
  deprecated?: string
}

/** What a package as a whole is: `deprecated` counts for all its versions, `archived` takes no new ones. */
export interface PackageStatus {
  kind: 'active' | 'deprecated' | 'archived'
  /** Why, for people. */
  reason?: string
}

/** The commit point of everything about a package; its revision rises with every change. */
export interface PackageDocument {
  repositoryId: string
  protocol: string
  name: string
  /** The name in lower case without `-`, `_` and `.`: what confusable names share. */
  nameKey: string
  /** Its name among all of its protocol, organization and repository included, where clients list them in one order. */
  path?: string
  /** Units with a sequence up to this are visible; 0: the package does not exist yet. */
  published: number
  /** Pairs, not an object: a tag may be called `__proto__`. */
  tags: readonly (readonly [tag: string, version: string])[]
  /** User ids. */
  owners: readonly string[]
  marks: readonly (readonly [unitKey: string, mark: UnitMark])[]
  /** Absent: active. */
  status?: PackageStatus
  createdAt: number
  updatedAt: number
  /** What search and listings show; from the unit that `latest` names, else the newest. */
  facts: PackageFacts
  /** Changes other than publishes: of the last minutes, and those that have not ended. The completion job checks the log against them. */
  recentChanges: readonly ChangeStamp[]
  /** How many of `published` were removed without a trace: deleted units of a protocol that keeps no tombstones. */
  removed?: number
}
export const packages = defineCollection<PackageDocument>()({
  name: 'packages',
  fieldsSince: 2,
  indexes: {
    byName: { fields: ['repositoryId', 'name'], unique: true },
    byNameKey: { fields: ['repositoryId', 'nameKey'] },
    byPath: { fields: ['protocol', 'path'] },
  },
})

export interface UnitFile {
  name: string
  digest: string
  sizeBytes: number
  mediaType: string
}

/** What a publish inserts, whole: all that the publish asked for, so that anybody can complete it. */
export interface UnitDocument {
  packageId: string
  /** Unique in the package, also after deletion. */
  key: string
  version: string
  /** The package's count of publishes + 1; unique in the package. */
  sequence: number
  /** The protocol's own. */
  metadata: Json
  files: readonly UnitFile[]
  tags: readonly string[]
  /** Tags that point here only when the package has none of that name. */
  tagsIfAbsent: readonly string[]
  /** The key of the unit that this one is about (a signature, an SBOM), whether there is one or not. */
  subject?: string
  publisherId: string
  publisherName: string
  requestId: string
  createdAt: number
  /** Of no unit: see `FenceDocument`. */
  fencedAt?: number
}
export const units = defineCollection<UnitDocument>()({
  name: 'units',
  fieldsSince: 2,
  indexes: {
    byKey: { fields: ['packageId', 'key'], unique: true },
    bySequence: { fields: ['packageId', 'sequence'], unique: true },
    bySubject: { fields: ['packageId', 'subject', 'sequence'] },
    byFence: { fields: ['fencedAt'] },
  },
})

/** Stands among the units in the place of one, so that none is inserted there; see `ts/registry/fences.ts`. */
export interface FenceDocument {
  /** Epoch milliseconds. */
  fencedAt: number
  /** With its sequence: what it keeps. Absent: its id alone. */
  packageId?: string
  sequence?: number
}
export const fences = defineCollection<FenceDocument>()({
  name: units.name,
  indexes: { byFence: { fields: ['fencedAt'] } },
})

/** A reference from a unit to a blob, written before the unit: what downloads and the collector look up. */
export interface FileDocument {
  packageId: string
  unitId: string
  name: string
  digest: string
  sizeBytes: number
}
export const files = defineCollection<FileDocument>()({
  name: 'files',
  fieldsSince: 2,
  indexes: {
    byName: { fields: ['packageId', 'name'] },
    byUnit: { fields: ['unitId', 'name'] },
    byDigest: { fields: ['digest'] },
  },
})

export type BlobState = 'live' | 'condemned' | 'deleting'
/** One per blob, by digest. */
export interface BlobDocument {
  state: BlobState
  touchedAt: number
  sizeBytes: number
  /** When somebody began to delete it. Who has not removed the bytes soon after does so no more, and others end it. */
  deletingSince?: number
}
export const blobs = defineCollection<BlobDocument>()({
  name: 'blobs',
  indexes: { byState: { fields: ['state', 'touchedAt'] } },
})

/** The repository's change log; ids are those of the `ChangeStamp`, so writing one twice writes it once. */
export interface ChangeDocument {
  repositoryId: string
  sequence: number
  kind: ChangeKind
  packageName: string
  unitKeys: readonly string[]
  actor: string
  requestId: string
  at: number
}
export const changes = defineCollection<ChangeDocument>()({
  name: 'changes',
  fieldsSince: 2,
  indexes: { bySequence: { fields: ['repositoryId', 'sequence'], unique: true } },
})

/** A change that has begun; gone when all its records are written. The completion job finishes old ones. */
export interface IntentDocument {
  packageId: string
  /** For a publish; other changes are found in the package's `recentChanges`. */
  unitId?: string
  /** A change of a record other than the package's. */
  change?: ChangeStamp
  startedAt: number
}
export const intents = defineCollection<IntentDocument>()({
  name: 'intents',
  indexes: { byAge: { fields: ['startedAt'] } },
})

/** A word of a package, and who may find it by that. */
export interface PostingDocument {
  /** `public`, `internal`, or the organization's id for a private repository. */
  audience: string
  repositoryId: string
  term: string
  /** Lower is better: 0 exact name, then scope, name word, keyword, description word. */
  rank: number
  packageId: string
}
export const postings = defineCollection<PostingDocument>()({
  name: 'postings',
  fieldsSince: 2,
  indexes: {
    byAudience: { fields: ['audience', 'term', 'rank', 'packageId'] },
    byRepository: { fields: ['repositoryId', 'term', 'rank', 'packageId'] },
    byTerm: { fields: ['term', 'rank', 'packageId'] },
    byPackage: { fields: ['packageId'] },
  },
})

/** Downloads of a version on a UTC day (`2026-11-21`). */
export interface DownloadDocument {
  packageId: string
  version: string
  day: string
  count: number
}
export const downloads = defineCollection<DownloadDocument>()({
  name: 'downloads',
  fieldsSince: 2,
  indexes: { byPackage: { fields: ['packageId', 'day', 'version'] } },
  counters: ['count'],
})

/** A publish that waits for approval; it reserves its unit key. */
export interface StageDocument {
  repositoryId: string
  packageName: string
  unitKey: string
  /** The unit key while the stage is open; absent afterwards, so that the key is free again. */
  reservation?: string
  version: string
  /** `approving`: somebody's approval publishes it, and nobody can reject it any more. */
  state: 'staged' | 'approving' | 'approved' | 'rejected'
  /** The publish request as JSON text. */
  publish: string
  publisherId: string
  publisherName: string
  createdAt: number
}
export const stages = defineCollection<StageDocument>()({
  name: 'stages',
  indexes: {
    byReservation: { fields: ['repositoryId', 'packageName', 'reservation'], unique: true },
    byRepository: { fields: ['repositoryId', 'state', 'createdAt'] },
  },
})
