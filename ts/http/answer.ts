import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { ExternalAddress } from './address.ts'
import { securityHeaders } from './security-headers.ts'

/** What `exchange` and node's adapter keep with a request; both are absent in a test without them. */
export interface Exchange {
  readonly incoming: IncomingMessage | undefined
  readonly outgoing: ServerResponse | undefined
  readonly requestId: string | undefined
  readonly https: boolean
}

/** The node side of a request, where there is one. */
export function exchangeOf(c: Context): Exchange {
  const env: { incoming?: IncomingMessage; outgoing?: ServerResponse } = c.env ?? {}
  const external: ExternalAddress | undefined = c.get('external')
  return {
    incoming: env.incoming,
    outgoing: env.outgoing,
    requestId: c.get('requestId'),
    https: external?.origin.startsWith('https:') ?? false,
  }
}

/** Headers of an answer, lower case, with what every answer carries except the request id. */
export function completeHeaders(own: Readonly<Record<string, string>>, https: boolean): Record<string, string> {
  return { ...securityHeaders(https), ...own }
}

/**
 * Answers with bytes from memory, or with none (`undefined`: HEAD, 304). Written to node's response directly where
 * there is one: a web `Response` costs a quarter of the rate (see docs/performance.md).
 */
export function answerBytes(
  c: Context,
  status: 200 | 206 | 304,
  headers: Record<string, string>,
  body: Uint8Array<ArrayBuffer> | undefined,
): Response {
  const { outgoing, requestId } = exchangeOf(c)
  if (requestId !== undefined) headers['x-request-id'] = requestId
  // Hono makes a new Response of the one to HEAD, which loses that it was sent already.
  if (!outgoing || c.req.method === 'HEAD') return new Response(body ?? null, { status, headers })
  outgoing.writeHead(status, headers)
  outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}
