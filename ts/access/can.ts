import type { Stored } from '../metadata/engine.ts'
import type {
  Action,
  MembershipDocument,
  OrganizationDocument,
  RepositoryDocument,
  UserDocument,
  Visibility,
} from '../metadata/schema.ts'
import type { Decision } from './access.ts'
import type { Principal } from './principal.ts'
import { whyOutOfScope } from './token-scope.ts'

/** All that a decision hangs on, loaded. */
export interface Facts {
  readonly organization: Stored<OrganizationDocument>
  readonly repository: Stored<RepositoryDocument>
  /** The user's membership of that organization. */
  readonly membership: MembershipDocument | undefined
  readonly packageName?: string
  /** User ids; absent when not loaded, which allows nothing. */
  readonly packageOwners?: readonly string[]
  readonly anonymousAccess: boolean
}

const openness: Record<Visibility, number> = { private: 0, internal: 1, public: 2 }

/** What a repository shows: its own visibility, bounded by its organization's. */
export function effectiveVisibility(organization: OrganizationDocument, repository: RepositoryDocument): Visibility {
  return openness[organization.visibility] < openness[repository.visibility]
    ? organization.visibility
    : repository.visibility
}

/** May the principal do this? The user's rights, and of a token only what lies in its scope. Unknown means no. */
export function decide(principal: Principal, action: Action, facts: Facts): Decision {
  if (principal.kind === 'anonymous') return decideAnonymous(action, facts)
  const { token, user } = principal
  const outside = token && whyOutOfScope(token, targetOf(action, facts))
  return outside ? no(outside) : decideUser(user, action, facts)
}

/** May the principal make a repository by publishing this package to it? */
export function decideCreation(
  principal: Principal,
  facts: Omit<Facts, 'repository' | 'packageOwners'> & { readonly protocol: string },
): Decision {
  if (principal.kind === 'anonymous') return no('nobody is signed in')
  const { token, user } = principal
  const outside = token && whyOutOfScope(token, { ...targetOf('write', facts), protocol: facts.protocol })
  if (outside) return no(outside)
  return decideByOffice(user, facts) ?? no(`${user.value.username} may not create repositories in ${nameOf(facts)}`)
}

function decideAnonymous(action: Action, facts: Facts): Decision {
  if (!facts.anonymousAccess) return no('anonymous access is off')
  if (action !== 'read') return no('nobody is signed in')
  if (effectiveVisibility(facts.organization.value, facts.repository.value) !== 'public') {
    return no('the repository is not public, and nobody is signed in')
  }
  return yes('the repository is public')
}

function decideUser(user: Stored<UserDocument>, action: Action, facts: Facts): Decision {
  const byOffice = decideByOffice(user, facts)
  if (byOffice) return byOffice
  const reading = decideReading(user, facts)
  if (action === 'read' || !reading.allowed) return reading
  const isOwner = facts.packageOwners?.includes(user.id) ?? false
  if (isOwner && (action === 'write' || action === 'delete')) {
    return yes(`${user.value.username} owns the package ${facts.packageName}`)
  }
  return no(`nothing gives ${user.value.username} the right to ${action} here`)
}

/** The offices that carry every right; a disabled user has none. `undefined`: holds none of them. */
function decideByOffice(user: Stored<UserDocument>, facts: Pick<Facts, 'organization' | 'membership'>) {
  const { username, isActive, isPlatformAdmin } = user.value
  if (!isActive) return no(`${username} is disabled`)
  if (isPlatformAdmin) return yes(`${username} is a platform admin`)
  const role = facts.membership?.role
  if (role === 'owner' || role === 'admin') return yes(`${username} is ${role} of the organization ${nameOf(facts)}`)
  return undefined
}

function decideReading(user: Stored<UserDocument>, facts: Facts): Decision {
  const visibility = effectiveVisibility(facts.organization.value, facts.repository.value)
  if (visibility === 'public') return yes('the repository is public')
  if (visibility === 'internal') return yes('the repository is internal: who is signed in reads it')
  const { username } = user.value
  if (facts.membership) return yes(`${username} is a member of the organization ${nameOf(facts)}`)
  return no(`the repository is private, and ${username} is no member of the organization ${nameOf(facts)}`)
}

function targetOf(action: Action, facts: Pick<Facts, 'organization' | 'packageName'> & Partial<Facts>) {
  return {
    action,
    protocol: facts.repository?.value.protocol ?? '',
    organizationId: facts.organization.id,
    ...(facts.repository && { repositoryId: facts.repository.id }),
    ...(facts.packageName !== undefined && { packageName: facts.packageName }),
  }
}

const nameOf = (facts: Pick<Facts, 'organization'>) => facts.organization.value.name
const yes = (rule: string): Decision => ({ allowed: true, rule })
const no = (rule: string): Decision => ({ allowed: false, rule })
