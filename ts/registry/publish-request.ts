import type { StagedBlob } from '../blobs/store.ts'
import type { Json } from '../metadata/engine.ts'
import type { UnitFile } from '../metadata/package-schema.ts'
import type { Repository } from './store.ts'

/** A file of a publish: its bytes staged by this request, or already kept (a stage that was approved). */
export interface PublishFile extends UnitFile {
  readonly staged?: StagedBlob
}

/** All that a publish asks for, checked and in the registry's words; the protocol has read its format. */
export interface PublishRequest {
  readonly repository: Repository
  readonly packageName: string
  /** See PackageDocument. */
  readonly nameKey: string
  readonly unitKey: string
  readonly version: string
  /** As `UnitDocument` and `PackageDocument` have them. */
  readonly subject?: string
  readonly path?: string
  readonly metadata: Json
  readonly files: readonly PublishFile[]
  readonly tags: readonly string[]
  readonly tagsIfAbsent: readonly string[]
  readonly publisherId: string
  readonly publisherName: string
  readonly requestId: string
  /** Set when a stage is approved: the stage's id, whose reservation is its own. */
  readonly approvedStageId?: string
}

/** The steps of DESIGN.md "Publishing" that this layer does, in order; a test stops a publisher after each. */
export type PublishStep =
  | 'policies'
  | 'blobs-kept'
  | 'files-referenced'
  | 'confirmed'
  | 'unit-inserted'
  | 'package-swapped'
  | 'finished'

/** Called after every step; throwing there is what a crash at that point looks like. */
export type OnStep = (step: PublishStep) => void | Promise<void>

/** The id of a unit's reference to one of its files, which are in the order of its publish. */
export const fileId = (unitId: string, at: number) => `${unitId}.${at}`
