import { createHash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import { matchesEtag } from '../http/conditional.ts'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { ApiContext } from './route.ts'

/** Of what people set: its record also changes when search has followed a visibility. With quotes. */
export function repositoryEtag({ value }: Stored<RepositoryDocument>): string {
  const { repostSince: _, ...set } = value
  const sorted = Object.entries(set).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `"${createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16)}"`
}

/**
 * The revision that a change is bound to: that of `current` when `If-Match` names it, `undefined` without `If-Match`.
 * Throws `precondition_failed` when it names another.
 */
export function repositoryRevision(c: ApiContext, current: Stored<RepositoryDocument>): number | undefined {
  const wanted = c.req.header('if-match')
  if (wanted === undefined) return undefined
  if (matchesEtag(wanted, repositoryEtag(current))) return current.revision
  throw new RegistryError('precondition_failed', 'This was changed since you read it. Read it again.', {
    field: 'If-Match',
  })
}
