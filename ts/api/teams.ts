import { pageQuery } from '../../ts_interfaces/common.ts'
import { newTeam, type Team, team, teamChanges, teamPage, teamQuery } from '../../ts_interfaces/teams.ts'
import type { OrganizationEntered, TeamEntered } from '../access/access.ts'
import { hasCode } from '../errors.ts'
import type { TeamDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { organizationKey, permissionsOf, signedIn } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Teams of organizations; who is in them and what they work on have files of their own. */
export function teamRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /organizations/:id/teams',
      may.organization('read'),
      { summary: 'The teams of an organization, by name', query: pageQuery, answer: teamPage },
      async ({ on, query }) => {
        const found = await access.teams.list(on.id, storePage(query))
        return { body: await pageOf(found, (each) => teamBody(on, each)) }
      },
    ),
    route(
      'POST /organizations/:id/teams',
      may.organization('admin'),
      { summary: 'Makes a team', body: newTeam, answer: team, hasEtag: true, refusals: [409] },
      async ({ on, body: { name, description } }) => {
        const made = await access.teams.create({
          organizationId: on.id,
          name,
          ...(description !== undefined && { description }),
        })
        return { ...answerOf({ organization: on, team: made }), made: { id: made.id, path: `/teams/${made.id}` } }
      },
    ),
    route(
      'GET /teams',
      signedIn,
      { summary: 'The team of this name, or none', query: teamQuery, answer: teamPage },
      async ({ principal, query }) => {
        const found = await findTeam(() => enterByName(principal, query))
        return { body: { items: found ? [teamBody(found.organization, found.team)] : [] } }
      },
    ),
    route('GET /teams/:id', may.team('read'), { summary: 'A team', answer: team, hasEtag: true }, async ({ on }) =>
      answerOf(on),
    ),
    route(
      'PUT /teams/:id',
      may.team('admin'),
      { summary: 'Changes a team', body: teamChanges, answer: team, hasEtag: true, refusals: [412] },
      async ({ on, body: { description }, c }) => {
        const revision = revisionToMatch(c, on.team)
        if (description === undefined) return answerOf(on)
        const changed = await access.teams.describe(on.team.id, description, revision)
        return answerOf({ ...on, team: changed })
      },
    ),
    route(
      'DELETE /teams/:id',
      may.team('admin'),
      { summary: 'Deletes a team; its members lose what it gave them' },
      async ({ on }) => {
        await access.teams.delete(on.team.id)
        return undefined
      },
    ),
  ]

  async function enterByName(
    principal: Parameters<typeof access.enterTeam>[0],
    { organization, name }: { organization: string; name: string },
  ): Promise<TeamEntered> {
    const { value } = await access.enterOrganization(principal, 'read', organizationKey(organization))
    return access.enterTeam(principal, 'read', { organization: value.name, name })
  }
}

/** `undefined` for what is not there, and for what may not be read. */
async function findTeam(enter: () => Promise<TeamEntered>): Promise<TeamEntered | undefined> {
  try {
    return await enter()
  } catch (err) {
    if (hasCode(err, 'organization_unknown', 'team_unknown')) return undefined
    throw err
  }
}

function answerOf({ organization, team: found }: TeamEntered) {
  return { body: teamBody(organization, found), etag: etagOf(found) }
}

function teamBody(organization: OrganizationEntered, { id, value }: Stored<TeamDocument>): Team {
  const { organizationId, name, description, createdAt } = value
  return { id, organizationId, organization: organization.value.name, name, description, createdAt: timeOf(createdAt) }
}
