import type { World } from './world.ts'

/** One of everything, so that half of the requests are about something: what hooks.py calls KNOWN. */
export interface Seeded {
  readonly known: Readonly<Record<string, string>>
  /** A member of the organization, in no team. */
  readonly member: { readonly id: string; readonly token: string }
}

/** Makes them; the organization has a private npm repository with the package `thing`. */
export async function seedEverything(world: World): Promise<Seeded> {
  const { ask } = world
  const organization = await world.organization()
  const at = `/api/v1/organizations/${organization}`
  await world.publish(organization, 'other')
  const [member, other] = [await world.person(), await world.person()]
  for (const { id } of [member, other]) await ask(`POST ${at}/members`, { user: id, role: 'member' })
  const team = idOf(await ask(`POST ${at}/teams`, { name: 'builders' }))
  const robot = idOf(await ask(`POST ${at}/robots`, { name: 'ci' }))
  await ask(`POST /api/v1/teams/${team}/members`, { member: other.id, role: 'maintainer' })
  const { token } = (await ask('POST /api/v1/tokens', { name: 'spare', actions: ['read'] })) as { token: unknown }
  const found = await ask(`GET /api/v1/packages?organization=${organization}&protocol=npm&name=thing`)
  const [thing] = (found as { items: { id: string; repositoryId: string }[] }).items
  if (!thing) throw new Error('the package is not found')
  await ask(`PUT /api/v1/teams/${team}/repositories/${thing.repositoryId}`)
  const known = {
    organizations: organization,
    users: other.id,
    userId: other.id,
    memberId: other.id,
    holderId: other.id,
    teams: team,
    robotId: robot,
    tokenId: idOf(token),
    repositories: thing.repositoryId,
    repositoryId: thing.repositoryId,
    packages: thing.id,
    version: '1.0.0',
    name: 'downloads',
  }
  return { known, member }
}

function idOf(made: unknown): string {
  return (made as { id: string }).id
}
