import { RegistryError } from '../errors.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { memberships as membershipsSpec, robots as robotsSpec, type TeamRole } from '../metadata/schema.ts'
import { changeDocument } from './change.ts'
import { membershipId } from './organizations.ts'
import { isRobotId } from './principal.ts'

const maxTeams = 200

type Teams = readonly (readonly [teamId: string, role: TeamRole])[]

/** Who sits in which team: it stands in a user's membership of the organization, and in a robot itself. */
export interface TeamSeats {
  /** Throws `unprocessable` for who does not belong to the organization, or is in 200 teams of it. */
  take(organizationId: string, memberId: string, teamId: string, role: TeamRole): Promise<void>
  leave(organizationId: string, memberId: string, teamId: string): Promise<void>
  roleOf(organizationId: string, memberId: string, teamId: string): Promise<TeamRole | undefined>
}

/** Seats in the records that decisions read: a right never costs a record of its own. */
export function teamSeats(engine: MetadataEngine): TeamSeats {
  const memberships = engine.collection(membershipsSpec)
  const robots = engine.collection(robotsSpec)

  /** `undefined` when there is no such member or robot in the organization. */
  async function change(organizationId: string, memberId: string, edit: (teams: Teams) => Teams) {
    if (!isRobotId(memberId)) {
      const id = membershipId(organizationId, memberId)
      return changeDocument(memberships, id, ({ teams = [], ...rest }) => ({ ...rest, teams: edit(teams) }))
    }
    const robot = await robots.get(memberId)
    if (robot?.value.organizationId !== organizationId) return undefined
    return changeDocument(robots, memberId, (value) => ({ ...value, teams: edit(value.teams) }))
  }

  return {
    async take(organizationId, memberId, teamId, role) {
      const changed = await change(organizationId, memberId, (teams) => {
        const others = teams.filter(([id]) => id !== teamId)
        if (others.length >= maxTeams) {
          throw new RegistryError('unprocessable', `Nobody can be in more than ${maxTeams} teams of an organization.`)
        }
        return [...others, [teamId, role]]
      })
      if (changed) return
      const message = 'Only members and robots of the organization can be in its teams: make the user a member first.'
      throw new RegistryError('unprocessable', message)
    },

    async leave(organizationId, memberId, teamId) {
      await change(organizationId, memberId, (teams) => teams.filter(([id]) => id !== teamId))
    },

    async roleOf(organizationId, memberId, teamId) {
      const robot = isRobotId(memberId) ? await robots.get(memberId) : undefined
      const membership = robot ? undefined : await memberships.get(membershipId(organizationId, memberId))
      const teams: Teams = robot?.value.teams ?? membership?.value.teams ?? []
      return teams.find(([id]) => id === teamId)?.[1]
    },
  }
}
