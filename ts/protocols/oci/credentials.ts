import type { Credentials } from '../../access/principal.ts'
import { looksLikeToken } from '../../access/token-text.ts'
import { RegistryError } from '../../errors.ts'

/**
 * `Authorization: Basic` with a username or e-mail address and password, or with a token as the password under any name
 * (`docker login -u token -p srg_…`); `Bearer` with a token, or with what the token service gave. However long: CI
 * systems put kilobytes there. A header that is neither is `credentials_invalid`: what was presented and is not
 * understood is never anonymous.
 */
export function readCredentials({ headers }: Pick<Request, 'headers'>): Credentials | undefined {
  const header = headers.get('authorization')
  if (header === null || header === '') return undefined
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header) ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: looksLikeToken(value) ? 'token' : 'registry-token', token: value }
    case 'basic':
      return readBasic(value)
    default:
      throw new RegistryError('credentials_invalid', 'The Authorization header must be "Bearer <token>" or "Basic …".')
  }
}

function readBasic(value: string): Credentials {
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon === -1) throw new RegistryError('credentials_invalid', 'The Basic credentials have no colon.')
  return passwordOrToken(text.slice(0, colon), text.slice(colon + 1))
}

/** What was typed for a name and a password, where a token may stand for the password. */
export function passwordOrToken(username: string, password: string): Credentials {
  if (looksLikeToken(password)) return { kind: 'token', token: password }
  return { kind: 'basic', username, password }
}
