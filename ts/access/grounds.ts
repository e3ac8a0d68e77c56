import type {
  Action,
  MembershipDocument,
  OrganizationDocument,
  PermissionRole,
  RepositoryDocument,
  TeamRole,
} from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { actorOf, type Principal } from './principal.ts'
import { allActions } from './tokens.ts'
import { effectiveVisibility } from './visibility.ts'

/** All that a decision hangs on, loaded. */
export interface Facts {
  readonly organization: Stored<OrganizationDocument>
  readonly repository: Stored<RepositoryDocument>
  /** The user's membership of that organization. */
  readonly membership: MembershipDocument | undefined
  readonly packageName?: string
  /** User ids; absent when not loaded, which allows nothing that hangs on them. */
  readonly packageOwners?: readonly string[]
  readonly anonymousAccess: boolean
  /** What teams are called, for explanations; absent: their ids are shown. */
  readonly teamNames?: ReadonlyMap<string, string>
}

/** One thing that gives rights, and what it gives, in words a person can read. */
export interface Ground {
  readonly actions: readonly Action[]
  readonly rule: string
}

const permissionActions: Record<PermissionRole, readonly Action[]> = {
  reader: ['read'],
  developer: ['read', 'write'],
  maintainer: ['read', 'write', 'delete'],
  admin: allActions,
}
const teamActions: Record<TeamRole, readonly Action[]> = {
  member: ['read', 'write'],
  maintainer: ['read', 'write', 'delete'],
}

/**
 * Everything that gives the principal rights here; its rights are the union. Tokens and disabled users are not looked
 * at: can.ts is. Owning a package counts for who may read it alone, so that leaving an organization ends it.
 */
export function groundsOf(principal: Principal, facts: Facts): readonly Ground[] {
  const offices = officesOf(principal, facts)
  const given = [...teamGrounds(principal, facts), ...permissionGrounds(principal, facts)]
  const reading = [...visibilityGrounds(principal, facts), ...memberGrounds(principal, facts)]
  const mayRead = offices.length + given.length + reading.length > 0
  const owned = mayRead ? ownerGrounds(principal, facts) : []
  return [...offices, ...owned, ...(ownersAlone(facts) ? given.map(withoutWrite) : given), ...reading]
}

/** The offices that carry every right in the organization. */
export function officesOf(principal: Principal, facts: Pick<Facts, 'organization' | 'membership'>): readonly Ground[] {
  if (principal.kind !== 'user') return []
  const { username, isPlatformAdmin } = principal.user.value
  const role = facts.membership?.role
  const grounds: Ground[] = []
  if (isPlatformAdmin) grounds.push({ actions: allActions, rule: `${username} is a platform admin` })
  if (role === 'owner' || role === 'admin') {
    grounds.push({ actions: allActions, rule: `${username} is ${role} of the organization ${nameOf(facts)}` })
  }
  return grounds
}

/** The principal's teams in this organization: a user's stand in its membership, a robot's in itself. */
export function teamsOf(principal: Principal, facts: Pick<Facts, 'organization' | 'membership'>) {
  if (principal.kind === 'user') return facts.membership?.teams ?? []
  if (principal.kind === 'robot') {
    const { organizationId, teams } = principal.robot.value
    return organizationId === facts.organization.id ? teams : []
  }
  return []
}

function teamGrounds(principal: Principal, facts: Facts): Ground[] {
  const { teams = [], permissions = [] } = facts.repository.value
  const { name } = actorOf(principal)
  return teamsOf(principal, facts).flatMap(([id, role]) => {
    const team = facts.teamNames?.get(id) ?? id
    const grounds: Ground[] = []
    if (teams.includes(id)) grounds.push({ actions: teamActions[role], rule: `${name} is ${role} of the team ${team}` })
    for (const [holder, permission] of permissions) {
      if (holder !== id) continue
      const rule = `the team ${team}, which ${name} is in, is ${permission} of the repository`
      grounds.push({ actions: permissionActions[permission], rule })
    }
    return grounds
  })
}

function permissionGrounds(principal: Principal, { repository }: Facts): Ground[] {
  if (principal.kind === 'anonymous') return []
  const { id, name } = actorOf(principal)
  return (repository.value.permissions ?? [])
    .filter(([holder]) => holder === id)
    .map(([, role]) => ({ actions: permissionActions[role], rule: `${name} is ${role} of the repository` }))
}

function ownerGrounds(principal: Principal, { packageName, packageOwners = [] }: Facts): Ground[] {
  const { id, name } = actorOf(principal)
  if (principal.kind === 'anonymous' || packageName === undefined || !packageOwners.includes(id)) return []
  return [{ actions: ['write', 'delete'], rule: `${name} owns the package ${packageName}` }]
}

function visibilityGrounds(principal: Principal, facts: Facts): Ground[] {
  const visibility = effectiveVisibility(facts.organization.value, facts.repository.value)
  const isSignedIn = principal.kind !== 'anonymous'
  if (visibility === 'public' && (isSignedIn || facts.anonymousAccess)) return [reading('the repository is public')]
  if (visibility === 'internal' && principal.kind === 'user') {
    return [reading('the repository is internal: who is signed in reads it')]
  }
  return []
}

function memberGrounds(principal: Principal, facts: Facts): Ground[] {
  if (principal.kind !== 'user' || !facts.membership) return []
  return [reading(`${principal.user.value.username} is a member of the organization ${nameOf(facts)}`)]
}

/** A package that exists, in a repository whose packages are written by their owners alone. */
function ownersAlone({ repository, packageOwners = [] }: Facts): boolean {
  return repository.value.ownersOnly === true && packageOwners.length > 0
}

/** Who has the settings of the repository keeps writing. */
function withoutWrite(ground: Ground): Ground {
  if (ground.actions.includes('admin')) return ground
  return { ...ground, actions: ground.actions.filter((action) => action !== 'write') }
}

const reading = (rule: string): Ground => ({ actions: ['read'], rule })
const nameOf = (facts: Pick<Facts, 'organization'>) => facts.organization.value.name
