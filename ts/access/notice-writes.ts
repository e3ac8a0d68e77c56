import type { Collection, CollectionSpec, MetadataEngine } from '../metadata/engine.ts'

/** The same engine, but `onWrite` is called after each write that may have changed something, also a failed one. */
export function noticeWrites(engine: MetadataEngine, onWrite: () => void): MetadataEngine {
  const after = <A extends unknown[], R>(write: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => write(...args).finally(onWrite)
  }

  return {
    kind: engine.kind,
    collection<T extends object, I extends string>(spec: CollectionSpec<T, I>): Collection<T, I> {
      const inner = engine.collection(spec)
      return {
        get: (id) => inner.get(id),
        find: (index, query) => inner.find(index, query),
        count: (index, query) => inner.count(index, query),
        insert: after(inner.insert.bind(inner)),
        update: after(inner.update.bind(inner)),
        delete: after(inner.delete.bind(inner)),
        increment: after(inner.increment.bind(inner)),
      }
    },
    batch: after(engine.batch.bind(engine)),
    commitMark: () => engine.commitMark(),
    ping: () => engine.ping(),
    close: () => engine.close(),
  }
}
