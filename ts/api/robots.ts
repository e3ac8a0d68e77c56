import { pageQuery } from '../../ts_interfaces/common.ts'
import { newRobot, type Robot, robot, robotChanges, robotPage } from '../../ts_interfaces/robots.ts'
import type { OrganizationAction, OrganizationEntered } from '../access/access.ts'
import { RegistryError } from '../errors.ts'
import type { RobotDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { pathParam, permission, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Permission, type Route, route } from './route.ts'

export interface RobotEntered {
  readonly organization: OrganizationEntered
  readonly robot: Stored<RobotDocument>
}

/** What acts for an organization. */
export function robotRoutes(deps: ApiDeps): Route[] {
  const { access } = deps
  const may = permissionsOf(access)

  return [
    route(
      'GET /organizations/:id/robots',
      may.organization('read'),
      { summary: 'The robots of an organization, by name', query: pageQuery, answer: robotPage },
      async ({ on, query }) => {
        const found = await access.robots.list(on.id, storePage(query))
        return { body: await pageOf(found, (each) => robotBody(on, each)) }
      },
    ),
    route(
      'POST /organizations/:id/robots',
      may.organization('admin'),
      { summary: 'Makes a robot', body: newRobot, answer: robot, hasEtag: true, refusals: [409] },
      async ({ on, body: { name, description } }) => {
        const made = await access.robots.create({
          organizationId: on.id,
          name,
          ...(description !== undefined && { description }),
        })
        const path = `/organizations/${on.id}/robots/${made.id}`
        return { ...answerOf({ organization: on, robot: made }), made: { id: made.id, path } }
      },
    ),
    route(
      'GET /organizations/:id/robots/:robotId',
      mayRobot(deps, 'read'),
      { summary: 'A robot, by id or name', answer: robot, hasEtag: true },
      async ({ on }) => answerOf(on),
    ),
    route(
      'PUT /organizations/:id/robots/:robotId',
      mayRobot(deps, 'admin'),
      {
        summary: 'Changes a robot; a disabled one may do nothing',
        body: robotChanges,
        answer: robot,
        hasEtag: true,
        refusals: [412],
      },
      async ({ on, body: { description, isActive }, c }) => {
        const settings = {
          ...(description !== undefined && { description }),
          ...(isActive !== undefined && { isActive }),
        }
        const changed = await access.robots.configure(on.robot.id, settings, revisionToMatch(c, on.robot))
        return answerOf({ ...on, robot: changed })
      },
    ),
    route(
      'DELETE /organizations/:id/robots/:robotId',
      mayRobot(deps, 'admin'),
      { summary: 'Deletes a robot with its tokens and permissions' },
      async ({ on }) => {
        await access.robots.delete(on.robot.id)
        return undefined
      },
    ),
  ]
}

/** The robot of the path, by id or name, and its organization; whoever may read that knows its robots. */
export function mayRobot({ access }: ApiDeps, action: OrganizationAction): Permission<RobotEntered> {
  const { who, enter } = permissionsOf(access).organization(action)
  return permission(who, async (asked) => {
    const organization = await enter(asked)
    const key = pathParam(asked.c, 'robotId')
    // By id or name: no name has an underscore.
    const found = await (key.includes('_') ? access.robots.get(key) : access.robots.find(organization.id, key))
    if (found?.value.organizationId === organization.id) return { organization, robot: found }
    throw new RegistryError('robot_unknown', 'The organization has no such robot.')
  })
}

function answerOf({ organization, robot: found }: RobotEntered) {
  return { body: robotBody(organization, found), etag: etagOf(found) }
}

function robotBody(organization: OrganizationEntered, { id, value }: Stored<RobotDocument>): Robot {
  const { organizationId, name, description, isActive, teams, createdAt } = value
  return {
    id,
    organizationId,
    organization: organization.value.name,
    name,
    description,
    isActive,
    teams: teams.map(([team, role]) => ({ id: team, role })),
    createdAt: timeOf(createdAt),
  }
}
