import type { Collection, Write } from './engine.ts'

/** A collection of documents whose type is known to their writer alone. */
export type LooseCollection = Collection<Record<string, unknown>>

/** Carries one write of a batch out on the collection that it names. */
export async function writeTo(collection: LooseCollection, write: Write): Promise<void> {
  if (write.kind === 'delete') await collection.delete(write.id)
  else if (write.kind === 'increment')
    await collection.increment(write.id, write.counter, write.by, { ...write.initial })
  else if (write.kind === 'insert') await collection.insert(write.id, { ...write.value })
  else await collection.update(write.id, write.revision, { ...write.value })
}
