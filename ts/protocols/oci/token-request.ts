import { RegistryError } from '../../errors.ts'
import { tokenService } from './challenge.ts'
import type { ImageAction } from './place.ts'

/** More are passed over: the token, which holds them all, is a header of every request, and headers have 16 KiB. */
const maxScopes = 50
const maxClientLength = 40

/** What is asked for, as far as it is understood: other kinds of resources and other actions are passed over. */
export type AskedScope =
  | { readonly kind: 'image'; readonly name: string; readonly actions: readonly ImageAction[] }
  | { readonly kind: 'catalog' }

export interface TokenRequest {
  readonly scopes: readonly AskedScope[]
  /** What the client calls itself: `docker`. */
  readonly client: string
  /** The client asks for something to get further tokens with, and to keep in place of the password. */
  readonly wantsRefreshToken: boolean
}

const imageActions: readonly ImageAction[] = ['pull', 'push', 'delete']

/**
 * A request for a token, by the parameters of its address or form. Scopes may be repeated, several in one value and of one
 * name; the first 50 names count. Throws `payload_invalid` for another service's tokens.
 */
export function parseTokenRequest(parameters: URLSearchParams): TokenRequest {
  const service = parameters.get('service')
  if (service !== null && service !== '' && service !== tokenService) {
    const message = `This server makes tokens for the service "${tokenService}", none for ${JSON.stringify(service)}.`
    throw new RegistryError('payload_invalid', message, { field: 'service' })
  }
  const texts = parameters.getAll('scope').flatMap((value) => value.split(' ').filter((scope) => scope !== ''))
  return {
    scopes: merged(texts.flatMap(parseScope)).slice(0, maxScopes),
    client: clientOf(parameters.get('client_id') ?? ''),
    wantsRefreshToken: parameters.get('offline_token') === 'true' || parameters.get('access_type') === 'offline',
  }
}

/** `repository:name:action,…` or `registry:catalog:*`; the name may have colons, the first and the last part have none. */
function parseScope(text: string): AskedScope[] {
  const [, type = '', name = '', actions = ''] = /^([^:]*):(.*):([^:]*)$/.exec(text) ?? []
  if (type === 'registry' && name === 'catalog') return [{ kind: 'catalog' }]
  // `repository(plugin)` is a class of them, and means no other rights.
  if (!/^repository(?:\(\w+\))?$/.test(type)) return []
  const asked = new Set(actions.split(','))
  return [{ kind: 'image', name, actions: imageActions.filter((action) => asked.has(action) || asked.has('*')) }]
}

/** Each name once, with all that is asked for it. */
function merged(scopes: readonly AskedScope[]): readonly AskedScope[] {
  const byName = new Map<string, AskedScope>()
  for (const scope of scopes) {
    const name = scope.kind === 'image' ? scope.name : ''
    const known = byName.get(name)
    const isSame = known?.kind === 'image' && scope.kind === 'image'
    const actions = isSame ? imageActions.filter((a) => known.actions.includes(a) || scope.actions.includes(a)) : []
    byName.set(name, isSame ? { ...scope, actions } : scope)
  }
  return [...byName.values()]
}

function clientOf(text: string): string {
  const name = text
    .replaceAll(/[^\w.+/-]+/g, ' ')
    .trim()
    .slice(0, maxClientLength)
    .trim()
  return name === '' ? 'image client' : name
}
