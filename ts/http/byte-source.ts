/** Inclusive at both ends, as in an HTTP Range. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Where bytes come from by name: what this layer needs of a blob store. */
export interface ByteSource<Name extends string> {
  /** `undefined` when absent. Every chunk has memory of its own; returning early frees everything. */
  read(name: Name, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  /** The file that holds the bytes; `undefined` where there is none. */
  localPath(name: Name): string | undefined
}
