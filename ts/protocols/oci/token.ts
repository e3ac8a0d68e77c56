import type { Credentials, Principal } from '../../access/principal.ts'
import { registryTokenSeconds } from '../../access/registry-tokens.ts'
import { looksLikeToken } from '../../access/token-text.ts'
import { tokenForClient } from '../../access/tokens-for-clients.ts'
import { RegistryError } from '../../errors.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { answerJson } from './answers.ts'
import { passwordOrToken } from './credentials.ts'
import type { OciContext } from './place.ts'
import { tokenForms } from './token-form.ts'
import { parseTokenRequest, type TokenRequest } from './token-request.ts'
import { grantedScopes, scopeText } from './token-scopes.ts'

const notStored = { 'cache-control': 'no-store' }

/**
 * The token service, at `/v2/token`. Whoever signs in with a password and asks for a refresh token gets a token of the
 * list, in the client's name: docker stores it in place of the password and shows it again and again, so it lives long
 * and is revoked like any other. Who comes with such a token already keeps that: a copy would be one more to revoke,
 * and programs that read docker's file (Kubernetes) understand a password there and no refresh token.
 */
export function tokenHandlers({ access, limits }: Pick<ProtocolDeps, 'access' | 'limits'>) {
  const readForm = tokenForms(limits)
  return {
    /** GET: parameters in the address, Basic or nothing. */
    async get(c: OciContext) {
      const { principal } = c.var
      const request = parseTokenRequest(new URL(c.req.url).searchParams)
      const { scopes: _, ...answer } = await issued(principal, request)
      const refresh = await refreshTokenFor(principal, request)
      return answerJson(c, 200, { token: answer.access_token, ...answer, ...refresh }, notStored)
    },

    /** POST: a form as OAuth 2 has it, whose credentials count and not those of the header. */
    async post(c: OciContext) {
      const form = await readForm(c)
      const request = parseTokenRequest(form)
      const credentials = credentialsOf(form)
      const principal = await access.authenticate(credentials, c.var.external.clientAddress)
      c.set('principal', principal)
      const { scopes, ...answer } = await issued(principal, request)
      const refresh = isRefresh(form)
        ? { refresh_token: form.get('refresh_token') ?? '' }
        : await refreshTokenFor(principal, request)
      const body = { ...answer, scope: scopeText(scopes), token_type: 'Bearer', ...refresh }
      return answerJson(c, 200, body, notStored)
    },
  }

  async function issued(principal: Principal, request: TokenRequest) {
    // Else whoever holds one token had tokens for ever.
    if (principal.grant) {
      const message = 'A registry token gets no other registry token. Send a username and password, or a token srg_….'
      throw new RegistryError('credentials_invalid', message)
    }
    const scopes = await grantedScopes(principal, request.scopes, access)
    const { text, issuedAt } = access.registryTokens.issue(principal, scopes)
    const issued_at = new Date(issuedAt).toISOString()
    return { access_token: text, expires_in: registryTokenSeconds, issued_at, scopes }
  }

  async function refreshTokenFor(principal: Principal, { wantsRefreshToken, client }: TokenRequest) {
    if (!wantsRefreshToken || principal.kind !== 'user' || principal.token) return {}
    const { text } = await tokenForClient(access.tokens, {
      user: principal.user,
      client,
      protocol: 'oci',
      actions: ['read', 'write', 'delete'],
    })
    return { refresh_token: text }
  }
}

const isRefresh = (form: URLSearchParams) => form.get('grant_type') === 'refresh_token'

function credentialsOf(form: URLSearchParams): Credentials {
  const type = form.get('grant_type')
  if (type === 'refresh_token') {
    const token = form.get('refresh_token') ?? ''
    if (looksLikeToken(token)) return { kind: 'token', token }
    if (token === '') {
      throw new RegistryError('payload_invalid', 'refresh_token is missing.', { field: 'refresh_token' })
    }
    throw new RegistryError('credentials_invalid', 'The refresh token is none of this server. Sign in again.')
  }
  if (type === 'password') return passwordOrToken(form.get('username') ?? '', form.get('password') ?? '')
  const message = `The grant type must be "password" or "refresh_token", not ${JSON.stringify(type ?? '')}.`
  throw new RegistryError('payload_invalid', message, { field: 'grant_type' })
}
