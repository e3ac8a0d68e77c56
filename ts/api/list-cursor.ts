import type { Access } from '../access/access.ts'
import type { Answer, ApiContext, Route, Streamed } from './route.ts'

type Given = Pick<Access, 'cursors'>

/**
 * The query of a list with its cursor as the resource gave it out. Throws `payload_invalid` for a cursor of another
 * list, of other filters or of another installation; the limit may change between pages.
 */
export function unsealedCursor(route: Route, c: ApiContext, { cursors }: Given, query: unknown): unknown {
  if (!isRecord(query) || typeof query['cursor'] !== 'string') return query
  return { ...query, cursor: cursors.open(listOf(route, c, query), query['cursor']) }
}

/** The answer with its `next` sealed, when it is a page. */
export function sealedNext<T extends Answer<unknown> | Streamed | undefined>(
  route: Route,
  c: ApiContext,
  { cursors }: Given,
  query: unknown,
  answer: T,
): T {
  if (!isRecord(query) || !answer || 'stream' in answer) return answer
  const { body } = answer
  if (!isRecord(body) || typeof body['next'] !== 'string') return answer
  return { ...answer, body: { ...body, next: cursors.seal(listOf(route, c, query), body['next']) } }
}

/** Which list it is: the route, what its path names, and the filters. */
function listOf({ path }: Route, c: ApiContext, { limit: _, cursor: __, ...filters }: Record<string, unknown>): string {
  return JSON.stringify([path, inOrder(c.req.param()), inOrder(filters)])
}

function inOrder(record: Record<string, unknown>): [string, unknown][] {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
