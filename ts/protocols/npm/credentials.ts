import type { Credentials } from '../../access/principal.ts'
import { RegistryError } from '../../errors.ts'

/**
 * `Authorization: Bearer <token>`, or `Basic` with a password, or with a token in the password's place (`_auth`). A
 * header that is neither is `credentials_invalid`: what was presented and is not understood is never anonymous.
 */
export function readCredentials(headers: Headers): Credentials | undefined {
  const header = headers.get('authorization')
  if (header === null || header === '') return undefined
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value }
  if (scheme.toLowerCase() === 'basic') return readBasic(value)
  throw new RegistryError('credentials_invalid', 'The Authorization header must be "Bearer <token>" or "Basic …".')
}

function readBasic(value: string): Credentials {
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon === -1) throw new RegistryError('credentials_invalid', 'The Basic credentials have no colon.')
  const password = text.slice(colon + 1)
  if (password.startsWith('srg_')) return { kind: 'token', token: password }
  return { kind: 'basic', username: text.slice(0, colon), password }
}
