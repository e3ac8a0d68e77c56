/**
 * The reason to skip, or `undefined` when what is needed is there. A skip is for a developer's laptop only:
 * with REQUIRE_BACKENDS=1 a missing backend or client fails the run.
 */
export function skipUnless(available: boolean, reason: string): string | undefined {
  if (available) return undefined
  if (process.env['REQUIRE_BACKENDS']) throw new Error(`REQUIRE_BACKENDS is set, but ${reason}`)
  return reason
}
