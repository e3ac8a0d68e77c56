import type { StatusCode } from 'hono/utils/http-status'
import type { OciContext } from './place.ts'

/** On every answer below `/v2/`: some clients look for it to tell a registry from another server. */
export const versionHeader = { 'docker-distribution-api-version': 'registry/2.0' } as const

/** An answer without a body. */
export function answerEmpty(c: OciContext, status: 201 | 202 | 204, headers: Record<string, string>): Response {
  const length = status === 204 ? {} : { 'content-length': '0' }
  return c.body(null, status, { ...versionHeader, ...length, ...headers })
}

/** A small JSON answer, its length told. */
export function answerJson(
  c: OciContext,
  status: StatusCode,
  value: unknown,
  headers: Record<string, string> = {},
): Response {
  const body = JSON.stringify(value)
  return c.newResponse(body, status, {
    ...versionHeader,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  })
}

/** A path below `/v2/` as clients must ask for it: without scheme and host, which a proxy may have changed. */
export function locationOf(c: OciContext, path: string): string {
  return `${c.var.external.prefix}/v2/${path}`
}

/** Sends a header once for each value, as a list; where there is no socket (tests), joined by commas. */
export function setEach(c: OciContext, name: string, values: readonly string[]): void {
  if (values.length === 0) return
  const { outgoing } = c.env ?? {}
  if (outgoing && 'setHeader' in outgoing) outgoing.setHeader(name, [...values])
  else c.header(name, values.join(', '))
}
