import type { Action } from '../metadata/access-schema.ts'
import { isInvalid, type Kind, type Shown, type TokenLimits } from './model.ts'

const owner = { is: 'user', by: 'token', office: 'owner' } as const
const member = { is: 'user', by: 'token', office: 'member' } as const
const stranger = { is: 'user', by: 'token' } as const
const robot = { is: 'robot', by: 'token' } as const

/** A token of somebody who may do everything, limited. */
function limited(name: string, limits: TokenLimits): Kind {
  return { ...owner, name: `owner, token limited to ${name}`, isPlatformAdmin: true, limits }
}

const actions = (...only: readonly Action[]) => limited(only.join(' and '), { actions: only })

/** Every kind of principal that the walk sends. */
export const kinds: readonly Kind[] = [
  { name: 'anonymous', is: 'nobody', by: 'nothing' },
  { ...stranger, name: 'outsider' },
  { ...member, name: 'member' },
  { ...member, name: 'team member', seat: 'member' },
  { ...member, name: 'team maintainer', seat: 'maintainer' },
  { ...stranger, name: 'direct reader', role: 'reader' },
  { ...stranger, name: 'direct developer', role: 'developer' },
  { ...stranger, name: 'direct maintainer', role: 'maintainer' },
  { ...stranger, name: 'direct admin', role: 'admin' },
  { ...member, name: 'package owner', ownsPackage: true },
  { ...stranger, name: 'package owner who left', ownsPackage: true },
  { ...member, name: 'organization admin', office: 'admin' },
  { ...owner, name: 'organization owner' },
  { ...stranger, name: 'platform admin', isPlatformAdmin: true },
  { ...robot, name: 'robot' },
  { ...robot, name: 'robot of the team', seat: 'member' },
  { ...robot, name: 'robot with a permission', role: 'maintainer' },
  actions('read'),
  actions('write'),
  actions('delete'),
  actions('admin'),
  actions('read', 'write'),
  limited('the protocol', { protocol: 'here' }),
  limited('another protocol', { protocol: 'elsewhere' }),
  limited('the organization', { organization: 'here' }),
  limited('another organization', { organization: 'elsewhere' }),
  limited('the repositories', { repository: 'here' }),
  limited('another repository', { repository: 'elsewhere' }),
  limited('the packages', { packages: 'here' }),
  limited('other packages', { packages: 'elsewhere' }),
  limited('this address', { address: 'here' }),
  limited('another address', { address: 'elsewhere' }),
  { ...owner, name: 'expired token', lapse: 'expired' },
  { ...owner, name: 'revoked token', lapse: 'revoked' },
  { ...owner, name: 'rotated token', lapse: 'rotated' },
  { ...owner, name: 'rotated token within its grace', lapse: 'rotating' },
  { ...owner, name: 'disabled user', lapse: 'disabled' },
  { ...robot, name: 'disabled robot', lapse: 'disabled', seat: 'maintainer' },
  { ...owner, name: 'session token', by: 'session' },
  { ...owner, name: 'ended session token', by: 'session', lapse: 'ended' },
  { ...member, name: 'password', by: 'password' },
  { ...owner, name: 'token as password', by: 'token as password', limits: { actions: ['read'] } },
  { ...owner, name: 'browser session', by: 'cookie' },
  { ...owner, name: 'ended browser session', by: 'cookie', lapse: 'ended' },
  { is: 'nobody', name: 'registry token of nobody', by: 'registry token' },
  { ...stranger, name: 'registry token of an outsider', by: 'registry token' },
  { ...stranger, name: 'registry token of a developer', by: 'registry token', role: 'developer' },
  { ...owner, name: 'registry token of an owner', by: 'registry token' },
  { ...owner, name: 'registry token to pull', by: 'registry token', limits: { actions: ['read'] } },
  { ...owner, name: 'registry token of other packages', by: 'registry token', limits: { packages: 'elsewhere' } },
  { ...owner, name: 'registry token of a revoked token', by: 'registry token', lapse: 'revoked' },
  { ...robot, name: 'registry token of a robot', by: 'registry token', role: 'maintainer' },
]

/** Some of every sort, for what hangs less on who asks. */
const someKinds = kinds.filter(({ name }) =>
  ['anonymous', 'outsider', 'member', 'direct developer', 'robot', 'owner, token limited to other packages'].includes(
    name,
  ),
)

const validKinds = kinds.filter((kind) => !isInvalid(kind))

/** Those that send a row's request in a world. */
export function kindsFor({ isSpelling }: { readonly isSpelling?: boolean }, shown: Shown): readonly Kind[] {
  if (isSpelling || shown === 'closed') return someKinds
  // What is shown changes nothing for those whose credentials are refused.
  return shown === 'internal' || shown === 'disabled' ? validKinds : kinds
}

/** Does it send HEAD as well? All do where repositories are private. */
export function sendsHead(kind: Kind, shown: Shown): boolean {
  return shown === 'private' || someKinds.includes(kind)
}

/** Those whose answers are compared with those of names never used: all where it reads, some where it changes. */
export function kindsToCompare(row: { readonly isSpelling?: boolean; readonly route: string }, shown: Shown) {
  return row.route.startsWith('GET ') && shown !== 'disabled' ? kindsFor(row, shown) : someKinds
}

/** Which part of the server a route belongs to: what it takes for credentials differs. */
export type Surface = 'server' | 'pages' | 'api' | 'protocol' | 'images'

const nobody: Kind = { name: 'anonymous', is: 'nobody', by: 'nothing' }

/**
 * Who that is there: protocols do not look at cookies, pages at nothing else, and take an old one for none. Tokens of the
 * service of images are good for images alone, sessions for all but those.
 */
export function seenFrom(surface: Surface, kind: Kind): Kind {
  const { by } = kind
  if (surface === 'pages') return by === 'cookie' && !isInvalid(kind) ? kind : nobody
  if (surface !== 'api' && by === 'cookie') return nobody
  const isStrange = surface === 'images' ? by === 'session' : by === 'registry token'
  return isStrange ? { ...kind, lapse: 'expired' } : kind
}
