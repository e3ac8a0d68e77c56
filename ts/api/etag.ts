import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { ApiContext } from './route.ts'

/** The entity tag of a record; `form` where it is shown in several. */
export function etagOf({ revision }: Pick<Stored<unknown>, 'revision'>, form = ''): string {
  return `"${revision}${form}"`
}

/**
 * The revision that a change is bound to: that of `current` when `If-Match` names it (`*`: whatever there is),
 * `undefined` without `If-Match`. Throws `precondition_failed` when it names another.
 */
export function revisionToMatch(c: ApiContext, current: Pick<Stored<unknown>, 'revision'>): number | undefined {
  const wanted = c.req.header('if-match')
  if (wanted === undefined) return undefined
  const tags = [...wanted.matchAll(/(?:W\/)?"[^"]*"/g)].map(([tag]) => tag)
  if (wanted.trim() === '*' || tags.includes(etagOf(current))) return current.revision
  throw new RegistryError('precondition_failed', 'This was changed since you read it. Read it again.', {
    field: 'If-Match',
  })
}
