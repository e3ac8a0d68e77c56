import type { MetadataEngine } from '../metadata/engine.ts'

/** The same engine; the collection of each read is added to the list. */
export function heardReads(engine: MetadataEngine, asked: string[]): MetadataEngine {
  return {
    kind: engine.kind,
    collection(spec) {
      const inner = engine.collection(spec)
      const heard = <A extends unknown[], R>(read: (...args: A) => R) => {
        return (...args: A): R => {
          asked.push(spec.name)
          return read(...args)
        }
      }
      return {
        get: heard(inner.get.bind(inner)),
        find: heard(inner.find.bind(inner)),
        count: heard(inner.count.bind(inner)),
        insert: inner.insert.bind(inner),
        update: inner.update.bind(inner),
        delete: inner.delete.bind(inner),
        increment: inner.increment.bind(inner),
      }
    },
    batch: (writes) => engine.batch(writes),
    commitMark: () => engine.commitMark(),
    ping: () => engine.ping(),
    close: () => engine.close(),
  }
}
