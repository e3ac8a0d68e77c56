import type { BlobStore } from '../blobs/store.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'

export const findingKinds = [
  'bytes-missing',
  'bytes-wrong',
  'bytes-unrecorded',
  'size-wrong',
  'deletion-unfinished',
  'file-lost',
  'reference-left',
  'link-broken',
  'link-missing',
  'tag-dangling',
  'package-invisible',
] as const
export type FindingKind = (typeof findingKinds)[number]

/** Something that is not as it should be. */
export interface Finding {
  readonly kind: FindingKind
  /** A digest, or a version, image or tag with its repository. */
  readonly subject: string
  /** What is wrong, for people; no full stop. */
  readonly problem: string
  /** What to do about it, a sentence. */
  readonly advice: string
  /** What was done about it, a sentence; absent when nothing was. */
  readonly repaired?: string
}

export interface Found {
  readonly finding: Finding
  /** Resolves to what was done; `undefined` when it has changed meanwhile. Absent where there is nothing to be done here. */
  readonly repair?: () => Promise<string | undefined>
}

export interface CheckDeps {
  readonly engine: MetadataEngine
  readonly blobs: BlobStore
  /** What is younger may belong to something under way. */
  readonly graceSeconds: number
  /** True: bytes are not read, only their sizes asked for. */
  readonly isFast: boolean
  /** True: what can be is repaired. */
  readonly repairs: boolean
  readonly now: () => number
}

/** One walk over the stores. */
export interface Check<T> {
  /** What is walked over, for people: `blob record`, `file`. */
  readonly thing: string
  load(after: string | undefined): Promise<{ readonly items: readonly T[]; readonly next?: string }>
  /** What is wrong with it; nothing, mostly. Called again with what `again` read before anything is told. */
  look(item: T): Promise<readonly Found[]>
  /** Reads it once more; `undefined` when it is gone. */
  again(item: T): Promise<T | undefined>
}

/** The walk's page of 500, and the document read again. */
export function walkOf<T extends object>(
  find: (page: { limit: number; after?: string }) => Promise<{ items: Stored<T>[]; next?: string }>,
  get: (id: string) => Promise<Stored<T> | undefined>,
): Pick<Check<Stored<T>>, 'load' | 'again'> {
  return {
    load: (after) => find({ limit: 500, ...(after !== undefined && { after }) }),
    again: ({ id }) => get(id),
  }
}
