import { hasCode, RegistryError } from '../errors.ts'
import type { Collection, Stored } from '../metadata/engine.ts'

const maxAttempts = 20

/**
 * Reads, changes and stores a document, again when somebody else changed it in between. `edit` gets each newer value
 * and may throw to refuse. `undefined` when there is no such document; throws what `update` throws.
 * With a revision: throws `precondition_failed` when the document has another.
 */
export async function changeDocument<T extends object>(
  collection: Collection<T>,
  id: string,
  edit: (value: T) => T,
  revision?: number,
): Promise<Stored<T> | undefined> {
  for (let attempt = 1; ; attempt++) {
    const current = await collection.get(id)
    if (!current) return undefined
    if (revision !== undefined && current.revision !== revision) {
      throw changedMeanwhile()
    }
    try {
      return await collection.update(id, current.revision, edit(current.value))
    } catch (err) {
      if (attempt === maxAttempts || !hasCode(err, 'revision_stale')) throw err
    }
  }
}

/** For a change that was decided on something older than what is there. */
export function changedMeanwhile(): RegistryError {
  return new RegistryError('precondition_failed', 'Somebody else changed this. Read it again, then decide anew.')
}
