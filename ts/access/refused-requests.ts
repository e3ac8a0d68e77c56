import { hasCode } from '../errors.ts'
import { attested, type RecordEntry, witness } from './audit/witness.ts'

/**
 * Tells the trail that a signed-in principal was refused, given the error that the request ends with; does nothing for
 * any other. `route` is what was asked for where no gate was: `PUT /api/v1/users/:id`.
 */
export function refusedRequests(record: RecordEntry): (error: unknown, route: string) => Promise<void> {
  return async (error, route) => {
    const seen = witness()
    if (seen?.actor.kind !== 'user' && seen?.actor.kind !== 'robot') return
    const noted = seen.refusal?.error === error ? seen.refusal : undefined
    if (!noted && !hasCode(error, 'access_denied')) return
    // What a handler itself refuses is about the place that the gate let it to.
    const target = noted ? await noted.target() : (seen.place?.() ?? { kind: 'route', id: route, name: route })
    if (!target) return
    const why = error instanceof Error ? error.message : ''
    const details = { asked: noted?.asked ?? route, why }
    await record(attested({ action: 'access.refused', outcome: 'refused', target, details }))
  }
}
