import { createHash } from 'node:crypto'
import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { PackageEntered } from './package-entry.ts'
import type { ApiContext } from './route.ts'

/** The entity tag of a record; `form`, which begins with `-`, where it is shown in several or with what others change. */
export function etagOf({ revision }: Pick<Stored<unknown>, 'revision'>, form = ''): string {
  return `"${revision}${form}"`
}

/**
 * The entity tag of something of a package: by its record's revision, and where tags are records of their own by what is
 * shown of them.
 */
export function packageEtag({ package: pkg, protocol }: PackageEntered, body: object, form = ''): string {
  if (!protocol.rules.hasTagRecords) return etagOf(pkg, form)
  return etagOf(pkg, `-${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 16)}`)
}

/** The entity tag of what strangers are shown: it stays when something else of the record changes. No revision has it. */
export function publicEtag(body: object): string {
  return `"public-${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 16)}"`
}

/**
 * The revision that a change is bound to: that of `current` when `If-Match` names it in any form (`*`: whatever there is),
 * `undefined` without `If-Match`. Throws `precondition_failed` when it names another.
 */
export function revisionToMatch(c: ApiContext, current: Pick<Stored<unknown>, 'revision'>): number | undefined {
  const wanted = c.req.header('if-match')
  if (wanted === undefined) return undefined
  const tags = [...wanted.matchAll(/(?:W\/)?"[^"]*"/g)].map(([tag]) => tag)
  const isCurrent = tags.some((tag) => tag === etagOf(current) || tag.startsWith(`"${current.revision}-`))
  if (wanted.trim() === '*' || isCurrent) return current.revision
  throw new RegistryError('precondition_failed', 'This was changed since you read it. Read it again.', {
    field: 'If-Match',
  })
}
