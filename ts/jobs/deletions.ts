import type { Deletions } from '../access/deletions.ts'
import type { Sweep } from '../registry/sweep-repository.ts'

export interface DeletionDeps {
  readonly deletions: Deletions
  readonly sweep: Pick<Sweep, 'pass'>
}

/** Since something was marked; no clock of a replica may be further off than what these leave. */
export interface DeletionWaits {
  /** Until then another replica may still let requests in. */
  readonly sweepAfterMs: number
  /** Until then downloads that it counted before may still be written, which happens every ten seconds. */
  readonly buryAfterMs: number
}

export const deletionWaits: DeletionWaits = { sweepAfterMs: 10_000, buryAfterMs: 30_000 }

/**
 * Goes on with every deletion that was begun, and begins nothing more after `until` (epoch milliseconds). Stopped at any
 * step it goes on from there, here or on another replica; two at once do no harm.
 */
export async function advanceDeletions(
  deps: DeletionDeps,
  until: number,
  { sweepAfterMs, buryAfterMs }: DeletionWaits = deletionWaits,
): Promise<void> {
  const { deletions } = deps
  const now = Date.now()
  const isOld = ({ deletingAt = now }: { deletingAt?: number }) => deletingAt <= now - buryAfterMs

  // Organizations first: that marks their repositories, and is quick.
  for (const { id, value } of await deletions.organizationsBegun(now - sweepAfterMs)) {
    const { removed, isWaiting } = await deletions.sweepOrganization(id)
    if (removed === 0 && !isWaiting && isOld(value)) await deletions.buryOrganization(id)
    if (Date.now() > until) return
  }
  for (const { id, value } of await deletions.repositoriesBegun(now - sweepAfterMs)) {
    if ((await isSwept(deps, id, until)) && isOld(value)) await deletions.buryRepository(id)
    if (Date.now() > until) return
  }
}

/** True when a pass found nothing at all. */
async function isSwept({ deletions, sweep }: DeletionDeps, repositoryId: string, until: number): Promise<boolean> {
  for (;;) {
    const pointers = await deletions.sweepRepository(repositoryId)
    const { removed, isWaiting } = await sweep.pass(repositoryId)
    if (pointers + removed === 0) return !isWaiting
    if (Date.now() > until) return false
  }
}
