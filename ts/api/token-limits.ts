import type { NewToken as Body } from '../../ts_interfaces/tokens.ts'
import type { Principal } from '../access/principal.ts'
import type { NewToken } from '../access/tokens.ts'
import { hasCode, RegistryError } from '../errors.ts'
import { organizationKey } from './permissions.ts'
import type { ApiDeps } from './route.ts'

/**
 * Reads a token that is asked for, whoever it will be for. Organizations and repositories are those that the principal
 * may read: others do not exist for it. Throws `payload_invalid` and `unprocessable` with the field.
 */
export function newTokenReader({ access, protocols: spoken }: Pick<ApiDeps, 'access' | 'protocols'>) {
  const known = spoken.map(({ id }) => id)

  async function organizationId(principal: Principal, key: string): Promise<string> {
    try {
      return (await access.enterOrganization(principal, 'read', organizationKey(key))).id
    } catch (err) {
      throw unknownIn('organizations', key, err)
    }
  }

  async function repositoryId(principal: Principal, id: string): Promise<string> {
    try {
      return (await access.enterRepository(principal, 'read', id)).repository.id
    } catch (err) {
      throw unknownIn('repositories', id, err)
    }
  }

  function protocol(id: string): string {
    if (known.includes(id)) return id
    const message = `There is no protocol "${id}" here; there are: ${known.join(', ')}.`
    throw new RegistryError('payload_invalid', message, { field: 'protocols' })
  }

  return async (principal: Principal, body: Body): Promise<Omit<NewToken, 'userId'>> => {
    const { name, actions, protocols, organizations, repositories, packages, cidrs, expiresAt } = body
    return {
      name,
      actions,
      ...(protocols && { protocols: protocols.map(protocol) }),
      ...(organizations && { organizations: await each(organizations, (key) => organizationId(principal, key)) }),
      ...(repositories && { repositories: await each(repositories, (id) => repositoryId(principal, id)) }),
      ...(packages && { packages }),
      ...(cidrs && { cidrs }),
      ...(expiresAt !== undefined && { expiresAt: Date.parse(expiresAt) }),
    }
  }
}

/** What each key leads to, once. */
async function each(keys: readonly string[], find: (key: string) => Promise<string>): Promise<readonly string[]> {
  return [...new Set(await Promise.all(keys.map(find)))]
}

function unknownIn(field: string, key: string, err: unknown): unknown {
  if (!hasCode(err, 'organization_unknown', 'repository_unknown', 'access_denied')) return err
  return new RegistryError('unprocessable', `There is no "${key}", or you may not read it.`, { field })
}
