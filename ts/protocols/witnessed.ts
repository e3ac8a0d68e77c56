import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { anonymousActor, type RecordEntry, witnessing } from '../access/audit/witness.ts'
import { refusedRequests } from '../access/refused-requests.ts'
import type { Env } from './protocol.ts'

/**
 * Serves each request under the eyes of a witness, which the audit trail asks who did what. That a signed-in principal
 * is refused is durable before the answer goes; when the trail cannot be written, the refusal stands all the same.
 * `requestId`, `external` and `log` of the request must be set before.
 */
export function witnessed(record: RecordEntry): MiddlewareHandler<Env> {
  const recordRefusal = refusedRequests(record)
  return (c, next) => {
    const { requestId, external } = c.var
    const occasion = { requestId, address: external.clientAddress, userAgent: c.req.header('user-agent') ?? '' }
    return witnessing(occasion, anonymousActor, async () => {
      await next()
      if (!c.error) return
      try {
        await recordRefusal(c.error, `${c.req.method} ${routePath(c)}`)
      } catch (err) {
        c.var.log.error({ err }, 'A refusal was not written to the audit trail')
      }
    })
  }
}
