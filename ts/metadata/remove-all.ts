import type { CollectionSpec, MetadataEngine, Page } from './engine.ts'

/**
 * Removes what `find` finds, a page at a time, until it finds a last page. Resolves to how many documents there were.
 * Throws what a write throws; what was removed by then is gone.
 */
export async function removeAll(
  engine: MetadataEngine,
  in_: CollectionSpec<never>,
  find: () => Promise<Page<object>>,
): Promise<number> {
  for (let removed = 0; ; ) {
    const { items, next } = await find()
    if (items.length > 0) {
      const outcomes = await engine.batch(items.map(({ id }) => ({ kind: 'delete', in: in_, id })))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    }
    removed += items.length
    if (next === undefined) return removed
  }
}
