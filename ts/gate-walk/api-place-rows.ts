import type { ApiLine } from './api-rows.ts'
import { expected, type Need } from './model.ts'
import { organization, readers, repository, settings, signedIn, team } from './row.ts'

const inOrganization = { unknown: 'organization_unknown' } as const
const inTeam = { of: ['teamId'], unknown: 'team_unknown' } as const
const aRepository = { of: ['repositoryId'] } as const
const aRobot = { of: ['organizationId', 'robotId'], ...inOrganization } as const
const itsToken = { of: ['organizationId', 'robotId', 'robotToken'], ...inOrganization } as const
const theRepository: readonly [string, Need] = ['potoroo', { of: 'settings', isListed: true }]

const readTeam = [team('read')]
const members = [team('members')]
const adminTeam = [team('admin')]
const read = [organization('read')]
const admin = [organization('admin')]

/** Teams, robots, repositories and what they give. */
export const apiPlaceLines: readonly ApiLine[] = [
  { line: 'GET /organizations/:id/teams', needs: read, of: ['organizationId'], ...inOrganization },
  { line: 'POST /organizations/:id/teams', needs: admin, of: ['organizationId'], ...inOrganization },
  {
    line: 'GET /teams',
    needs: [signedIn],
    query: (names) => `?organization=${names.organization}&name=${names.team}`,
    hides: ['organization', 'team'],
    lists: ['bilby', team('read')],
  },
  { line: 'GET /teams/:id', needs: readTeam, ...inTeam },
  { line: 'PUT /teams/:id', needs: adminTeam, ...inTeam },
  { line: 'DELETE /teams/:id', needs: adminTeam, ...inTeam },
  { line: 'GET /teams/:id/members', needs: readTeam, ...inTeam },
  { line: 'POST /teams/:id/members', needs: members, ...inTeam },
  { line: 'PUT /teams/:id/members/:memberId', needs: members, ...inTeam, of: ['teamId', '"someone-in-it"'] },
  { line: 'DELETE /teams/:id/members/:memberId', needs: members, ...inTeam, of: ['teamId', '"someone-in-it"'] },
  { line: 'GET /teams/:id/repositories', needs: readTeam, ...inTeam },
  { line: 'PUT /teams/:id/repositories/:repositoryId', needs: adminTeam, ...inTeam, of: ['teamId', 'repositoryId'] },
  {
    line: 'PUT /teams/:id/repositories/:repositoryId',
    needs: [team('admin'), repository('admin')],
    ...inTeam,
    of: ['teamId', 'repositoryId'],
    isHarmless: true,
  },
  { line: 'DELETE /teams/:id/repositories/:repositoryId', needs: adminTeam, ...inTeam, of: ['teamId', 'repositoryId'] },

  { line: 'GET /organizations/:id/robots', needs: read, of: ['organizationId'], ...inOrganization },
  { line: 'POST /organizations/:id/robots', needs: admin, of: ['organizationId'], ...inOrganization },
  { line: 'GET /organizations/:id/robots/:robotId', needs: read, ...aRobot },
  { line: 'PUT /organizations/:id/robots/:robotId', needs: admin, ...aRobot },
  { line: 'DELETE /organizations/:id/robots/:robotId', needs: admin, ...aRobot },
  { line: 'GET /organizations/:id/robots/:robotId/tokens', needs: admin, ...aRobot },
  { line: 'POST /organizations/:id/robots/:robotId/tokens', needs: admin, ...aRobot },
  { line: 'GET /organizations/:id/robots/:robotId/tokens/:tokenId', needs: admin, ...itsToken },
  { line: 'DELETE /organizations/:id/robots/:robotId/tokens/:tokenId', needs: admin, ...itsToken },
  { line: 'POST /organizations/:id/robots/:robotId/tokens/:tokenId/rotate', needs: admin, ...itsToken },

  { line: 'DELETE /organizations/:id', needs: [organization('delete')], of: ['organizationId'], ...inOrganization },
  {
    line: 'GET /organizations/:id/repositories',
    needs: read,
    of: ['organizationId'],
    ...inOrganization,
    lists: theRepository,
  },
  {
    line: 'POST /organizations/:id/repositories',
    needs: [{ of: 'creation' }],
    of: ['organizationId'],
    ...inOrganization,
  },
  { line: 'GET /repositories', needs: readers, lists: theRepository },
  {
    line: 'GET /repositories',
    needs: readers,
    query: ({ organization }) => `?organization=${organization}`,
    lists: theRepository,
    hides: ['organization'],
  },
  {
    line: 'GET /repositories',
    needs: readers,
    query: (names) => `?organization=${names.organizationId}&protocol=npm&name=${names.repository}`,
    lists: theRepository,
    hides: ['organizationId', 'repository'],
  },
  { line: 'GET /repositories/:id', needs: [settings], ...aRepository },
  { line: 'PUT /repositories/:id', needs: [repository('admin')], ...aRepository },
  { line: 'DELETE /repositories/:id', needs: [repository('admin')], ...aRepository },
  { line: 'POST /repositories/:id/retention/preview', needs: [repository('admin')], ...aRepository },
  { line: 'GET /repositories/:id/permissions', needs: [repository('admin')], ...aRepository },
  {
    line: 'PUT /repositories/:id/permissions/:holderId',
    needs: [repository('admin')],
    of: ['repositoryId', '"bystander"'],
  },
  {
    line: 'DELETE /repositories/:id/permissions/:holderId',
    needs: [repository('admin')],
    of: ['repositoryId', '"bystander"'],
  },
  {
    line: 'GET /access/explain',
    needs: [repository('admin')],
    query: (names) => `?principal=bystander&action=read&repository=${names.repositoryId}`,
    hides: ['repositoryId'],
  },
  // Of oneself; a robot is known by its id alone.
  {
    line: 'GET /access/explain',
    needs: (kind, shown) => expected(kind.is === 'robot' ? [repository('admin')] : [settings], kind, shown),
    query: (names, username) => `?principal=${username}&action=read&repository=${names.repositoryId}`,
  },
]
