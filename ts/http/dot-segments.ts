/** As the URL standard has them: a backslash is a slash, and a dot may be percent-encoded. */
const dotSegment = /^[^?#]*[/\\](?:\.|%2e){1,2}(?:[/\\?#]|$)/i

/**
 * Has the path of this request target (as it came, before anything parsed it) a part `.` or `..`? Parsing a URL resolves
 * them, so that what is asked for then is at another place than the one that was written.
 */
export function hasDotSegment(target: string): boolean {
  return dotSegment.test(target)
}
