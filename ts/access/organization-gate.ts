import { hasCode, RegistryError } from '../errors.ts'
import { memberships as membershipsSpec, type OrganizationRole, teams as teamsSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import type {
  CreationEntered,
  Decision,
  MembershipEntered,
  OrganizationAction,
  OrganizationEntered,
  OrganizationKey,
  TeamAction,
  TeamEntered,
  TeamKey,
} from './access.ts'
import { decideCreation, decideMembership, decideOrganization } from './can.ts'
import { denied, maxNameLength, membershipOf, nobodysId, signInFirst } from './gate-words.ts'
import { type Facts, officesOf, teamsOf } from './grounds.ts'
import { membershipId } from './organizations.ts'
import { actorOf, type Principal, type RobotPrincipal, type UserPrincipal } from './principal.ts'
import type { WarmRecords } from './warm-records.ts'

/** The gate in front of organizations and their teams, as `Access.enterOrganization` and `enterTeam` promise. */
export function organizationGate(engine: MetadataEngine, records: WarmRecords) {
  const teams = engine.collection(teamsSpec)
  const memberships = engine.collection(membershipsSpec)

  async function enterOrganization(
    principal: Principal,
    action: OrganizationAction,
    key: OrganizationKey,
  ): Promise<OrganizationEntered> {
    const organization = await organizationOf(key)
    // A stranger costs the same look-ups whether the organization exists or not.
    const membership = await membershipOf(records, principal, organization?.id ?? nobodysId)
    if (!organization) throw unknownOrganization(principal)
    const facts = { organization, membership }
    return letIn(principal, action, facts, decideOrganization(principal, action, facts))
  }

  async function enterCreation(
    principal: Principal,
    key: OrganizationKey,
    protocol?: string,
  ): Promise<CreationEntered> {
    const organization = await organizationOf(key)
    const membership = await membershipOf(records, principal, organization?.id ?? nobodysId)
    if (!organization || principal.kind === 'anonymous') throw unknownOrganization(principal)
    const facts = { organization, membership, anonymousAccess: false, protocol: protocol ?? '' }
    const decision = decideCreation(protocol === undefined ? ofAnyProtocol(principal) : principal, facts)
    if (decision.allowed) {
      const hasOffice = officesOf(principal, facts).length > 0 || principal.kind !== 'user'
      return { organization, ...(!hasOffice && { adminId: principal.user.id }) }
    }
    if (!decideOrganization(principal, 'read', facts).allowed) throw unknownOrganization(principal)
    throw new RegistryError('access_denied', `You may not create repositories here: ${decision.rule}.`)
  }

  async function enterMembership(
    principal: Principal,
    key: OrganizationKey,
    userId: string,
    role?: OrganizationRole,
  ): Promise<MembershipEntered> {
    const organization = await organizationOf(key)
    const own = await membershipOf(records, principal, organization?.id ?? nobodysId)
    // As it stands now, and not as it was remembered: who was just made an owner is one.
    const membership = await memberships.get(membershipId(organization?.id ?? nobodysId, userId))
    if (!organization) throw unknownOrganization(principal)
    const isLeaving = role === undefined && own?.userId === userId
    const facts = { organization, membership: own }
    const decision = decideMembership(principal, [membership?.value.role, role], facts, isLeaving)
    letIn(principal, 'admin', facts, decision)
    return { organization, ...(membership && { membership }) }
  }

  async function organizationOf(key: OrganizationKey) {
    if ('id' in key) return key.id.length > maxNameLength ? undefined : records.organizationById(key.id)
    return key.name.length > maxNameLength ? undefined : records.organization(key.name)
  }

  async function teamOf(principal: Principal, key: TeamKey): Promise<Partial<TeamEntered>> {
    if ('name' in key) {
      const organization = await enterOrganization(principal, 'read', { name: key.organization })
      const equals = { organizationId: organization.id, name: key.name }
      const [team] = key.name.length > maxNameLength ? [] : (await teams.find('byName', { equals, limit: 1 })).items
      return { organization, ...(team && { team }) }
    }
    const team = key.id.length > maxNameLength ? undefined : await teams.get(key.id)
    const organization = await enterOrganization(principal, 'read', {
      id: team?.value.organizationId ?? nobodysId,
    }).catch((err) => {
      // Who may not read the organization learns no more of its teams than of those that are not there.
      throw hasCode(err, 'organization_unknown') ? unknownTeam() : err
    })
    return { organization, ...(team && { team }) }
  }

  async function enterTeam(principal: Principal, what: TeamAction, key: TeamKey): Promise<TeamEntered> {
    const { organization, team } = await teamOf(principal, key)
    if (!organization || !team) throw unknownTeam()
    if (what === 'read') return { organization, team }
    const membership = await membershipOf(records, principal, organization.id)
    const seats = teamsOf(principal, { organization, membership })
    const maintains = what === 'members' && seats.some(([id, role]) => id === team.id && role === 'maintainer')
    const ground = maintains ? `${actorOf(principal).name} is maintainer of the team` : undefined
    // Asked as a token's scope is: a maintainer's token needs the action as well.
    const decision = decideOrganization(principal, 'admin', { organization, membership }, ground)
    if (decision.allowed) return { organization, team }
    throw denied(principal, 'admin', decision)
  }

  return { enterOrganization, enterMembership, enterCreation, enterTeam }
}

/** The organization, when the decision allows it. Who may not read it is told that there is none. */
function letIn(
  principal: Principal,
  action: OrganizationAction,
  facts: Pick<Facts, 'organization' | 'membership'>,
  decision: Decision,
): OrganizationEntered {
  if (decision.allowed) return facts.organization
  if (decideOrganization(principal, 'read', facts).allowed) throw denied(principal, action, decision)
  throw unknownOrganization(principal)
}

function unknownTeam(): RegistryError {
  return new RegistryError('team_unknown', 'There is no such team, or you do not belong to its organization.')
}

function unknownOrganization(principal: Principal): RegistryError {
  if (principal.kind === 'anonymous') return signInFirst()
  return new RegistryError('organization_unknown', 'There is no such organization, or you do not belong to it.')
}

/** The principal as if its token were not limited to protocols. */
function ofAnyProtocol(principal: UserPrincipal | RobotPrincipal): UserPrincipal | RobotPrincipal {
  const { token } = principal
  if (!token?.value.protocols) return principal
  const { protocols: _, ...value } = token.value
  return { ...principal, token: { ...token, value } }
}
