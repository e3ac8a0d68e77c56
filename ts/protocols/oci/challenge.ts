import type { Context } from 'hono'
import type { RegistryError } from '../../errors.ts'
import type { Env } from '../protocol.ts'
import { parseImageName } from './names.ts'

/** What tokens of the token service are for, as challenges and requests for tokens name it. */
export const tokenService = 'stowage'

// Read from the right, so that names may have these words in them.
const uploads = /^\/v2\/(.+)\/blobs\/uploads(?:\/[^/]*)?$/
const contents = /^\/v2\/(.+)\/(?:(?:blobs|manifests|referrers)\/[^/]+|tags\/list)$/

/**
 * The scopes that a token needs for a request, as clients ask the token service for them; `undefined` where none helps:
 * `/v2/` and names outside the grammar. They hang on the request alone, not on what is stored. `from`: the image that a
 * blob is to be mounted from.
 */
export function neededScope(method: string, path: string, from?: string): string | undefined {
  if (path === '/v2/_catalog') return 'registry:catalog:*'
  const [, pushed] = uploads.exec(path) ?? []
  const name = pushed ?? contents.exec(path)?.[1]
  if (name === undefined || !isImageName(name)) return undefined
  const scope = `repository:${name}:${pushed === undefined ? actionsFor(method) : 'pull,push'}`
  const isMount = pushed !== undefined && from !== undefined && isImageName(from)
  return isMount ? `${scope} repository:${from}:pull` : scope
}

function actionsFor(method: string): string {
  if (method === 'GET' || method === 'HEAD') return 'pull'
  return method === 'DELETE' ? 'pull,delete' : 'pull,push'
}

function isImageName(name: string): boolean {
  try {
    return parseImageName(name).length > 0
  } catch {
    return false
  }
}

/**
 * The `WWW-Authenticate` header of a 401 (`auth_required`, `credentials_invalid`): where the token service is, as the
 * client reaches this server, and the scope that the request needs. One header, quoted strings, on one line.
 * `insufficient_scope` tells who came with a token of the service, whatever the reason, to get another.
 */
export function challengeOf(err: RegistryError, c: Context<Env>): string {
  // There is no other way in to the token service itself.
  if (c.req.path === '/v2/token') return 'Basic realm="stowage"'
  const scope = neededScope(c.req.method, c.req.path, c.req.query('from'))
  const parts = [
    `realm="${c.var.address.origin}/v2/token"`,
    `service="${tokenService}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...errorOf(err, c),
  ]
  return `Bearer ${parts.join(',')}`
}

function errorOf(err: RegistryError, c: Context<Env>): string[] {
  if (err.code === 'credentials_invalid') return isBearer(c) ? ['error="invalid_token"'] : []
  // Absent when it is the credentials that were refused.
  const principal = c.get('principal') as Env['Variables']['principal'] | undefined
  return principal?.grant === undefined ? [] : ['error="insufficient_scope"']
}

function isBearer(c: Context<Env>): boolean {
  return /^bearer\s/i.test(c.req.header('authorization') ?? '')
}
