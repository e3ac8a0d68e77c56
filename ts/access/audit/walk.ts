import { hasCode } from '../../errors.ts'
import type { Page, Stored } from '../../metadata/engine.ts'
import type { AuditStreamDocument } from '../../metadata/platform-schema.ts'
import type { AuditStore } from './store.ts'

/** What a page is asked for with. */
export interface PageRequest {
  readonly limit: number
  readonly after?: string
}

const pageItems = 500

/** All documents of a query, read in pages, so that no more than one page is in memory. */
export async function* pages<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<Stored<T>> {
  for (let after: string | undefined; ; ) {
    const page = await read({ limit: pageItems, ...(after !== undefined && { after }) })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}

/** Changes a stream's record, again when somebody else did meanwhile; nothing when it is gone or `change` says so. */
export async function changeStream(
  store: AuditStore,
  id: string,
  change: (value: AuditStreamDocument) => AuditStreamDocument | undefined,
): Promise<void> {
  for (;;) {
    const known = await store.streams.get(id)
    const next = known && change(known.value)
    if (!known || !next) return
    try {
      await store.streams.update(id, known.revision, next)
      return
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
    }
  }
}
