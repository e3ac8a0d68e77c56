import type { MetadataEngine } from '../metadata/engine.ts'

/** The same engine, whose process dies at the write after so many: it and all that follow throw. */
export function dyingEngine(real: MetadataEngine, writes: number): MetadataEngine {
  let left = writes
  return stoppedEngine(real, async () => {
    if (left-- <= 0) throw new Error('the process died')
  })
}

/** The same engine, whose writes wait for this first, told the collection; a batch names none. */
export function stoppedEngine(
  real: MetadataEngine,
  before: (write: { kind: string; collection?: string }) => Promise<void>,
): MetadataEngine {
  const stopped = <A extends unknown[], R>(kind: string, write: (...args: A) => Promise<R>, collection?: string) => {
    return async (...args: A): Promise<R> => {
      await before({ kind, ...(collection !== undefined && { collection }) })
      return write(...args)
    }
  }
  return {
    ...real,
    batch: stopped('batch', real.batch.bind(real)),
    collection(spec) {
      const collection = real.collection(spec)
      return {
        ...collection,
        insert: stopped('insert', collection.insert.bind(collection), spec.name),
        update: stopped('update', collection.update.bind(collection), spec.name),
        delete: stopped('delete', collection.delete.bind(collection), spec.name),
      }
    },
  }
}
