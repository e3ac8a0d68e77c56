import { RegistryError } from '../errors.ts'
import { memberships as membershipsSpec, robots as robotsSpec, type TeamRole } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { membershipId } from './organizations.ts'
import { isRobotId } from './principal.ts'

const maxTeams = 200

type Teams = readonly (readonly [teamId: string, role: TeamRole])[]

export interface TeamSeat {
  readonly role: TeamRole
  /** Of the record that the seat stands in; it rises with every change of that, of other seats too. */
  readonly revision: number
}

/** What must hold of a member's seat for a change to be made: there is none, or it was read at this revision. */
export type ExpectedSeat = 'none' | number

/** Who sits in which team: it stands in a user's membership of the organization, and in a robot itself. */
export interface TeamSeats {
  /** Throws as `take`, for who does not belong to the organization. */
  requireHolder(organizationId: string, memberId: string): Promise<void>
  /**
   * Throws `unprocessable` for who does not belong to the organization, or is in 200 teams of it; `name_taken` and
   * `precondition_failed` when it is not as expected.
   */
  take(
    organizationId: string,
    memberId: string,
    teamId: string,
    role: TeamRole,
    expected?: ExpectedSeat,
  ): Promise<TeamSeat>
  leave(organizationId: string, memberId: string, teamId: string): Promise<void>
  find(organizationId: string, memberId: string, teamId: string): Promise<TeamSeat | undefined>
}

/** Seats in the records that decisions read: a right never costs a record of its own. */
export function teamSeats(engine: MetadataEngine): TeamSeats {
  const memberships = engine.collection(membershipsSpec)
  const robots = engine.collection(robotsSpec)

  /** `undefined` when there is no such member or robot in the organization. */
  async function change(
    organizationId: string,
    memberId: string,
    edit: (teams: Teams) => Teams,
    revision?: number,
  ): Promise<{ readonly revision: number } | undefined> {
    if (!isRobotId(memberId)) {
      const id = membershipId(organizationId, memberId)
      return changeDocument(memberships, id, ({ teams = [], ...rest }) => ({ ...rest, teams: edit(teams) }), revision)
    }
    const robot = await robots.get(memberId)
    if (robot?.value.organizationId !== organizationId) return undefined
    return changeDocument(robots, memberId, (value) => ({ ...value, teams: edit(value.teams) }), revision)
  }

  async function holderOf(organizationId: string, memberId: string) {
    if (!isRobotId(memberId)) return memberships.get(membershipId(organizationId, memberId))
    const robot = await robots.get(memberId)
    return robot?.value.organizationId === organizationId ? robot : undefined
  }

  return {
    async requireHolder(organizationId, memberId) {
      if (!(await holderOf(organizationId, memberId))) throw noHolder()
    },

    async take(organizationId, memberId, teamId, role, expected) {
      function edit(teams: Teams): Teams {
        const others = teams.filter(([id]) => id !== teamId)
        if (expected === 'none' && others.length < teams.length) throw seatedAlready(memberId)
        if (others.length >= maxTeams) {
          throw new RegistryError('unprocessable', `Nobody can be in more than ${maxTeams} teams of an organization.`)
        }
        return [...others, [teamId, role]]
      }
      const changed = await change(organizationId, memberId, edit, expected === 'none' ? undefined : expected)
      if (!changed) throw noHolder()
      return { role, revision: changed.revision }
    },

    async leave(organizationId, memberId, teamId) {
      await change(organizationId, memberId, (teams) => teams.filter(([id]) => id !== teamId))
    },

    async find(organizationId, memberId, teamId) {
      const holder = await holderOf(organizationId, memberId)
      const seat = holder?.value.teams?.find(([id]) => id === teamId)
      return holder && seat && { role: seat[1], revision: holder.revision }
    },
  }
}

function noHolder(): RegistryError {
  const message = 'Only members and robots of the organization can be in its teams: make the user a member first.'
  return new RegistryError('unprocessable', message)
}

function seatedAlready(id: string): RegistryError {
  return new RegistryError('name_taken', 'This one is in the team already. Change the role instead.', {
    field: 'member',
    id,
  })
}
