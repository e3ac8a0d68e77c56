import {
  type Deletion,
  deletedNamePage,
  deletedNameQuery,
  deletion,
  deletionRequest,
  type DeletedName as Shown,
} from '../../ts_interfaces/deletions.ts'
import type { DeletedName } from '../access/deleted-names.ts'
import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import { storePage, timeOf } from './page-of.ts'
import { pathParam, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Deleting organizations and repositories, and what becomes of their names. */
export function deletionRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'DELETE /organizations/:id',
      may.organization('delete'),
      {
        summary: 'Deletes an organization with all that belongs to it, for good',
        body: deletionRequest,
        answer: deletion,
        status: 202,
        refusals: [422],
      },
      async ({ on, body }) => {
        requireName(on.value.name, body.name)
        return { body: begun('organization', await access.deletions.beginOrganization(on.id)) }
      },
    ),
    route(
      'DELETE /repositories/:id',
      may.repository('admin'),
      {
        summary: 'Deletes a repository with all its packages, for good',
        body: deletionRequest,
        answer: deletion,
        status: 202,
        refusals: [422],
      },
      async ({ on: { repository }, body }) => {
        requireName(repository.value.name, body.name)
        return { body: begun('repository', await access.deletions.beginRepository(repository.id)) }
      },
    ),
    route(
      'GET /admin/deleted-names',
      may.platform('read'),
      {
        summary: 'Names of deleted organizations or repositories, which nobody gets',
        query: deletedNameQuery,
        answer: deletedNamePage,
      },
      async ({ query: { kind, ...query } }) => {
        const { items, next } = await access.deletedNames.list(kind, storePage(query))
        return { body: { items: items.map(bodyOf), ...(next !== undefined && { next }) } }
      },
    ),
    route(
      'DELETE /admin/deleted-names/:id',
      may.platform('admin'),
      { summary: 'Lets the name of what was deleted be used again' },
      async ({ c }) => {
        await access.deletedNames.free(pathParam(c, 'id'))
        return undefined
      },
    ),
  ]
}

function requireName(name: string, confirmed: string): void {
  if (name === confirmed) return
  const message = `To delete it, repeat its name: "${name}".`
  throw new RegistryError('unprocessable', message, { field: 'name' })
}

function begun(kind: Deletion['kind'], { id, value }: Stored<{ name: string; deletingAt?: number }>): Deletion {
  return { id, kind, name: value.name, startedAt: timeOf(value.deletingAt ?? Date.now()) }
}

function bodyOf({ deletedAt, ...name }: DeletedName): Shown {
  return { ...name, deletedAt: timeOf(deletedAt) }
}
