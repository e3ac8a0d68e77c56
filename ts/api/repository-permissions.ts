import { pageQuery } from '../../ts_interfaces/common.ts'
import {
  permissionChanges,
  type RepositoryPermission,
  repositoryPermission,
  repositoryPermissionPage,
} from '../../ts_interfaces/repositories.ts'
import { isRobotId } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { pathParam, permissionsOf } from './permissions.ts'
import { repositoryEtag, repositoryRevision } from './repository-etag.ts'
import { type ApiDeps, type Route, route } from './route.ts'

type Role = RepositoryPermission['role']
type Given = readonly [holderId: string, role: Role]

/** What repositories give users, teams and robots directly. They stand in the repository, whose entity tag holds for them. */
export function repositoryPermissionRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /repositories/:id/permissions',
      may.repository('admin'),
      {
        summary: 'Who has a role in a repository, and the teams that work on it',
        query: pageQuery,
        answer: repositoryPermissionPage,
      },
      async ({ on, query: { limit, cursor = '' } }) => {
        const found = await newest(on.repository)
        const rest = givenIn(found).filter((given) => keyOf(given) > cursor)
        const shown = rest.slice(0, limit)
        const last = shown.length < rest.length ? shown.at(-1) : undefined
        const items = await Promise.all(shown.map(bodyOf))
        return { body: { items, ...(last && { next: keyOf(last) }) }, etag: repositoryEtag(found) }
      },
    ),
    route(
      'PUT /repositories/:id/permissions/:holderId',
      may.repository('admin'),
      {
        summary: 'Gives a user, team or robot a role, or changes it; the entity tag is that of the repository',
        body: permissionChanges,
        answer: repositoryPermission,
        hasEtag: true,
        refusals: [412, 422],
      },
      async ({ on, body: { role }, c }) => {
        const holderId = await requireHolder(pathParam(c, 'holderId'))
        const revision = repositoryRevision(c, await newest(on.repository))
        await access.grants.setPermission(on.repository.id, { holderId, role }, revision)
        return { body: await bodyOf([holderId, role]), etag: repositoryEtag(await newest(on.repository)) }
      },
    ),
    route(
      'DELETE /repositories/:id/permissions/:holderId',
      may.repository('admin'),
      { summary: 'Takes a direct role back; what teams give stays' },
      async ({ on, c }) => {
        const holderId = await requireHolder(pathParam(c, 'holderId'))
        const { permissions = [] } = (await newest(on.repository)).value
        if (!permissions.some(([holder]) => holder === holderId)) throw noSuch(holderId)
        await access.grants.removePermission(on.repository.id, holderId)
        return undefined
      },
    ),
  ]

  /** The gate's record may be some seconds old. */
  async function newest(found: Stored<RepositoryDocument>): Promise<Stored<RepositoryDocument>> {
    return (await access.repositories.get(found.id)) ?? found
  }

  /** An id, or a username: what looks like an id is one, so that nobody is called like somebody else's. */
  async function requireHolder(key: string): Promise<string> {
    if (/^(?:usr|team|rob)_/.test(key)) return key
    const user = await access.users.findByUsername(key)
    if (user) return user.id
    throw noSuch(key)
  }

  async function bodyOf([holderId, role]: Given): Promise<RepositoryPermission> {
    if (isRobotId(holderId)) {
      return { holderId, kind: 'robot', name: (await access.robots.get(holderId))?.value.name ?? holderId, role }
    }
    if (holderId.startsWith('usr_')) {
      return { holderId, kind: 'user', name: (await access.users.get(holderId))?.value.username ?? holderId, role }
    }
    return { holderId, kind: 'team', name: (await access.teams.get(holderId))?.value.name ?? holderId, role }
  }
}

function givenIn({ value: { permissions = [], teams = [] } }: Stored<RepositoryDocument>): readonly Given[] {
  const all: Given[] = [...permissions, ...teams.map((id): Given => [id, 'team'])]
  return all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** A team may work here and have a role, too. */
function keyOf([holderId, role]: Given): string {
  return role === 'team' ? `${holderId}/team` : holderId
}

function noSuch(holder: string): RegistryError {
  const code = isRobotId(holder) ? 'robot_unknown' : holder.startsWith('team_') ? 'team_unknown' : 'user_unknown'
  return new RegistryError(code, 'There is no such holder, or it has no role here.')
}
