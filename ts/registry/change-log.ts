import { hasCode } from '../errors.ts'
import type { ChangeDocument } from '../metadata/package-schema.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import type { RegistryStore } from './store.ts'

type NewChange = Omit<ChangeDocument, 'sequence'>
interface Waiting {
  readonly id: string
  readonly change: NewChange
  readonly resolve: () => void
  readonly reject: (err: unknown) => void
}

/** A repository's changes, numbered from 1 without holes; long lists and feeds read them in pages. */
export interface ChangeLog {
  /** Writes an entry; an id written before is success. Resolves when it is durable. */
  append(id: string, change: NewChange): Promise<void>
  /** Entries after a sequence, oldest first, at most `limit` (1000). */
  after(repositoryId: string, sequence: number, limit?: number): Promise<ChangeDocument[]>
  /** The repository's revision: the last sequence, 0 when nothing has happened. */
  last(repositoryId: string): Promise<number>
}

/**
 * Entries of one process for one repository are written together, in order, while the previous group is on its
 * way. A number that another process took meanwhile is no hole, so the loser takes the next free one.
 */
export function changeLog(store: RegistryStore): ChangeLog {
  const queues = new Map<string, Waiting[]>()

  async function last(repositoryId: string): Promise<number> {
    const page = await store.changes.find('bySequence', { equals: { repositoryId }, order: 'descending', limit: 1 })
    return page.items[0]?.value.sequence ?? 0
  }

  async function writeGroup(repositoryId: string, group: Waiting[]): Promise<Waiting[]> {
    let sequence = await last(repositoryId)
    const outcomes = await store.engine.batch(
      group.map(({ id, change }) => {
        sequence += 1
        return { kind: 'insert' as const, in: packageSchema.changes, id, value: { ...change, sequence } }
      }),
    )
    const again: Waiting[] = []
    outcomes.forEach((outcome, i) => {
      const waiting = group[i]
      if (!waiting) return
      if (outcome.status === 'fulfilled') waiting.resolve()
      else if (!hasCode(outcome.reason, 'document_exists')) waiting.reject(outcome.reason)
      else if (outcome.reason.details.conflict === 'id') waiting.resolve()
      else again.push(waiting)
    })
    return again
  }

  async function drain(repositoryId: string, queue: Waiting[]) {
    while (queue.length > 0) {
      const group = queue.splice(0, 100)
      try {
        queue.unshift(...(await writeGroup(repositoryId, group)))
      } catch (err) {
        for (const waiting of group) waiting.reject(err)
      }
    }
    queues.delete(repositoryId)
  }

  return {
    last,
    append(id, change) {
      return new Promise((resolve, reject) => {
        const waiting = { id, change, resolve, reject }
        const queue = queues.get(change.repositoryId)
        if (queue) {
          queue.push(waiting)
          return
        }
        const started = [waiting]
        queues.set(change.repositoryId, started)
        void drain(change.repositoryId, started)
      })
    },
    async after(repositoryId, sequence, limit = 100) {
      const page = await store.changes.find('bySequence', {
        equals: { repositoryId },
        range: { after: sequence },
        limit,
      })
      return page.items.map((item) => item.value)
    },
  }
}
