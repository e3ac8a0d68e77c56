import type { Person, World } from './world.ts'

/** A token of the administrator that may do everything. */
export async function ownToken({ ask }: World): Promise<{ id: string; secret: string }> {
  const limits = { name: 'doomed', actions: ['read', 'write', 'delete', 'admin'] }
  const { token, secret } = (await ask('POST /api/v1/tokens', limits)) as { token: { id: string }; secret: string }
  return { id: token.id, secret }
}

export async function member(world: World, organization: string, role: 'admin' | 'member'): Promise<Person> {
  const person = await world.person()
  await world.ask(`POST /api/v1/organizations/${organization}/members`, { user: person.id, role })
  return person
}

export async function placeOf(
  { ask }: World,
  organization: string,
): Promise<{ repositoryId: string; packageId: string }> {
  const found = await ask(`GET /api/v1/packages?organization=${organization}&protocol=npm&name=thing`)
  const [thing] = (found as { items: { id: string; repositoryId: string }[] }).items
  if (!thing) throw new Error(`${organization} has no package`)
  return { repositoryId: thing.repositoryId, packageId: thing.id }
}

export async function publicRepository(world: World, organization: string) {
  const place = await placeOf(world, organization)
  await world.ask(`PUT /api/v1/repositories/${place.repositoryId}`, { visibility: 'public' })
  return place
}

/** Makes a user or robot a reader; resolves to the repository's id. */
export async function permit(world: World, organization: string, holderId: string): Promise<string> {
  const { repositoryId } = await placeOf(world, organization)
  await world.ask(`PUT /api/v1/repositories/${repositoryId}/permissions/${holderId}`, { role: 'reader' })
  return repositoryId
}

/** A team that works on the organization's repository, and a member of it who may write by nothing else. */
export async function teamAtWork(world: World) {
  const organization = await world.organization()
  const place = await placeOf(world, organization)
  const person = await member(world, organization, 'member')
  const teams = `POST /api/v1/organizations/${organization}/teams`
  const { id: team } = (await world.ask(teams, { name: 'builders' })) as { id: string }
  await world.ask(`POST /api/v1/teams/${team}/members`, { member: person.id, role: 'member' })
  await world.ask(`PUT /api/v1/teams/${team}/repositories/${place.repositoryId}`)
  return { organization, team, ...place, ...person }
}
