import { RegistryError } from '../errors.ts'
import { parseJson } from '../http/json.ts'
import type { SearchHit, SearchResult } from '../registry/search.ts'

export type Sort = 'relevance' | 'name' | 'updated' | 'downloads'

/** What hits are ordered by. */
interface Position {
  readonly rank: number
  readonly downloads: number
  readonly updatedAt: number
  readonly name: string
  readonly id: string
}

export interface SortedPage {
  readonly hits: readonly SearchHit[]
  readonly next?: string
  readonly isIncomplete?: true
}

/** More than a search finds. */
const everyHit = 10_000

/**
 * A page of what a search finds, in order. The cursor is the last hit's place in it, so that what is published meanwhile
 * moves nothing. Throws `unprocessable` when there is too much to sort by anything but relevance, and `payload_invalid`
 * for a cursor of another list.
 */
export async function sortedPage(
  search: (size: number) => Promise<SearchResult>,
  sort: Sort,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<SortedPage> {
  const isFirstByRelevance = sort === 'relevance' && cursor === undefined
  const { hits, complete, total } = await search(isFirstByRelevance ? limit : everyHit)
  if (!complete && sort !== 'relevance') throw tooMany(sort)
  const left = isFirstByRelevance ? hits : inOrder(hits, sort, cursor)
  const page = left.slice(0, limit)
  const last = page.at(-1)
  const hasMore = (isFirstByRelevance ? total : left.length) > page.length
  return {
    hits: page,
    ...(hasMore && last && { next: cursorOf(sort, last) }),
    ...(!complete && { isIncomplete: true }),
  }
}

function inOrder(hits: readonly SearchHit[], sort: Sort, cursor: string | undefined): SearchHit[] {
  const order = orders[sort]
  const after = cursor === undefined ? undefined : readCursor(cursor, sort)
  const left = after ? hits.filter((hit) => order(positionOf(hit), after) > 0) : [...hits]
  return left.sort((a, b) => order(positionOf(a), positionOf(b)))
}

function positionOf({ package: { id, value }, rank, downloads }: SearchHit): Position {
  return { rank, downloads, updatedAt: value.updatedAt, name: value.name, id }
}

type Order = (a: Position, b: Position) => number
const byName: Order = (a, b) => compare(a.name, b.name) || compare(a.id, b.id)
const byDownloads: Order = (a, b) => b.downloads - a.downloads || byName(a, b)
const orders: Record<Sort, Order> = {
  relevance: (a, b) => a.rank - b.rank || byDownloads(a, b),
  name: byName,
  updated: (a, b) => b.updatedAt - a.updatedAt || byName(a, b),
  downloads: byDownloads,
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function cursorOf(sort: Sort, hit: SearchHit): string {
  const { rank, downloads, updatedAt, name, id } = positionOf(hit)
  return Buffer.from(JSON.stringify([sort, rank, downloads, updatedAt, name, id])).toString('base64url')
}

function readCursor(cursor: string, sort: Sort): Position {
  try {
    const parts = parseJson(Buffer.from(cursor, 'base64url'))
    if (!Array.isArray(parts) || parts.length !== 6) throw strangeCursor()
    const [of, rank, downloads, updatedAt, name, id]: unknown[] = parts
    const isPosition = of === sort && [rank, downloads, updatedAt].every(Number.isFinite)
    if (!isPosition || typeof name !== 'string' || typeof id !== 'string') throw strangeCursor()
    return { rank: Number(rank), downloads: Number(downloads), updatedAt: Number(updatedAt), name, id }
  } catch {
    throw strangeCursor()
  }
}

function strangeCursor(): RegistryError {
  return new RegistryError(
    'payload_invalid',
    'The cursor is not one that this list gave out; start again without it.',
    {
      field: 'cursor',
    },
  )
}

function tooMany(sort: Sort): RegistryError {
  const message = `There are too many packages to sort by ${sort}. Give a text, an organization or a repository; or, without a text, sort by created.`
  return new RegistryError('unprocessable', message, { field: 'sort' })
}
