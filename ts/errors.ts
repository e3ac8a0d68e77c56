/**
 * What went wrong, in the registry's own words. Protocols translate these codes for their client; this table
 * alone chooses the status.
 */
export const statusOf = {
  payload_invalid: 400,
  digest_mismatch: 400,
  digest_invalid: 400,
  name_invalid: 400,
  manifest_invalid: 400,
  reference_unknown: 400,
  size_invalid: 400,
  auth_required: 401,
  credentials_invalid: 401,
  access_denied: 403,
  route_unknown: 404,
  organization_unknown: 404,
  repository_unknown: 404,
  package_unknown: 404,
  version_unknown: 404,
  file_unknown: 404,
  blob_unknown: 404,
  upload_unknown: 404,
  user_unknown: 404,
  team_unknown: 404,
  robot_unknown: 404,
  token_unknown: 404,
  session_unknown: 404,
  stage_unknown: 404,
  job_unknown: 404,
  method_not_allowed: 405,
  upload_too_slow: 408,
  version_exists: 409,
  name_taken: 409,
  document_exists: 409,
  job_running: 409,
  upload_busy: 409,
  in_use: 409,
  revision_stale: 409,
  payload_too_large: 413,
  document_too_large: 413,
  media_type_unsupported: 415,
  range_invalid: 416,
  precondition_failed: 412,
  unprocessable: 422,
  too_many_requests: 429,
  internal: 500,
  not_supported: 501,
  upstream_unavailable: 502,
  unavailable: 503,
  storage_full: 507,
} as const

export type ErrorCode = keyof typeof statusOf

/** Facts a client or a caller can act on; never a secret. */
export interface ErrorDetails {
  /** The offending field, as the client wrote it: `versions["1.0.0"].dependencies`. */
  field?: string
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number
  /** For `document_exists`: `id`, or the name of the unique index that was hit. */
  conflict?: string
  /** Every offending field, where there are several. */
  errors?: readonly { readonly field: string; readonly message: string }[]
  /** The id of what is there already. */
  id?: string
  /** For `range_invalid`: the size in bytes; becomes `Content-Range: bytes *\/size`. */
  sizeBytes?: number
}

/** The one error class. Throw it where the fact is known; only a protocol's `renderError` writes a body. */
export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(shortened(message), options)
    this.name = 'RegistryError'
    this.code = code
    this.details = details.field === undefined ? details : { ...details, field: shortened(details.field) }
  }
}

const longestQuotation = 200
const longestProse = 400
const longestMessage = 1000
const mostParts = 40

/** Messages quote what clients sent; without a bound, so would every answer and log line. */
function shortened(message: string): string {
  if (message.length <= longestQuotation) return message
  const parts = message.split('"', mostParts)
  const kept = parts.map((part, at) => cut(part, at % 2 === 1 ? longestQuotation : longestProse)).join('"')
  return cut(kept, longestMessage)
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

/** Anything that is no `RegistryError` becomes `internal`, its cause kept for the log and never shown. */
export function toRegistryError(err: unknown): RegistryError {
  return err instanceof RegistryError ? err : new RegistryError('internal', 'Internal error', {}, { cause: err })
}

/** True for a `RegistryError` with one of the codes. */
export function hasCode(err: unknown, ...codes: ErrorCode[]): err is RegistryError {
  return err instanceof RegistryError && codes.includes(err.code)
}
