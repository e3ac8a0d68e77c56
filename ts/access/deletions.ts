import { RegistryError } from '../errors.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { isGone } from './gone.ts'
import { nameClaims } from './name-claims.ts'
import { sweepHolders } from './sweep-holders.ts'

const perRun = 100

/**
 * Deleting organizations and repositories: marked first, which makes them unknown to everybody, then swept by a job until
 * a pass finds nothing, then buried: what is left holds the name. Every step may be repeated.
 */
export interface Deletions {
  /** A repeat changes nothing. Throws `organization_unknown`, `unprocessable` for the platform's default organization. */
  beginOrganization(id: string): Promise<Stored<OrganizationDocument>>
  /** A repeat changes nothing. Throws `repository_unknown`. */
  beginRepository(id: string): Promise<Stored<RepositoryDocument>>
  /** Those marked up to then (epoch milliseconds) and not buried, oldest first, at most 100. */
  organizationsBegun(until: number): Promise<readonly Stored<OrganizationDocument>[]>
  repositoriesBegun(until: number): Promise<readonly Stored<RepositoryDocument>[]>
  /** Was it marked, and is not buried? */
  isUnderWay(id: string): Promise<boolean>
  /**
   * Marks the organization's repositories, and removes some of its teams, robots with their tokens, memberships and
   * claims of names.
   * Resolves to how many records it changed or removed, and whether repositories wait to be buried.
   */
  sweepOrganization(id: string): Promise<{ readonly removed: number; readonly isWaiting: boolean }>
  /** Removes the ways from holders to the repository. Resolves to how many there were. */
  sweepRepository(id: string): Promise<number>
  /** When sweeps find nothing any more. In an organization that is being deleted nothing is left of it. */
  buryRepository(id: string): Promise<void>
  /** When sweeps find nothing any more. */
  buryOrganization(id: string): Promise<void>
}

/** Deletions in the collections of organizations, repositories and who has something of them. */
export function deletionsIn(engine: MetadataEngine, defaultOrganization: string): Deletions {
  const organizations = engine.collection(accessSchema.organizations)
  const repositories = engine.collection(accessSchema.repositories)
  const holders = sweepHolders(engine)
  const claims = nameClaims(engine, () => true)

  async function markRepository(id: string) {
    return changeDocument(repositories, id, (repository) => {
      if (isGone(repository)) return repository
      const { repostSince: _, ...rest } = repository
      return { ...rest, deletingAt: Date.now() }
    })
  }

  /** All are looked at, also those that were deleted before: few, or gone soon. */
  async function markRepositories(organizationId: string): Promise<{ marked: number; left: number }> {
    let marked = 0
    let left = 0
    for (let after: string | undefined; ; ) {
      const query = { equals: { organizationId }, limit: 1000, ...(after !== undefined && { after }) }
      const page = await repositories.find('byName', query)
      for (const { id, value } of page.items) {
        if (value.deletedAt === undefined) left++
        if (isGone(value)) continue
        await markRepository(id)
        marked++
      }
      if (page.next === undefined) return { marked, left }
      after = page.next
    }
  }

  async function forgetRepositories(organizationId: string): Promise<void> {
    for (;;) {
      const { items } = await repositories.find('byName', { equals: { organizationId }, limit: 200 })
      if (items.length === 0) return
      for (const { id } of items) await repositories.delete(id)
    }
  }

  return {
    async beginOrganization(id) {
      const marked = await changeDocument(organizations, id, (organization) => {
        if (organization.name === defaultOrganization) throw isDefault(organization.name)
        if (organization.deletedAt !== undefined) throw unknownOrganization()
        return isGone(organization) ? organization : { ...organization, deletingAt: Date.now() }
      })
      if (!marked) throw unknownOrganization()
      return marked
    },

    async beginRepository(id) {
      const marked = await markRepository(id)
      if (!marked || marked.value.deletedAt !== undefined) throw unknownRepository()
      return marked
    },

    organizationsBegun: async (until) =>
      (await organizations.find('byDeleting', { range: { to: until }, limit: perRun })).items,
    repositoriesBegun: async (until) =>
      (await repositories.find('byDeleting', { range: { to: until }, limit: perRun })).items,

    async isUnderWay(id) {
      const found = id.startsWith('org_') ? await organizations.get(id) : await repositories.get(id)
      return found?.value.deletingAt !== undefined
    },

    async sweepOrganization(id) {
      const { marked, left } = await markRepositories(id)
      const removed = marked + (await holders.ofOrganization(id)) + (await claims.forgetAll(id))
      return { removed, isWaiting: left > 0 }
    },

    sweepRepository: (id) => holders.ofRepository(id),

    async buryRepository(id) {
      const repository = await repositories.get(id)
      const organization = repository && (await organizations.get(repository.value.organizationId))
      if (!organization || isGone(organization.value)) return repositories.delete(id)
      await changeDocument(repositories, id, nameOfRepository)
    },

    async buryOrganization(id) {
      await forgetRepositories(id)
      await changeDocument(organizations, id, nameOfOrganization)
    },
  }
}

function nameOfRepository({
  organizationId,
  protocol,
  name,
  createdAt,
  createdBy,
}: RepositoryDocument): RepositoryDocument {
  const nothing = {
    visibility: 'private',
    description: '',
    requiresApproval: false,
    refusesSimilarNames: false,
  } as const
  return { organizationId, protocol, name, ...nothing, createdAt, createdBy, deletedAt: Date.now() }
}

function nameOfOrganization({ name, nameKey, createdAt }: OrganizationDocument): OrganizationDocument {
  const key = nameKey === undefined ? {} : { nameKey }
  return { name, displayName: name, visibility: 'private', ...key, createdAt, deletedAt: Date.now() }
}

function isDefault(name: string): RegistryError {
  const message = `"${name}" is the platform's default organization. Set DEFAULT_ORGANIZATION to another before you delete it.`
  return new RegistryError('unprocessable', message)
}

function unknownOrganization(): RegistryError {
  return new RegistryError('organization_unknown', 'There is no such organization.')
}

function unknownRepository(): RegistryError {
  return new RegistryError('repository_unknown', 'There is no such repository.')
}
