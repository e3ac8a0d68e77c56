import { pageQuery } from '../../ts_interfaces/common.ts'
import { type TeamRepository, teamRepository, teamRepositoryPage } from '../../ts_interfaces/teams.ts'
import type { TeamEntered } from '../access/access.ts'
import type { Principal } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { storePage } from './page-of.ts'
import { pathParam, permissionsOf } from './permissions.ts'
import { repositoryEtag, repositoryRevision } from './repository-etag.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** What a team works on. Giving and taking it is for the organization's offices. */
export function teamRepositoryRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /teams/:id/repositories',
      may.team('read'),
      {
        summary: 'The repositories that a team works on, and you may read',
        query: pageQuery,
        answer: teamRepositoryPage,
      },
      async ({ on, query, principal }) => {
        const { items, next } = await access.grants.list(on.team.id, storePage(query))
        const shown = await Promise.all(items.map((id) => readable(principal, on, id)))
        return { body: { items: shown.filter((each) => each !== undefined), ...(next !== undefined && { next }) } }
      },
    ),
    route(
      'PUT /teams/:id/repositories/:repositoryId',
      may.team('admin'),
      {
        summary: 'Lets a team work on a repository of its organization; the entity tag is that of the repository',
        answer: teamRepository,
        hasEtag: true,
        refusals: [412, 422],
      },
      async ({ on, c, principal }) => {
        const repository = await requireRepository(principal, on, pathParam(c, 'repositoryId'))
        const revision = repositoryRevision(c, await newest(repository))
        await access.grants.addTeam(repository.id, on.team.id, revision)
        const changed = await newest(repository)
        return { body: bodyOf(changed), etag: repositoryEtag(changed) }
      },
    ),
    route(
      'DELETE /teams/:id/repositories/:repositoryId',
      may.team('admin'),
      { summary: 'Takes a repository from a team; direct permissions stay' },
      async ({ on, c, principal }) => {
        const repository = await requireRepository(principal, on, pathParam(c, 'repositoryId'))
        if (!worksOn(on, repository)) throw unknownRepository()
        await access.grants.removeTeam(repository.id, on.team.id)
        return undefined
      },
    ),
  ]

  /** One of the team's organization, whose offices administer each. */
  async function requireRepository(principal: Principal, on: TeamEntered, id: string) {
    const { organization, repository } = await access.enterRepository(principal, 'admin', id)
    if (organization.id === on.organization.id) return repository
    throw unknownRepository()
  }

  /** The gate's record may be some seconds old. */
  async function newest(found: Stored<RepositoryDocument>): Promise<Stored<RepositoryDocument>> {
    return (await access.repositories.get(found.id)) ?? found
  }

  async function readable(principal: Principal, on: TeamEntered, id: string): Promise<TeamRepository | undefined> {
    const repository = await access.repositories.get(id)
    // It may have a direct permission alone.
    if (!repository || !worksOn(on, repository)) return undefined
    const { allowed } = await access.can(principal, 'read', { organization: on.organization, repository })
    return allowed ? bodyOf(repository) : undefined
  }
}

function worksOn({ team }: TeamEntered, { value }: Stored<RepositoryDocument>): boolean {
  return value.teams?.includes(team.id) ?? false
}

function bodyOf({ id, value }: Stored<RepositoryDocument>): TeamRepository {
  const { protocol, organizationId, name, visibility } = value
  return { id, protocol, organizationId, name, visibility }
}

function unknownRepository(): RegistryError {
  return new RegistryError('repository_unknown', 'There is no such repository in the organization of the team.')
}
