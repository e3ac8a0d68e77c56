import type { BlobStore } from './store.ts'

/** The store, telling how long each call took. Reading counts to the first byte, staging includes the sender's pace. */
export function timedBlobs(store: BlobStore, tell: (operation: string, seconds: number) => void): BlobStore {
  async function timed<R>(operation: string, call: Promise<R>): Promise<R> {
    const startedAt = performance.now()
    try {
      return await call
    } finally {
      tell(operation, (performance.now() - startedAt) / 1000)
    }
  }
  const { uploads } = store
  return {
    kind: store.kind,
    uploads: {
      minChunkBytes: uploads.minChunkBytes,
      begin: () => uploads.begin(),
      append: (state, bytes, options) => timed('append', uploads.append(state, bytes, options)),
      settle: (dropped, kept) => uploads.settle(dropped, kept),
      finish: (state, hashes) => timed('finish', uploads.finish(state, hashes)),
      discard: (state) => uploads.discard(state),
    },
    stage: (bytes, options) => timed('stage', store.stage(bytes, options)),
    read: (digest, range) => timed('read', store.read(digest, range)),
    stat: (digest) => timed('stat', store.stat(digest)),
    delete: (digest, confirm) => timed('delete', store.delete(digest, confirm)),
    quarantine: (digest) => timed('quarantine', store.quarantine(digest)),
    list: (options) => timed('list', store.list(options)),
    sweep: (olderThanSeconds) => store.sweep(olderThanSeconds),
    localPath: (digest) => store.localPath(digest),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}
