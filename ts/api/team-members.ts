import { pageQuery } from '../../ts_interfaces/common.ts'
import {
  newTeamMember,
  type TeamMember as Shown,
  teamMember,
  teamMemberChanges,
  teamMemberPage,
} from '../../ts_interfaces/teams.ts'
import { isRobotId } from '../access/principal.ts'
import type { TeamMember } from '../access/teams.ts'
import { RegistryError } from '../errors.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { storePage } from './page-of.ts'
import { pathParam, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Who is in a team: members of its organization, and robots. */
export function teamMemberRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /teams/:id/members',
      may.team('read'),
      { summary: 'Who is in a team', query: pageQuery, answer: teamMemberPage },
      async ({ on, query }) => {
        const { items, next } = await access.teams.members(on.team.id, storePage(query))
        const shown = (await Promise.all(items.map(bodyOf))).filter((body) => body !== undefined)
        return { body: { items: shown, ...(next !== undefined && { next }) } }
      },
    ),
    route(
      'POST /teams/:id/members',
      may.team('members'),
      {
        summary: 'Puts a member or robot of the organization into a team',
        body: newTeamMember,
        answer: teamMember,
        hasEtag: true,
        refusals: [409, 422],
      },
      async ({ on: { team }, body }) => {
        const memberId = await findHolder(body.member)
        if (memberId === undefined) {
          throw new RegistryError('unprocessable', 'There is no such user or robot.', { field: 'member' })
        }
        const made = await access.teams.setMember(team.id, memberId, body.role, 'none')
        return { ...(await answerOf(made)), made: { id: memberId, path: `/teams/${team.id}/members/${memberId}` } }
      },
    ),
    route(
      'PUT /teams/:id/members/:memberId',
      may.team('members'),
      {
        summary: 'Changes the role of somebody in a team',
        body: teamMemberChanges,
        answer: teamMember,
        hasEtag: true,
        refusals: [412, 422],
      },
      async ({ on: { team }, body, c }) => {
        const { memberId, revision } = await requireMember(team.id, pathParam(c, 'memberId'))
        const wanted = revisionToMatch(c, { revision })
        return answerOf(await access.teams.setMember(team.id, memberId, body.role, wanted))
      },
    ),
    route(
      'DELETE /teams/:id/members/:memberId',
      may.team('members'),
      { summary: 'Takes somebody out of a team' },
      async ({ on: { team }, c }) => {
        const { memberId } = await requireMember(team.id, pathParam(c, 'memberId'))
        await access.teams.removeMember(team.id, memberId)
        return undefined
      },
    ),
  ]

  /** The id of a user or robot; ids come before usernames. */
  async function findHolder(key: string): Promise<string | undefined> {
    if (!key.isWellFormed()) return undefined
    const robot = isRobotId(key) ? await access.robots.get(key) : undefined
    return (robot ?? (await access.users.get(key)) ?? (await access.users.findByUsername(key)))?.id
  }

  async function requireMember(teamId: string, key: string): Promise<TeamMember> {
    const id = await findHolder(key)
    const member = id === undefined ? undefined : await access.teams.member(teamId, id)
    if (member) return member
    throw new RegistryError('user_unknown', 'There is no such user or robot in the team.')
  }

  async function answerOf(member: TeamMember) {
    const body = await bodyOf(member)
    if (!body) throw new RegistryError('user_unknown', 'This user or robot was deleted just now.')
    return { body, etag: etagOf(member) }
  }

  /** `undefined` for one that was deleted. */
  async function bodyOf({ memberId, role }: TeamMember): Promise<Shown | undefined> {
    if (isRobotId(memberId)) {
      const robot = await access.robots.get(memberId)
      return robot && { memberId, kind: 'robot', name: robot.value.name, role }
    }
    const user = await access.users.get(memberId)
    return user && { memberId, kind: 'user', name: user.value.username, role }
  }
}
