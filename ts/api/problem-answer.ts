import { STATUS_CODES } from 'node:http'
import type { Problem } from '../../ts_interfaces/problem.ts'
import { type RegistryError, statusOf, toRegistryError } from '../errors.ts'
import { errorHeaders } from '../http/error-headers.ts'
import type { ApiContext } from './route.ts'

/** An error as problem details (RFC 9457). The unexpected is logged with its cause and not shown. */
export function problemAnswer(err: unknown, c: ApiContext): Response {
  const error = toRegistryError(err)
  if (error.code === 'internal') c.var.log.error({ err: error.cause ?? error }, 'an API request failed')
  const status = statusOf[error.code]
  const { errors, field, id } = error.details
  const list = errors ?? (field === undefined ? undefined : [{ field, message: error.message }])
  const problem: Problem = {
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: detailOf(error),
    ...(list && { errors: [...list] }),
    ...(id !== undefined && { id }),
    requestId: c.var.requestId,
  }
  return c.body(JSON.stringify(problem), status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...errorHeaders(error),
    ...challenge(error),
  })
}

/** Names the field that is wrong, where the message does not. */
function detailOf({ code, message, details: { field } }: RegistryError): string {
  const isOfField = code === 'payload_invalid' || code === 'unprocessable'
  return !isOfField || field === undefined || message.includes(field) ? message : `${field}: ${message}`
}

/** No Basic challenge: a browser would ask for a password in a window of its own. */
function challenge({ code }: RegistryError): Record<string, string> {
  if (statusOf[code] !== 401) return {}
  const error = code === 'credentials_invalid' ? ', error="invalid_token"' : ''
  return { 'www-authenticate': `Bearer realm="stowage"${error}` }
}
