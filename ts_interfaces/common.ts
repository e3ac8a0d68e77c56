import { z } from 'zod'

/** A point in time: ISO 8601, UTC. */
export const time = z.iso
  .datetime('This is a time in UTC such as 2026-01-31T12:00:00Z.')
  .meta({ description: 'ISO 8601, UTC' })

/** Ids begin with what they are of: `usr_…`, `org_…`. */
export const id = z.string().min(1).max(100)

/** What may name an organization, repository, team or robot. The pattern is told, and checked where names are kept. */
export const slug = z.string().min(1).max(64).meta({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' })

export const visibility = z.enum(['public', 'internal', 'private'])
export const action = z.enum(['read', 'write', 'delete', 'admin'])

const limitForm = 'This is a whole number from 1 to 100.'

/** How lists are asked for. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number(limitForm).int(limitForm).min(1, limitForm).max(100, limitForm).default(50),
  cursor: z.string().max(2000).optional().meta({ description: '`next` of the page before' }),
})
export type PageQuery = z.output<typeof pageQuery>

/** A part of a list. `next` is absent on the last page. */
export function page<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next: z.string().optional() })
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}
