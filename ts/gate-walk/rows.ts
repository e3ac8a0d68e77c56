import { apiRows } from './api-rows.ts'
import type { Shown } from './model.ts'
import { npmRows } from './npm-rows.ts'
import { ociRows } from './oci-rows.ts'
import type { Row } from './row.ts'
import { serverRows } from './server-rows.ts'

/** The whole table: a row, or several, for every route of the server. */
export function allRows(): Row[] {
  return [...serverRows(), ...apiRows(), ...npmRows(), ...ociRows()]
}

/**
 * Those that a world is walked with: the whole table where repositories are private, elsewhere what hangs on what they
 * show; every spelling of names where something is open to strangers, too.
 */
export function rowsFor(shown: Shown): Row[] {
  if (shown === 'private') return allRows()
  return allRows().filter((row) => isAboutRepositories(row) && (shown === 'public' || !row.isSpelling))
}

/** Those of them that are compared with names never used; where little is hidden, what reads alone. */
export function comparedRowsFor(shown: Shown): Row[] {
  return rowsFor(shown).filter(({ route }) => shown === 'private' || route.startsWith('GET '))
}

function isAboutRepositories({ needs, lists }: Row): boolean {
  if (lists || typeof needs === 'function') return true
  return needs.some(({ of }) => of === 'repository' || of === 'settings')
}
