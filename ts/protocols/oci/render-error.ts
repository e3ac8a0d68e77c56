import type { Context } from 'hono'
import { type ErrorCode, type RegistryError, statusOf } from '../../errors.ts'
import { errorHeaders } from '../../http/error-headers.ts'
import type { Env } from '../protocol.ts'
import { answerJson } from './answers.ts'
import { challengeOf } from './challenge.ts'
import { receivedRange } from './content-range.ts'

/** The specification's codes, and two of the reference implementation's for faults of the server. */
type OciCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE'
  | 'UNKNOWN'
  | 'UNSUPPORTED'

/** What is not here is nothing that a request of this protocol should meet; see `codeOf`. */
const codes: Partial<Record<ErrorCode, OciCode>> = {
  digest_mismatch: 'DIGEST_INVALID',
  digest_invalid: 'DIGEST_INVALID',
  name_invalid: 'NAME_INVALID',
  manifest_invalid: 'MANIFEST_INVALID',
  reference_unknown: 'MANIFEST_BLOB_UNKNOWN',
  size_invalid: 'SIZE_INVALID',
  auth_required: 'UNAUTHORIZED',
  credentials_invalid: 'UNAUTHORIZED',
  access_denied: 'DENIED',
  name_taken: 'DENIED',
  in_use: 'DENIED',
  organization_unknown: 'NAME_UNKNOWN',
  repository_unknown: 'NAME_UNKNOWN',
  package_unknown: 'NAME_UNKNOWN',
  version_unknown: 'MANIFEST_UNKNOWN',
  file_unknown: 'MANIFEST_UNKNOWN',
  route_unknown: 'UNSUPPORTED',
  method_not_allowed: 'UNSUPPORTED',
  blob_unknown: 'BLOB_UNKNOWN',
  upload_unknown: 'BLOB_UPLOAD_UNKNOWN',
  upload_busy: 'BLOB_UPLOAD_INVALID',
  upload_too_slow: 'BLOB_UPLOAD_INVALID',
  payload_too_large: 'SIZE_INVALID',
  document_too_large: 'SIZE_INVALID',
  too_many_requests: 'TOOMANYREQUESTS',
  internal: 'UNKNOWN',
  unavailable: 'UNAVAILABLE',
  upstream_unavailable: 'UNAVAILABLE',
  storage_full: 'UNAVAILABLE',
}

/** Of what is missing; the message says how many there are. */
const mostNamed = 100

/** A body as clients parse it: `{"errors":[{"code","message","detail"}]}`. */
export function renderError(err: RegistryError, c: Context<Env>): Response {
  const headers: Record<string, string> = errorHeaders(err)
  if (err.code === 'auth_required' || err.code === 'credentials_invalid') {
    headers['www-authenticate'] = challengeOf(err, c)
  }
  const { field, errors, sizeBytes } = err.details
  // Of a chunk at the wrong place: how much is there, and where to go on.
  if (err.code === 'range_invalid' && isUpload(c)) {
    delete headers['content-range']
    headers['location'] = c.var.external.prefix + c.req.path
    if (sizeBytes !== undefined) headers['range'] = receivedRange(sizeBytes)
  }
  const detail =
    errors?.slice(0, mostNamed).map(({ field: digest, message }) => ({ digest, message })) ??
    (field === undefined ? undefined : { field })
  const error = { code: codeOf(err, c), message: err.message, ...(detail && { detail }) }
  return answerJson(c, statusOf[err.code], { errors: [error] }, headers)
}

function isUpload(c: Context<Env>): boolean {
  return /\/blobs\/uploads(?:\/[^/]*)?$/.test(c.req.path)
}

function codeOf({ code }: RegistryError, c: Context<Env>): OciCode {
  const found = codes[code]
  if (found) return found
  if (isUpload(c)) return 'BLOB_UPLOAD_INVALID'
  if (code === 'range_invalid') return 'SIZE_INVALID'
  return c.req.method === 'PUT' ? 'MANIFEST_INVALID' : 'UNSUPPORTED'
}
