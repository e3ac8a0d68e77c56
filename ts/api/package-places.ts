import type { PackageQuery } from '../../ts_interfaces/packages.ts'
import type { Entered } from '../access/access.ts'
import { nobodysId } from '../access/gate-words.ts'
import type { Principal } from '../access/principal.ts'
import { RegistryError } from '../errors.ts'
import { audienceIn } from '../registry/postings.ts'
import type { SearchScope } from '../registry/search-walk.ts'
import type { Repository } from '../registry/store.ts'
import { organizationKey } from './permissions.ts'
import type { ApiDeps } from './route.ts'

/** Where a query looks; `entered` when that is one repository. */
export interface Scope {
  readonly scope: SearchScope
  readonly entered?: Entered
}

/** Where `GET /packages` looks, once the gate was asked for what the query names. */
export function packagePlaces({ access }: ApiDeps) {
  /** The repository that a query names by id, or by organization, protocol and name (default: the default one). */
  async function repository(principal: Principal, query: PackageQuery, packageName?: string): Promise<Entered> {
    const { protocol, organization, repository: key } = query
    const named = packageName ?? probeOf(principal)
    if (key?.includes('_')) {
      if (organization === undefined && protocol === undefined) {
        return access.enterRepository(principal, 'read', key, named)
      }
      throw invalid('repository', "A repository's id says where it is; leave out organization and protocol.")
    }
    if (organization === undefined || protocol === undefined) {
      throw invalid(key === undefined ? 'name' : 'repository', 'A name is looked up with organization and protocol.')
    }
    const address = {
      protocol,
      organization: await nameOf(organization),
      ...(key !== undefined && { repository: key }),
    }
    return access.enter(principal, 'read', address, named)
  }

  async function nameOf(organization: string): Promise<string> {
    if (!organization.includes('_')) return organization
    return (await access.organizations.get(organization))?.value.name ?? nobodysId
  }

  /** Those repositories of an organization in which these audiences find something. */
  async function repositoriesOf(audiences: readonly string[], text: string): Promise<string[]> {
    const key = organizationKey(text)
    const organization =
      'id' in key ? await access.organizations.get(key.id) : await access.organizations.findByName(key.name)
    const own = new Set(audiences)
    const isIn = (found: Repository) =>
      own.has('all') || own.has(found.id) || (organization && own.has(audienceIn(organization, found.value)))
    // Nobody reads what a disabled one holds, so nobody causes reads of it.
    const isOwn = (found: Repository) => !found.value.isDisabled && isIn(found)
    const ids: string[] = []
    let cursor: string | undefined
    do {
      const after = cursor === undefined ? {} : { after: cursor }
      // Asked for what does not exist, too: a stranger causes the same reads.
      const page = await access.repositories.list(organization?.id ?? nobodysId, { limit: 1000, ...after })
      ids.push(...page.items.filter(isOwn).map(({ id }) => id))
      cursor = page.next
    } while (cursor !== undefined)
    return ids
  }

  return {
    repository,

    async scope(principal: Principal, audiences: readonly string[], query: PackageQuery): Promise<Scope> {
      if (query.repository !== undefined) {
        const entered = await repository(principal, query)
        return { scope: { kind: 'repository', repositoryId: entered.repository.id }, entered }
      }
      if (query.organization !== undefined) {
        return { scope: { kind: 'audiences', audiences: await repositoriesOf(audiences, query.organization) } }
      }
      return { scope: audiences.includes('all') ? { kind: 'all' } : { kind: 'audiences', audiences } }
    },
  }
}

/** A name that the principal's token reaches, for questions about places: each package is asked for by its own. */
function probeOf(principal: Principal): string | undefined {
  return principal.kind === 'anonymous' ? undefined : principal.token?.value.packages?.[0]
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('payload_invalid', message, { field })
}
