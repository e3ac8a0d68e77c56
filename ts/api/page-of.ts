import type { Page as Answered, PageQuery } from '../../ts_interfaces/common.ts'
import type { Page } from '../metadata/engine.ts'

/** A page as the store is asked for it. */
export function storePage({ limit, cursor }: PageQuery): { limit: number; after?: string } {
  return { limit, ...(cursor !== undefined && { after: cursor }) }
}

/** A page of the store as it is answered; an item that `show` leaves out is none. */
export async function pageOf<T, A>(
  { items, next }: Page<T>,
  show: (item: Page<T>['items'][number]) => A | undefined | Promise<A | undefined>,
): Promise<{ items: A[]; next?: string }> {
  const shown = (await Promise.all(items.map(show))).filter((item) => item !== undefined)
  return { items: shown, ...(next !== undefined && { next }) } satisfies Answered<A>
}

/** A time as it is answered. */
export function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
