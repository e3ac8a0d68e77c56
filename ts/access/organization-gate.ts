import { hasCode, RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { teams as teamsSpec } from '../metadata/schema.ts'
import type {
  OrganizationAction,
  OrganizationEntered,
  OrganizationKey,
  TeamAction,
  TeamEntered,
  TeamKey,
} from './access.ts'
import { decideOrganization } from './can.ts'
import { denied, maxNameLength, membershipOf, nobodysId, signInFirst } from './gate-words.ts'
import { teamsOf } from './grounds.ts'
import type { Principal } from './principal.ts'
import type { WarmRecords } from './warm-records.ts'

/** The gate in front of organizations and their teams, as `Access.enterOrganization` and `enterTeam` promise. */
export function organizationGate(engine: MetadataEngine, records: WarmRecords) {
  const teams = engine.collection(teamsSpec)

  async function enterOrganization(
    principal: Principal,
    action: OrganizationAction,
    key: OrganizationKey,
  ): Promise<OrganizationEntered> {
    const organization = await organizationOf(key)
    // A stranger costs the same look-ups whether the organization exists or not.
    const membership = await membershipOf(records, principal, organization?.id ?? nobodysId)
    const decisionOn = (wanted: OrganizationAction) =>
      organization && decideOrganization(principal, wanted, { organization, membership })
    const decision = decisionOn(action)
    if (organization && decision?.allowed) return organization
    if (decision && decisionOn('read')?.allowed) throw denied(principal, action, decision)
    if (principal.kind === 'anonymous') throw signInFirst()
    throw new RegistryError('organization_unknown', 'There is no such organization, or you do not belong to it.')
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
    // Asked as a token's scope is: a maintainer's token needs the action as well.
    const decision = decideOrganization(principal, 'admin', { organization, membership }, maintains)
    if (decision.allowed) return { organization, team }
    throw denied(principal, 'admin', decision)
  }

  return { enterOrganization, enterTeam }
}

function unknownTeam(): RegistryError {
  return new RegistryError('team_unknown', 'There is no such team, or you do not belong to its organization.')
}
