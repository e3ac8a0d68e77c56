import type { Collection, MetadataEngine } from './engine.ts'

/** The engine, telling how long each call took. */
export function timedEngine(
  engine: MetadataEngine,
  tell: (operation: string, seconds: number) => void,
): MetadataEngine {
  async function timed<R>(operation: string, call: Promise<R>): Promise<R> {
    const startedAt = performance.now()
    try {
      return await call
    } finally {
      tell(operation, (performance.now() - startedAt) / 1000)
    }
  }

  function timedCollection<T extends object, I extends string>(collection: Collection<T, I>): Collection<T, I> {
    return {
      get: (id) => timed('get', collection.get(id)),
      insert: (id, value, options) => timed('insert', collection.insert(id, value, options)),
      update: (id, revision, value) => timed('update', collection.update(id, revision, value)),
      delete: (id, revision) => timed('delete', collection.delete(id, revision)),
      find: (index, query) => timed('find', collection.find(index, query)),
      count: (index, query) => timed('count', collection.count(index, query)),
      increment: (id, counter, by, initial) => timed('increment', collection.increment(id, counter, by, initial)),
    }
  }

  return {
    kind: engine.kind,
    collection: (spec) => timedCollection(engine.collection(spec)),
    batch: (writes) => timed('batch', engine.batch(writes)),
    commitMark: () => engine.commitMark(),
    ping: () => engine.ping(),
    close: () => engine.close(),
  }
}
