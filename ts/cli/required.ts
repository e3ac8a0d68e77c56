import type { Access, Entered } from '../access/access.ts'
import type { RobotDocument, TeamDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { type Address, formatAddress, type Place } from './addresses.ts'
import { requireOrganization } from './with-access.ts'

/** The repository and its organization; throws with one sentence when there is none. */
export async function requireRepository(access: Access, address: Address): Promise<Entered> {
  const organization = await requireOrganization(access, address.organization)
  const repository = await access.repositories.find(organization.id, address.protocol, address.name)
  if (!repository) throw new Error(`There is no repository "${formatAddress(address)}".`)
  return { organization, repository }
}

/** Throws with one sentence when there is no such team. */
export async function requireTeam(access: Access, { organization, name }: Place): Promise<Stored<TeamDocument>> {
  const { id } = await requireOrganization(access, organization)
  const team = await access.teams.find(id, name)
  if (!team) throw new Error(`There is no team "${organization}/${name}".`)
  return team
}

/** Throws with one sentence when there is no such robot. */
export async function requireRobot(access: Access, { organization, name }: Place): Promise<Stored<RobotDocument>> {
  const { id } = await requireOrganization(access, organization)
  const robot = await access.robots.find(id, name)
  if (!robot) throw new Error(`There is no robot "${organization}/${name}".`)
  return robot
}
