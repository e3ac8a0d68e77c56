import type { Access } from '../access/access.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { formatAddress } from './addresses.ts'

/** What may be told of a token: nothing of its secret but the first characters. What it is limited to goes by name. */
export async function tokenFacts(access: Access, { id, value }: Stored<TokenDocument>) {
  const { name, hint, actions, protocols, organizations, repositories, packages, cidrs, lastUsedFrom } = value
  return {
    id,
    name,
    hint,
    actions,
    protocols,
    organizations: await named(organizations, (each) => organizationName(access, each)),
    repositories: await named(repositories, (each) => repositoryAddress(access, each)),
    packages,
    cidrs,
    createdAt: new Date(value.createdAt),
    expiresAt: timeOf(value.expiresAt),
    lastUsedAt: timeOf(value.lastUsedAt),
    lastUsedFrom,
    oldSecretUntil: timeOf(value.previousUntil),
  }
}

function timeOf(milliseconds: number | undefined): Date | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds)
}

async function named(ids: readonly string[] | undefined, nameOf: (id: string) => Promise<string>) {
  return ids && Promise.all(ids.map(nameOf))
}

/** The id of one that was deleted. */
async function organizationName({ organizations }: Access, id: string): Promise<string> {
  return (await organizations.get(id))?.value.name ?? id
}

async function repositoryAddress(access: Access, id: string): Promise<string> {
  const repository = await access.repositories.get(id)
  if (!repository) return id
  const { protocol, organizationId, name } = repository.value
  return formatAddress({ protocol, organization: await organizationName(access, organizationId), name })
}
