import type { Credentials } from '../../access/principal.ts'
import { RegistryError } from '../../errors.ts'

/** `POST /-/v1/login`, and the address that a client polls then. */
const webLogin = /^[^?]*\/-\/v1\/(?:login|done\/[^/?]+)(?:\?|$)/
/** The couch login up to the request that brings the password: the PUT before it, and the GET with `?write=true`. */
const couchUser = /^[^?]*\/-\/user\/org\.couchdb\.user(?::|%3a)[^/?]+(?:\?|$)/i
const logout = /^[^?]*\/-\/user\/token\/([^/?]+)(?:\?|$)/
const writes = /[?&]write=true(?:&|$)/
/** The bearer token here is a CI's, of another issuer, which nothing here understands yet: it counts for nothing. */
const oidcExchange = /^[^?]*\/-\/npm\/v1\/oidc\/token\/exchange\//

/**
 * `Authorization: Bearer <token>`, or `Basic` with a password, or with a token in the password's place (`_auth`). A
 * header that is neither is `credentials_invalid`: what was presented and is not understood is never anonymous.
 *
 * While it signs in or out, npm (10 to 12) sends along the token that it is about to replace or to end, expired or
 * revoked as that may be. There it does not count; else nobody could do either without editing `.npmrc`.
 */
export function readCredentials(request: Pick<Request, 'headers' | 'method' | 'url'>): Credentials | undefined {
  const header = request.headers.get('authorization')
  if (header === null || header === '' || webLogin.test(request.url)) return undefined
  if (oidcExchange.test(request.url)) return undefined
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer')
    return beginsCouchLogin(request) || endsItself(request) ? undefined : { kind: 'token', token: value }
  if (scheme.toLowerCase() === 'basic') return readBasic(value)
  throw new RegistryError('credentials_invalid', 'The Authorization header must be "Bearer <token>" or "Basic …".')
}

function beginsCouchLogin({ method, url }: Pick<Request, 'method' | 'url'>): boolean {
  return couchUser.test(url) && (method === 'PUT' || writes.test(url))
}

/** `npm logout`: the path names the token that the request came with. */
export function endsItself({ headers, method, url }: Pick<Request, 'headers' | 'method' | 'url'>): boolean {
  const [, bearer] = /^bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '') ?? []
  const [, token] = logout.exec(url) ?? []
  // Tokens need no encoding.
  return method === 'DELETE' && bearer !== undefined && bearer === token
}

function readBasic(value: string): Credentials {
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon === -1) throw new RegistryError('credentials_invalid', 'The Basic credentials have no colon.')
  const password = text.slice(colon + 1)
  if (password.startsWith('srg_')) return { kind: 'token', token: password }
  return { kind: 'basic', username: text.slice(0, colon), password }
}
