import { RegistryError } from '../../errors.ts'
import type { Query, Stored } from '../../metadata/engine.ts'
import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import { type CheckedPage, checkedPage, isEntry } from './readable.ts'
import type { AuditStore } from './store.ts'

/** What to look for; what is absent narrows nothing. */
export interface AuditFilter {
  /** The actor's id. */
  readonly actor?: string
  /** `user`, `robot`, `anonymous`, `command-line` or `system`. */
  readonly actorKind?: string
  readonly action?: string
  /** The target's id. */
  readonly target?: string
  /** Epoch milliseconds, the first included, the last not. */
  readonly from?: number
  readonly to?: number
}

export interface AuditQuery extends AuditFilter {
  /** Default: newest first. */
  readonly order?: 'ascending' | 'descending'
  /** 1 to 1000; default 100. */
  readonly limit?: number
  /** The `next` of the page before, of the same query. */
  readonly after?: string
}

export interface AuditPage {
  readonly items: readonly Stored<AuditEntryDocument>[]
  /** Absent when this was the last page. A page can be short, even empty, and still have a next. */
  readonly next?: string
  /** True when looking ended before the page was full; `next` goes on from there. */
  readonly endedEarly: boolean
  /** Ids of entries that would be here or between these, perhaps, and cannot be read. Verification tells of them, too. */
  readonly unreadable: readonly string[]
}

type Entry = Stored<AuditEntryDocument>
type EntryQuery = Query<AuditEntryDocument>
type Index = 'byTime' | 'byActor' | 'byAction' | 'byTarget'

const pageItems = 500
const mostWalked = 10_000

/**
 * One page of the entries that match all of the filter, in the order of time. It walks the index of the rarest thing
 * asked for (a target before an actor before an action) and passes at most 10,000 entries. Throws `payload_invalid`
 * for a limit out of range or a cursor of another query.
 */
export async function queryTrail(store: AuditStore, query: AuditQuery): Promise<AuditPage> {
  const { limit = 100 } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new RegistryError('payload_invalid', `A page has 1 to 1000 entries, not ${limit}.`, { field: 'limit' })
  }
  const { index, asked } = planOf(query)
  const matches = (entry: Entry) => isMatch(query, entry.value)
  const narrowing = [query.actor, query.action, query.target].filter((each) => each !== undefined)
  const isExact = narrowing.length < 2 && query.actorKind === undefined
  const items: Entry[] = []
  const unreadable: string[] = []
  let after = query.after
  for (let walked = 0; walked < mostWalked; ) {
    const request = {
      ...asked,
      limit: isExact ? limit - items.length : pageItems,
      ...(after !== undefined && { after }),
    }
    const page = await checkedPage((query) => store.entries.find(index, { ...request, ...query }), isEntry)
    const room = limit - items.length
    items.push(...page.items.filter(matches).slice(0, room))
    unreadable.push(...page.unreadable)
    if (items.length === limit)
      return { items, ...(await cursorAfter(store, index, request, page, items)), endedEarly: false, unreadable }
    if (page.next === undefined) return { items, endedEarly: false, unreadable }
    after = page.next
    walked += page.items.length + page.unreadable.length
  }
  return { items, ...(after !== undefined && { next: after }), endedEarly: true, unreadable }
}

function planOf({ actor, action, target, from, to, order }: AuditQuery): { index: Index; asked: EntryQuery } {
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { before: to }) }
  const rest = { range, order: order ?? 'descending' }
  if (target !== undefined) return { index: 'byTarget', asked: { equals: { targetId: target }, ...rest } }
  if (actor !== undefined) return { index: 'byActor', asked: { equals: { actorId: actor }, ...rest } }
  if (action !== undefined) return { index: 'byAction', asked: { equals: { action }, ...rest } }
  return { index: 'byTime', asked: rest }
}

function isMatch({ actor, actorKind, action, target }: AuditFilter, entry: AuditEntryDocument): boolean {
  return (
    (actor === undefined || entry.actorId === actor) &&
    (actorKind === undefined || entry.actorKind === actorKind) &&
    (action === undefined || entry.action === action) &&
    (target === undefined || entry.targetId === target)
  )
}

/** A cursor stands behind the last entry of a page, so a page that was not used to its end is asked for again, shorter. */
async function cursorAfter(
  store: AuditStore,
  index: Index,
  asked: EntryQuery,
  page: CheckedPage<AuditEntryDocument>,
  taken: Entry[],
) {
  const last = taken.at(-1)?.id ?? ''
  const used = page.rowsTo(last)
  const unfit = () => {}
  const { next } =
    page.items.at(-1)?.id === last ? page : await store.entries.find(index, { ...asked, limit: used, unfit })
  return next === undefined ? {} : { next }
}
