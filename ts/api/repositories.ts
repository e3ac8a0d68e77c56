import { pageQuery } from '../../ts_interfaces/common.ts'
import {
  newRepository,
  type Repository,
  type RepositoryChanges,
  repository,
  repositoryChanges,
  repositoryPage,
  repositoryQuery,
} from '../../ts_interfaces/repositories.ts'
import type { Entered } from '../access/access.ts'
import { nobodysId } from '../access/gate-words.ts'
import { actorOf } from '../access/principal.ts'
import type { RepositoryPage } from '../access/readable-repositories.ts'
import type { RepositorySettings } from '../access/repositories.ts'
import { RegistryError } from '../errors.ts'
import { requireTagRecords } from '../registry/tag-records.ts'
import { storePage, timeOf } from './page-of.ts'
import { organizationKey, permissionsOf } from './permissions.ts'
import { repositoryEtag, repositoryRevision } from './repository-etag.ts'
import { ruleBody, ruleIn } from './retention.ts'
import { type ApiDeps, type Route, route } from './route.ts'

/** Repositories and their settings. */
export function repositoryRoutes({ access, protocols }: ApiDeps): Route[] {
  const may = permissionsOf(access)

  return [
    route(
      'GET /repositories',
      may.reading,
      {
        summary: 'The repositories that you may read; one by its organization, protocol and name',
        query: repositoryQuery,
        answer: repositoryPage,
      },
      async ({ principal, query: { organization, protocol, name, ...query } }) => {
        const filter = {
          // Nobody's id finds nothing, as in an organization that one may not read.
          ...(organization !== undefined && {
            organizationId: (await findOrganization(organization))?.id ?? nobodysId,
          }),
          ...(protocol !== undefined && { protocol }),
          ...(name !== undefined && { name }),
        }
        return { body: bodies(await access.listRepositories(principal, filter, storePage(query))) }
      },
    ),
    route(
      'GET /organizations/:id/repositories',
      may.organization('read'),
      {
        summary: 'The repositories of an organization, and you may read',
        query: pageQuery,
        answer: repositoryPage,
      },
      async ({ on, query, principal }) => ({
        body: bodies(await access.listRepositories(principal, { organizationId: on.id }, storePage(query))),
      }),
    ),
    route(
      'POST /organizations/:id/repositories',
      may.creation,
      {
        summary: 'Makes a repository',
        body: newRepository,
        answer: repository,
        hasEtag: true,
        refusals: [409, 422],
      },
      async ({ on, body: { protocol, name, ...settings }, principal }) => {
        if (!protocols.some(({ id }) => id === protocol)) throw unknownProtocol(protocol)
        if (settings.retention) requireTagRecords(protocols, protocol)
        const { organization, adminId } = await access.enterCreation(principal, { id: on.organization.id }, protocol)
        const made = await access.repositories.create({
          organizationId: organization.id,
          protocol,
          name,
          createdBy: actorOf(principal).id,
          ...given(settings),
          ...(adminId !== undefined && { adminId }),
        })
        const answer = answerOf({ organization, repository: made })
        return { ...answer, made: { id: made.id, path: `/repositories/${made.id}` } }
      },
    ),
    route(
      'GET /repositories/:id',
      may.repository('read'),
      { summary: 'A repository', answer: repository, hasEtag: true },
      async ({ on }) => answerOf(await newest(on)),
    ),
    route(
      'PUT /repositories/:id',
      may.repository('admin'),
      {
        summary: 'Changes the settings of a repository',
        body: repositoryChanges,
        answer: repository,
        hasEtag: true,
        refusals: [412, 422],
      },
      async ({ on, body, c }) => {
        if (body.retention) requireTagRecords(protocols, on.repository.value.protocol)
        const revision = repositoryRevision(c, (await newest(on)).repository)
        const changed = await access.repositories.configure(on.repository.id, given(body), revision)
        return answerOf({ ...on, repository: changed })
      },
    ),
  ]

  /** The gate's record may be some seconds old. */
  async function newest(on: Entered): Promise<Entered> {
    return { ...on, repository: (await access.repositories.get(on.repository.id)) ?? on.repository }
  }

  async function findOrganization(text: string) {
    const key = organizationKey(text)
    return 'id' in key ? access.organizations.get(key.id) : access.organizations.findByName(key.name)
  }
}

/** What was given, and nothing for what was not. */
function given(changes: RepositoryChanges): Partial<RepositorySettings> {
  const { visibility, description, requiresApproval, refusesSimilarNames, ownersOnly, isDisabled } = changes
  const { immutableTags, retention } = changes
  return {
    ...(visibility && { visibility }),
    ...(description !== undefined && { description }),
    ...(requiresApproval !== undefined && { requiresApproval }),
    ...(refusesSimilarNames !== undefined && { refusesSimilarNames }),
    ...(ownersOnly !== undefined && { ownersOnly }),
    ...(isDisabled !== undefined && { isDisabled }),
    ...(immutableTags && { immutableTags }),
    ...(retention !== undefined && { retention: retention && ruleIn(retention) }),
  }
}

function bodies({ items, next }: RepositoryPage) {
  return { items: items.map(bodyOf), ...(next !== undefined && { next }) }
}

function answerOf(entered: Entered) {
  return { body: bodyOf(entered), etag: repositoryEtag(entered.repository) }
}

function bodyOf({ organization, repository: { id, value } }: Entered): Repository {
  const { protocol, name, visibility, description, requiresApproval, refusesSimilarNames } = value
  return {
    id,
    organizationId: organization.id,
    organization: organization.value.name,
    protocol,
    name,
    isDefault: name === protocol,
    visibility,
    description,
    requiresApproval,
    refusesSimilarNames,
    ownersOnly: value.ownersOnly ?? false,
    immutableTags: [...(value.immutableTags ?? [])],
    ...(value.retention && { retention: ruleBody(value.retention) }),
    isDisabled: value.isDisabled ?? false,
    createdAt: timeOf(value.createdAt),
  }
}

function unknownProtocol(protocol: string): RegistryError {
  return new RegistryError('unprocessable', `This server does not speak "${protocol}".`, { field: 'protocol' })
}
