import type { Stored } from '../metadata/engine.ts'

/** What an organization and a repository have of their end. */
export interface Mortal {
  readonly deletingAt?: number
  readonly deletedAt?: number
}

/** Is it being deleted, or deleted? Then it does not exist for anybody. */
export function isGone({ deletingAt, deletedAt }: Mortal): boolean {
  return deletingAt !== undefined || deletedAt !== undefined
}

/** What was found, unless it is being deleted or deleted. */
export function present<T extends Mortal>(found: Stored<T> | undefined): Stored<T> | undefined {
  return found && !isGone(found.value) ? found : undefined
}

/** These follow what had the name that somebody asks for. */
export const deletedForGood = 'was deleted, and its name is not used again unless a platform admin frees it.'
export const stillBeingDeleted =
  'is still being deleted. When that is done, its name is not used again unless a platform admin frees it.'
