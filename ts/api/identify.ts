import { getCookie } from 'hono/cookie'
import type { Access } from '../access/access.ts'
import type { Credentials, Principal } from '../access/principal.ts'
import { isCsrfToken, sessionCookie } from '../access/sessions.ts'
import { RegistryError } from '../errors.ts'
import type { ApiContext } from './route.ts'

/**
 * Who asks: by `Authorization` (Bearer with a token or an access token, Basic with a password), else by the browser's
 * session cookie. A change that comes with the cookie must be of this site: it says so (`Sec-Fetch-Site` or `Origin`)
 * and carries `X-CSRF-Token`. Throws `credentials_invalid`, `access_denied`.
 */
export async function identify(c: ApiContext, access: Access): Promise<Principal> {
  const address = c.var.external.clientAddress
  const header = c.req.header('authorization')
  if (header) return access.authenticate(readAuthorization(header), address)
  const secret = getCookie(c, sessionCookie)
  if (!secret) return access.authenticate(undefined, address)
  const principal = await access.authenticate({ kind: 'session', secret }, address)
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD'
  if (changes && !(isFromHere(c) && isCsrfToken(secret, c.req.header('x-csrf-token') ?? ''))) throw notFromHere()
  return principal
}

function readAuthorization(header: string): Credentials {
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value }
  if (scheme.toLowerCase() !== 'basic') {
    throw new RegistryError('credentials_invalid', 'The Authorization header must be "Bearer <token>" or "Basic …".')
  }
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon === -1) throw new RegistryError('credentials_invalid', 'The Basic credentials have no colon.')
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The scheme is not compared: a proxy may have taken TLS off unannounced. */
function isFromHere(c: ApiContext): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const from = c.req.header('origin')
  return from === undefined || (URL.canParse(from) && new URL(from).host === new URL(c.var.external.origin).host)
}

function notFromHere(): RegistryError {
  return new RegistryError(
    'access_denied',
    'A change with the session cookie needs X-CSRF-Token (see GET /api/v1/auth/me) and must come from this site.',
  )
}
