/** A value that JSON can hold. Documents are JSON; keys and strings may be anything JSON allows, NUL included. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What an indexed field may hold. Strings order by UTF-8 bytes, numbers numerically; a field never mixes both. */
export type IndexValue = string | number

/**
 * An index over top-level fields, in order. A document lacking one of the fields (absent, null or no
 * `IndexValue`) is not in the index, so it neither is found by it nor conflicts in it.
 */
export interface IndexSpec<T> {
  readonly fields: readonly (keyof T & string)[]
  readonly unique?: boolean
}

/** One declared collection. `schema.ts` lists them all; both engines create tables and indexes from it. */
export interface CollectionSpec<T extends object, I extends string = string> {
  readonly name: string
  readonly indexes: Readonly<Record<I, IndexSpec<T>>>
  /** Top-level numeric fields that `increment` may change; kept beside the document so that it is atomic. */
  readonly counters?: readonly (keyof T & string)[]
  /**
   * The schema version that its indexed fields are as they are since: documents of that version and later are not
   * brought along by an upgrade, which takes minutes for a million of them. Absent: every upgrade brings all along.
   */
  readonly fieldsSince?: number
  /** Never set: carries the type of the document. */
  readonly document?: (value: T) => void
}

/** A document as it was read: its id, its revision (1 after the insert, +1 at each update) and its value. */
export interface Stored<T> {
  readonly id: string
  readonly revision: number
  readonly value: T
}

export interface Page<T> {
  readonly items: Stored<T>[]
  /** Pass as `after` for the next page; absent when this was the last. */
  readonly next?: string
}

/** Equality on a prefix of the index's fields, an optional range on the field after that prefix. */
export interface Query<T> {
  readonly equals?: Partial<T>
  readonly range?: {
    readonly from?: IndexValue
    readonly after?: IndexValue
    readonly to?: IndexValue
    readonly before?: IndexValue
  }
  /** Index order, ties broken by id in the same direction. Default `ascending`. */
  readonly order?: 'ascending' | 'descending'
  /** 1 to 1000; default 100. */
  readonly limit?: number
  /** A `next` of an earlier page of the same query. Records inserted behind the cursor do not disturb it. */
  readonly after?: string
  /**
   * Given, a record that cannot be read is told and left out of the page, instead of failing all of it; one whose index
   * fields are not those of its text is told as well. Costs a comparison a record.
   */
  readonly unfit?: (record: UnfitRecord) => void
}

/** A record that somebody changed behind the engine's back. */
export interface UnfitRecord {
  readonly id: string
  readonly kind: 'unreadable' | 'misplaced'
  /** Its place among the records that the page was read from, from 0. */
  readonly row: number
}

export interface InsertOptions {
  /** Names this attempt. A repeat with the same id and writeId is answered with the record it made. */
  readonly writeId?: string
}

/**
 * The documents of one collection. `document_too_large` above 8 MiB of JSON on every backend.
 * Every answer is durable: SQLite has fsynced, MongoDB has a majority. Reads see all answered writes.
 */
export interface Collection<T extends object, I extends string = string> {
  get(id: string): Promise<Stored<T> | undefined>
  /** Throws `document_exists` with `details.conflict` (`id`, or the unique index). */
  insert(id: string, value: T, options?: InsertOptions): Promise<Stored<T>>
  /** Replaces the value. Throws `revision_stale` when the revision is another or the document is gone,
   *  `document_exists` on a unique index. Counters keep their stored value. */
  update(id: string, revision: number, value: T): Promise<Stored<T>>
  /** With a revision: throws `revision_stale` when another. An absent document is success. */
  delete(id: string, revision?: number): Promise<void>
  find(index: I, query: Query<T>): Promise<Page<T>>
  count(index: I, query: Pick<Query<T>, 'equals' | 'range'>): Promise<number>
  /** Adds to a declared counter and resolves to its new value; an absent document is made from `initial`. */
  increment(id: string, counter: keyof T & string, by: number, initial: T): Promise<number>
}

/** One write of a batch: the same as the collection's method, with the collection named. */
export type Write =
  | { readonly kind: 'insert'; readonly in: CollectionSpec<never>; readonly id: string; readonly value: object }
  | {
      readonly kind: 'update'
      readonly in: CollectionSpec<never>
      readonly id: string
      readonly revision: number
      readonly value: object
    }
  | { readonly kind: 'delete'; readonly in: CollectionSpec<never>; readonly id: string }
  | {
      readonly kind: 'increment'
      readonly in: CollectionSpec<never>
      readonly id: string
      readonly counter: string
      readonly by: number
      readonly initial: object
    }

/** Typed document collections on one store. Implementations: sqlite.ts, mongo.ts; promises: contract.ts. */
export interface MetadataEngine {
  readonly kind: 'sqlite' | 'mongo'
  collection<T extends object, I extends string>(spec: CollectionSpec<T, I>): Collection<T, I>
  /** Unrelated writes in one go: each succeeds or fails by itself, in order given; no transaction is promised.
   *  Resolves when all are durable, one outcome each. */
  batch(writes: readonly Write[]): Promise<PromiseSettledResult<void>[]>
  /**
   * A number that stays equal while nothing was committed to the store by anyone, at most one turn of the event
   * loop late; `undefined` where the backend cannot tell (MongoDB). Costs no more than one PRAGMA a turn.
   */
  commitMark(): number | undefined
  /** Resolves with the latency in milliseconds and the server's version; throws `unavailable`. */
  ping(): Promise<{ latencyMs: number; version: string }>
  close(): Promise<void>
}

/** Declares a collection; the type argument is its document. */
export function defineCollection<T extends object>() {
  return <const I extends string>(spec: {
    name: string
    indexes: Record<I, IndexSpec<T>>
    counters?: readonly (keyof T & string)[]
    fieldsSince?: number
  }): CollectionSpec<T, I> => spec
}
