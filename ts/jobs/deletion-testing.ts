import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { deletionsIn } from '../access/deletions.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { repositorySweep } from '../registry/sweep-repository.ts'
import { advanceDeletions } from './deletions.ts'

/** Nobody is waited for. */
export const atOnce = { sweepAfterMs: 0, buryAfterMs: 0 }
/** As a bound of time: none. */
export const ended = Number.MAX_SAFE_INTEGER

/** What the job works with. */
export function deletionDeps(engine: MetadataEngine) {
  return { deletions: deletionsIn(engine, 'main'), sweep: repositorySweep(engine) }
}

/** Is no deletion under way? */
export async function isAtEnd(engine: MetadataEngine): Promise<boolean> {
  const { deletions } = deletionDeps(engine)
  return [...(await deletions.organizationsBegun(ended)), ...(await deletions.repositoriesBegun(ended))].length === 0
}

/** What the job does, again and again. */
export async function runToTheEnd(engine: MetadataEngine): Promise<void> {
  for (let runs = 0; !(await isAtEnd(engine)); runs++) {
    assert.ok(runs < 1000, 'the deletion ends')
    await advanceDeletions(deletionDeps(engine), ended, atOnce)
    await setImmediate()
  }
}
