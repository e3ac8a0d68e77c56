import { type PageQuery, pageQuery } from '../../ts_interfaces/common.ts'
import {
  newOrganization,
  type Organization,
  organization,
  organizationChanges,
  organizationPage,
} from '../../ts_interfaces/organizations.ts'
import type { Principal } from '../access/principal.ts'
import { hasCode, RegistryError } from '../errors.ts'
import type { OrganizationDocument } from '../metadata/access-schema.ts'
import type { Page, Stored } from '../metadata/engine.ts'
import { etagOf, revisionToMatch } from './etag.ts'
import { pageOf, storePage, timeOf } from './page-of.ts'
import { permission, permissionsOf } from './permissions.ts'
import { type ApiDeps, type Route, route } from './route.ts'

type Found = Stored<OrganizationDocument>

/** Organizations: platform admins make them, their owners and admins change them. */
export function organizationRoutes({ access }: ApiDeps): Route[] {
  const may = permissionsOf(access)
  const signedIn = permission('who is signed in', ({ principal }) => requireSomebody(principal))

  return [
    route(
      'GET /organizations',
      signedIn,
      {
        summary: 'The organizations you belong to; all for platform admins',
        query: pageQuery,
        answer: organizationPage,
      },
      async ({ on, query }) => {
        const show = async (found: Found) => ((await mayRead(on, found)) ? organizationBody(found) : undefined)
        return { body: await pageOf(await listFor(on, query), show) }
      },
    ),
    route(
      'POST /organizations',
      may.platform('admin'),
      {
        summary: 'Makes an organization',
        body: newOrganization,
        answer: organization,
        hasEtag: true,
        refusals: [409, 422],
      },
      async ({ on, body: { owner, displayName, visibility, name } }) => {
        const ownerId = owner === undefined ? on.user.id : (await requireUser(owner)).id
        const more = { ...(displayName !== undefined && { displayName }), ...(visibility && { visibility }) }
        const made = await access.organizations.create({ name, ownerId, ...more })
        const path = `/organizations/${made.id}`
        return { body: organizationBody(made), etag: etagOf(made), made: { id: made.id, path } }
      },
    ),
    route(
      'GET /organizations/:id',
      may.organization('read'),
      { summary: 'An organization, by id or name', answer: organization, hasEtag: true },
      async ({ on }) => {
        const found = await newest(on)
        return { body: organizationBody(found), etag: etagOf(found) }
      },
    ),
    route(
      'PUT /organizations/:id',
      may.organization('admin'),
      {
        summary: 'Changes an organization',
        body: organizationChanges,
        answer: organization,
        hasEtag: true,
        refusals: [412],
      },
      async ({ on, body: { displayName, visibility, membersCreateRepositories }, c }) => {
        const settings = {
          ...(displayName !== undefined && { displayName }),
          ...(visibility && { visibility }),
          ...(membersCreateRepositories !== undefined && { membersCreateRepositories }),
        }
        const changed = await access.organizations.configure(on.id, settings, revisionToMatch(c, await newest(on)))
        return { body: organizationBody(changed), etag: etagOf(changed) }
      },
    ),
  ]

  /** The gate's record may be some seconds old. */
  async function newest(on: Found): Promise<Found> {
    return (await access.organizations.get(on.id)) ?? on
  }

  async function requireUser(key: string) {
    const user = (await access.users.get(key)) ?? (await access.users.findByUsername(key))
    if (user) return user
    throw new RegistryError('unprocessable', 'There is no such user.', { field: 'owner' })
  }

  /** Those that may be readable: a token still narrows them. */
  async function listFor(
    principal: Exclude<Principal, { kind: 'anonymous' }>,
    query: PageQuery,
  ): Promise<Page<OrganizationDocument>> {
    if (principal.kind === 'robot') return only(await access.organizations.get(principal.robot.value.organizationId))
    if (principal.user.value.isPlatformAdmin) return access.organizations.list(storePage(query))
    return access.organizations.listOf(principal.user.id, storePage(query))
  }

  async function mayRead(principal: Principal, { id }: Found): Promise<boolean> {
    try {
      await access.enterOrganization(principal, 'read', { id })
      return true
    } catch (err) {
      if (hasCode(err, 'organization_unknown', 'access_denied')) return false
      throw err
    }
  }
}

function requireSomebody(principal: Principal): Exclude<Principal, { kind: 'anonymous' }> {
  if (principal.kind !== 'anonymous') return principal
  throw new RegistryError('auth_required', 'Sign in first: this needs a token or a username and password.')
}

const only = (found: Found | undefined): Page<OrganizationDocument> => ({ items: found ? [found] : [] })

function organizationBody({ id, value }: Found): Organization {
  const { name, displayName, visibility, membersCreateRepositories = false, createdAt } = value
  return { id, name, displayName, visibility, membersCreateRepositories, createdAt: timeOf(createdAt) }
}
