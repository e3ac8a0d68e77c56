import type { Action, PermissionRole, TeamRole, Visibility } from '../metadata/access-schema.ts'

/** How a request ends, as far as rights decide it. */
export type Outcome = 'allowed' | 'unknown' | 'denied' | 'sign in first' | 'credentials invalid'

/** What of a token is limited: to what the walk asks for (`here`), or to something else. */
export interface TokenLimits {
  readonly actions?: readonly Action[]
  readonly protocol?: Side
  readonly organization?: Side
  readonly repository?: Side
  readonly packages?: Side
  readonly address?: Side
}
type Side = 'here' | 'elsewhere'

/** One kind of principal, in the words of the rules: nothing in it comes from the store. */
export interface Kind {
  readonly name: string
  readonly is: 'nobody' | 'user' | 'robot'
  /**
   * What it presents: a cookie counts for pages and the API, everything else for protocols and the API, but for a registry
   * token, which counts for images alone, and a session's, which counts for everything else.
   */
  readonly by: 'nothing' | 'token' | 'token as password' | 'password' | 'session' | 'cookie' | 'registry token'
  /** What happened to its credentials, or to whom they belong; within the grace of a rotation they still count. */
  readonly lapse?: 'expired' | 'revoked' | 'rotated' | 'rotating' | 'disabled' | 'ended'
  readonly isPlatformAdmin?: boolean
  readonly office?: 'owner' | 'admin' | 'member'
  /** In the team that works on every repository. */
  readonly seat?: TeamRole
  /** Directly, on every repository. */
  readonly role?: PermissionRole
  readonly ownsPackage?: boolean
  readonly limits?: TokenLimits
}

/** What every repository of the walk shows; `closed`: public, and who is not signed in reads nothing. */
export type Shown = Visibility | 'disabled' | 'closed'

/** Whether a package is named: the one of the walk, whichever a token is limited to, or none. */
export type Named = 'this' | 'some' | 'none'

/** What a route asks for before it does anything. */
export type Need =
  /** Credentials are not even looked at. */
  | { readonly of: 'nothing' }
  | { readonly of: 'anybody' }
  /** Whoever reads anything at all. */
  | { readonly of: 'readers' }
  | { readonly of: 'signed in' }
  /** A user, whatever its token is limited to. */
  | { readonly of: 'user' }
  | { readonly of: 'account'; readonly action: 'read' | 'admin' }
  | { readonly of: 'platform'; readonly action: 'read' | 'admin' }
  | { readonly of: 'organization'; readonly action: 'read' | 'admin' | 'delete' }
  /** To make, change or remove an owner of the organization. */
  | { readonly of: 'owners' }
  /** To make a repository in the organization. */
  | { readonly of: 'creation' }
  | { readonly of: 'team'; readonly action: 'read' | 'members' | 'admin' }
  | { readonly of: 'repository'; readonly action: Action; readonly package: Named }
  /** A disabled repository is read by who can enable it again; listed for a token that reads. */
  | { readonly of: 'settings'; readonly isListed?: true }

const all: readonly Action[] = ['read', 'write', 'delete', 'admin']
const byRole: Record<PermissionRole, readonly Action[]> = {
  reader: ['read'],
  developer: ['read', 'write'],
  maintainer: ['read', 'write', 'delete'],
  admin: all,
}
const bySeat: Record<TeamRole, readonly Action[]> = {
  member: ['read', 'write'],
  maintainer: ['read', 'write', 'delete'],
}

/** What the rules say of these needs, one asked after the other, for the first that is not met. */
export function expected(needs: readonly Need[], kind: Kind, shown: Shown): Outcome {
  for (const need of needs) {
    const outcome = expectedOf(need, kind, shown)
    if (outcome !== 'allowed') return outcome
  }
  return 'allowed'
}

/** Are its credentials refused, whatever it asks for? */
export function isInvalid({ lapse, limits }: Kind): boolean {
  return (lapse !== undefined && lapse !== 'rotating') || limits?.address === 'elsewhere'
}

function expectedOf(need: Need, kind: Kind, shown: Shown): Outcome {
  if (need.of === 'nothing') return 'allowed'
  if (isInvalid(kind)) return 'credentials invalid'
  if (isMet(need, kind, shown)) return 'allowed'
  if (kind.is === 'nobody') return 'sign in first'
  return mayKnow(need, kind, shown) ? 'denied' : 'unknown'
}

function isMet(need: Need, kind: Kind, shown: Shown): boolean {
  switch (need.of) {
    case 'nothing':
    case 'anybody':
      return true
    case 'readers':
      return kind.is !== 'nobody' || shown !== 'closed'
    case 'signed in':
      return kind.is !== 'nobody'
    case 'user':
      return kind.is === 'user'
    case 'account':
      return kind.is === 'user' && reachesAccount(kind, need.action)
    case 'platform':
      return kind.isPlatformAdmin === true && reachesAccount(kind, need.action)
    case 'organization':
      return reachesOrganization(kind, need.action) && holdsOffice(kind, need.action)
    case 'owners':
      return (kind.isPlatformAdmin || kind.office === 'owner') && reachesOrganization(kind, 'admin')
    case 'creation':
      return holdsOffice(kind, 'admin') && reachesCreation(kind)
    case 'team': {
      if (!isMet({ of: 'organization', action: 'read' }, kind, shown)) return false
      if (need.action === 'read' || holdsOffice(kind, 'admin')) return reaches(need.action)
      return need.action === 'members' && kind.seat === 'maintainer' && reaches(need.action)
    }
    case 'settings':
      if (need.isListed && !(kind.limits?.actions ?? all).includes('read')) return false
      return rights(kind, shown, 'none').some((action) => action === 'read' || action === 'admin')
    case 'repository':
      return rights(kind, shown, need.package).includes(need.action)
  }

  function reaches(action: 'read' | 'members' | 'admin'): boolean {
    return reachesOrganization(kind, action === 'read' ? 'read' : 'admin')
  }
}

/** Whether whoever is refused may know that the thing is there. */
function mayKnow(need: Need, kind: Kind, shown: Shown): boolean {
  if (need.of === 'settings') return false
  if (need.of === 'repository') return rights(kind, shown, need.package).includes('read')
  const isOfOrganization = ['organization', 'owners', 'team', 'creation'].includes(need.of)
  return !isOfOrganization || isMet({ of: 'organization', action: 'read' }, kind, shown)
}

/** In a repository, with a package or with none: the union of all that gives, within what the token is limited to. */
function rights(kind: Kind, shown: Shown, named: Named): readonly Action[] {
  const given = new Set<Action>()
  const give = (actions: readonly Action[]) => {
    for (const action of actions) given.add(action)
  }
  if (kind.isPlatformAdmin || kind.office === 'owner' || kind.office === 'admin') give(all)
  if (kind.office === 'member' || shown === 'public') give(['read'])
  if (shown === 'closed' && kind.is !== 'nobody') give(['read'])
  if (shown === 'internal' && kind.is === 'user') give(['read'])
  if (kind.seat) give(bySeat[kind.seat])
  if (kind.role) give(byRole[kind.role])
  if (kind.ownsPackage && named === 'this' && given.has('read')) give(['write', 'delete'])
  const left = shown === 'disabled' ? all.filter((action) => action === 'admin') : all
  return left.filter((action) => given.has(action) && reachesRepository(kind, action, named))
}

function reachesRepository({ limits = {} }: Kind, action: Action, named: Named): boolean {
  if ([limits.protocol, limits.organization, limits.repository].includes('elsewhere')) return false
  if (limits.packages && (named === 'none' || (named === 'this' && limits.packages === 'elsewhere'))) return false
  return (limits.actions ?? all).includes(action)
}

/** Accounts lie outside of every limit but that of actions. */
function reachesAccount({ limits = {} }: Kind, action: Action): boolean {
  return !limits.organization && reachesOrganization({ limits }, action)
}

function reachesOrganization({ limits = {} }: Pick<Kind, 'limits'>, action: Action): boolean {
  if (limits.protocol || limits.repository || limits.packages || limits.organization === 'elsewhere') return false
  return (limits.actions ?? all).includes(action)
}

/** Whatever its protocol will be. */
function reachesCreation({ limits = {} }: Kind): boolean {
  const { protocol: _, ...others } = limits
  return reachesOrganization({ limits: others }, 'write')
}

function holdsOffice({ isPlatformAdmin, office, is }: Kind, action: 'read' | 'admin' | 'delete'): boolean {
  if (isPlatformAdmin || office === 'owner') return true
  if (office === 'admin') return action !== 'delete'
  return action === 'read' && (office === 'member' || is === 'robot')
}
