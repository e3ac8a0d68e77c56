/** The request's conditions, each as its header was sent. */
export interface Conditions {
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
}

/** What the answer would be identified by. */
export interface Validators {
  /** In quotes, strong or weak. */
  readonly etag: string
  readonly lastModified?: Date | undefined
}

/** RFC 9110, 13.2.2: whether to answer 304. With `If-None-Match`, `If-Modified-Since` is not looked at. */
export function isNotModified(conditions: Conditions, { etag, lastModified }: Validators): boolean {
  if (conditions.ifNoneMatch !== undefined) return matchesEtag(conditions.ifNoneMatch, etag)
  if (conditions.ifModifiedSince === undefined || !lastModified) return false
  const since = Date.parse(conditions.ifModifiedSince)
  return Math.floor(lastModified.getTime() / 1000) * 1000 <= since
}

/** Weak comparison against a list, `*` included: proxies that compress make a strong tag weak. */
export function matchesEtag(header: string, etag: string): boolean {
  if (header === etag || header === '*') return true
  const wanted = opaque(etag)
  for (const [candidate] of header.matchAll(/(?:W\/)?"[^"]*"/g)) if (opaque(candidate) === wanted) return true
  return false
}

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
