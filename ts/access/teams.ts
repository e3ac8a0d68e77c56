import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import {
  type TeamDocument,
  type TeamPointerDocument,
  type TeamRole,
  teamPointers,
  teams as teamsSpec,
} from '../metadata/access-schema.ts'
import type { Collection, MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { checkName, checkText } from './names.ts'
import type { RepositoryGrants } from './repository-grants.ts'
import { type ExpectedSeat, type TeamSeat, type TeamSeats, teamSeats } from './team-seats.ts'

export interface NewTeam {
  readonly organizationId: string
  /** Unique in the organization. */
  readonly name: string
  readonly description?: string
}

export interface TeamMember extends TeamSeat {
  /** A user's or robot's id. */
  readonly memberId: string
}

/** Groups of an organization's members and robots, and which repositories they work on. */
export interface Teams {
  /** Throws `payload_invalid` with the field, `name_taken`. */
  create(team: NewTeam): Promise<Stored<TeamDocument>>
  get(id: string): Promise<Stored<TeamDocument> | undefined>
  find(organizationId: string, name: string): Promise<Stored<TeamDocument> | undefined>
  /** By name. */
  list(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<TeamDocument>>
  /**
   * Throws `payload_invalid` with the field, `team_unknown`; `precondition_failed` when the revision is given and is
   * another.
   */
  describe(id: string, description: string, revision?: number): Promise<Stored<TeamDocument>>
  /** Takes all that the team gave from everybody, then removes it. Unknown is success. */
  delete(id: string): Promise<void>
  /**
   * Puts a member or robot of the organization into the team, or changes the role. Throws `team_unknown`,
   * `unprocessable` for who does not belong to the organization; `name_taken` for who is in the team and was expected
   * not to be, `precondition_failed` for a seat of another revision than expected.
   */
  setMember(id: string, memberId: string, role: TeamRole, expected?: ExpectedSeat): Promise<TeamMember>
  /** `undefined` for who is not in the team. Throws `team_unknown`. */
  member(id: string, memberId: string): Promise<TeamMember | undefined>
  /** Not in the team is success. */
  removeMember(id: string, memberId: string): Promise<void>
  /** By member id; a page may be shorter than its limit. */
  members(
    id: string,
    page: { limit?: number; after?: string },
  ): Promise<{ readonly items: readonly TeamMember[]; readonly next?: string }>
}

/** Teams in the collections `teams` and `teamPointers`. */
export function teamDirectory(engine: MetadataEngine, grants: RepositoryGrants): Teams {
  const teams = engine.collection(teamsSpec)
  const pointers = engine.collection(teamPointers)
  const seats = teamSeats(engine)

  async function require(id: string): Promise<Stored<TeamDocument>> {
    const team = await teams.get(id)
    if (!team) throw unknownTeam()
    return team
  }

  async function setMember(id: string, memberId: string, role: TeamRole, expected?: ExpectedSeat): Promise<TeamMember> {
    const { organizationId } = (await require(id)).value
    await seats.requireHolder(organizationId, memberId)
    await point(pointers, { teamId: id, memberId })
    const seat = await seats.take(organizationId, memberId, id, role, expected)
    // A deletion that went through the members before this one was there.
    if (await teams.get(id)) return { memberId, ...seat }
    await seats.leave(organizationId, memberId, id)
    throw unknownTeam()
  }

  async function member(id: string, memberId: string): Promise<TeamMember | undefined> {
    const { organizationId } = (await require(id)).value
    const seat = await seats.find(organizationId, memberId, id)
    return seat && { memberId, ...seat }
  }

  async function removeMember(id: string, memberId: string): Promise<void> {
    const team = await teams.get(id)
    if (team) await seats.leave(team.value.organizationId, memberId, id)
    await pointers.delete(pointerId(id, memberId))
  }

  return {
    async create({ organizationId, name, description = '' }) {
      const value: TeamDocument = {
        organizationId,
        name: checkName('team', name),
        description: checkText('description', description),
        createdAt: Date.now(),
      }
      try {
        return await teams.insert(newId('team'), value)
      } catch (err) {
        if (!hasCode(err, 'document_exists')) throw err
        throw new RegistryError('name_taken', `There is a team "${name}" already.`, { field: 'name' })
      }
    },
    get: (id) => teams.get(id),
    async find(organizationId, name) {
      const { items } = await teams.find('byName', { equals: { organizationId, name }, limit: 1 })
      return items[0]
    },
    list: (organizationId, page) => teams.find('byName', { equals: { organizationId }, ...page }),
    async describe(id, description, revision) {
      const text = checkText('description', description)
      return (await changeDocument(teams, id, (team) => ({ ...team, description: text }), revision)) ?? require(id)
    },

    async delete(id) {
      const team = await teams.get(id)
      if (!team) return
      await teams.delete(id)
      await grants.withdrawEverywhere(id)
      await leaveAll(pointers, seats, team.value.organizationId, id)
    },

    setMember,
    member,
    removeMember,
    async members(id, page) {
      const { organizationId } = (await require(id)).value
      const { items, next } = await pointers.find('byTeam', { equals: { teamId: id }, ...page })
      const seated = await Promise.all(
        items.map(async ({ value: { memberId } }) => {
          const seat = await seats.find(organizationId, memberId, id)
          return seat ? [{ memberId, ...seat }] : []
        }),
      )
      return { items: seated.flat(), ...(next !== undefined && { next }) }
    },
  }
}

type Pointers = Collection<TeamPointerDocument, 'byTeam'>

function unknownTeam(): RegistryError {
  return new RegistryError('team_unknown', 'There is no such team.')
}

const pointerId = (teamId: string, memberId: string) => `${teamId}:${memberId}`

async function point(pointers: Pointers, value: TeamPointerDocument): Promise<void> {
  try {
    await pointers.insert(pointerId(value.teamId, value.memberId), value)
  } catch (err) {
    if (!hasCode(err, 'document_exists')) throw err
  }
}

async function leaveAll(pointers: Pointers, seats: TeamSeats, organizationId: string, teamId: string): Promise<void> {
  for (;;) {
    const { items } = await pointers.find('byTeam', { equals: { teamId }, limit: 200 })
    if (items.length === 0) return
    for (const { id, value } of items) {
      await seats.leave(organizationId, value.memberId, teamId)
      await pointers.delete(id)
    }
  }
}
