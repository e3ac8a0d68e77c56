import type { ErrorDetails, RegistryError } from '../errors.ts'

/** The headers that an error's answer carries in every protocol: `Retry-After`, and `Content-Range` of a 416. */
export function errorHeaders({ details }: { readonly details: ErrorDetails } | RegistryError): Record<string, string> {
  const headers: Record<string, string> = {}
  const { retryAfterSeconds, sizeBytes } = details
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterSeconds))
  if (sizeBytes !== undefined) headers['content-range'] = `bytes */${sizeBytes}`
  return headers
}
