/** For answers that no browser should render: nothing may be loaded, framed, sniffed or sandbox-escaped. */
const always = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

const overHttps = { ...always, 'strict-transport-security': 'max-age=31536000' } as const

/** The headers of every answer; with HSTS when the client came by HTTPS. The object is shared: do not change it. */
export function securityHeaders(https: boolean): Readonly<Record<string, string>> {
  return https ? overHttps : always
}

/**
 * The policy of a page that a browser renders: no scripts, styles from this origin or with one of the given hashes
 * (`sha256-…`), forms to this origin. Set it as `content-security-policy`; it replaces the one of other answers.
 */
export function pagePolicy(styleHashes: readonly string[] = []): string {
  const styles = ["'self'", ...styleHashes.map((hash) => `'${hash}'`)].join(' ')
  return `default-src 'none'; style-src ${styles}; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
}
