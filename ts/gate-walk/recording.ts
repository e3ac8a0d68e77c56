import type { Passwords } from '../access/passwords.ts'
import type { BlobStore } from '../blobs/store.ts'
import type { Collection, MetadataEngine, Query } from '../metadata/engine.ts'

/** What a request asked of the stores and of the password hash, in order: `memberships.get`, `password.verify`. */
export interface Recording {
  readonly engine: (engine: MetadataEngine) => MetadataEngine
  readonly blobs: (blobs: BlobStore) => BlobStore
  readonly passwords: (passwords: Passwords) => Passwords
  /** What is asked while this runs. Nothing that was read before counts as known then. */
  of<T>(run: () => Promise<T>): Promise<{ readonly answer: T; readonly calls: readonly string[] }>
}

/** Wrappers of stores that share one record. */
export function recording(): Recording {
  let calls: string[] | undefined
  let turn = 0
  const told = <R>(call: string, result: R): R => {
    calls?.push(call)
    return result
  }

  return {
    engine: (engine) => ({
      kind: engine.kind,
      collection: (spec) => recordedCollection(spec.name, engine.collection(spec), told),
      batch: (writes) => told(`batch of ${writes.length}`, engine.batch(writes)),
      // Another one for each recording: whatever earlier requests left is asked for again.
      commitMark: () => (calls ? turn : engine.commitMark()),
      ping: () => engine.ping(),
      close: () => engine.close(),
    }),
    blobs: (blobs) => ({
      kind: blobs.kind,
      uploads: {
        minChunkBytes: blobs.uploads.minChunkBytes,
        begin: () => blobs.uploads.begin(),
        append: (state, bytes, options) => told('uploads.append', blobs.uploads.append(state, bytes, options)),
        settle: (dropped, kept) => told('uploads.settle', blobs.uploads.settle(dropped, kept)),
        finish: (state, hashes) => told('uploads.finish', blobs.uploads.finish(state, hashes)),
        discard: (state) => told('uploads.discard', blobs.uploads.discard(state)),
      },
      stage: (bytes, options) => told('blobs.stage', blobs.stage(bytes, options)),
      read: (digest, range) => told('blobs.read', blobs.read(digest, range)),
      stat: (digest) => told('blobs.stat', blobs.stat(digest)),
      delete: (digest, confirm) => told('blobs.delete', blobs.delete(digest, confirm)),
      quarantine: (digest) => told('blobs.quarantine', blobs.quarantine(digest)),
      list: (options) => told('blobs.list', blobs.list(options)),
      sweep: (olderThanSeconds) => blobs.sweep(olderThanSeconds),
      localPath: (digest) => told('blobs.localPath', blobs.localPath(digest)),
      ping: () => blobs.ping(),
      close: () => blobs.close(),
    }),
    passwords: (passwords) => ({
      hash: (password) => told('password.hash', passwords.hash(password)),
      verify: (password, known) => told('password.verify', passwords.verify(password, known)),
      remembers: (password, known) => passwords.remembers(password, known),
      close: () => passwords.close(),
    }),
    async of(run) {
      const mine: string[] = []
      calls = mine
      turn--
      try {
        return { answer: await run(), calls: mine }
      } finally {
        calls = undefined
      }
    },
  }
}

function recordedCollection<T extends object, I extends string>(
  name: string,
  inner: Collection<T, I>,
  told: <R>(call: string, result: R) => R,
): Collection<T, I> {
  return {
    get: (id) => told(`${name}.get`, inner.get(id)),
    find: (index, query) => told(`${name}.find ${index} ${shapeOf(query)}`, inner.find(index, query)),
    count: (index, query) => told(`${name}.count ${index} ${shapeOf(query)}`, inner.count(index, query)),
    insert: (id, value, options) => told(`${name}.insert`, inner.insert(id, value, options)),
    update: (id, revision, value) => told(`${name}.update`, inner.update(id, revision, value)),
    delete: (id, revision) => told(`${name}.delete`, inner.delete(id, revision)),
    increment: (id, counter, by, initial) => told(`${name}.increment`, inner.increment(id, counter, by, initial)),
  }
}

/** Which fields are asked for, and how many records at most. */
function shapeOf<T>({ equals = {}, limit }: Query<T>): string {
  return `(${Object.keys(equals).join(', ')}) ${limit ?? ''}`
}
