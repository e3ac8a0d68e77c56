import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { formatAddress } from './addresses.ts'

const remembered = 1000

/** How repositories are called, for lists that name them by id: `oci/acme/containers`. Remembers the last thousand. */
export function repositoryNames(engine: MetadataEngine): (repositoryId: string) => Promise<string> {
  const repositories = engine.collection(accessSchema.repositories)
  const organizations = engine.collection(accessSchema.organizations)
  const known = new Map<string, string>()

  async function read(id: string): Promise<string> {
    const repository = await repositories.get(id)
    const organization = repository && (await organizations.get(repository.value.organizationId))
    if (!repository || !organization) return `a repository that is not there any more (${id})`
    const { protocol, name } = repository.value
    return formatAddress({ protocol, organization: organization.value.name, name })
  }

  return async (id) => {
    const name = known.get(id) ?? (await read(id))
    if (known.size >= remembered) known.clear()
    known.set(id, name)
    return name
  }
}
