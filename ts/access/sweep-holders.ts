import type { MetadataEngine } from '../metadata/engine.ts'
import { removeAll } from '../metadata/remove-all.ts'
import * as schema from '../metadata/schema.ts'

const limit = 200

/** Who has something of an organization or repository that is deleted. Each resolves to how many records it removed. */
export interface SweepHolders {
  /** Robots with their tokens, teams and memberships. */
  ofOrganization(organizationId: string): Promise<number>
  /** What leads from holders to the repository. */
  ofRepository(repositoryId: string): Promise<number>
}

/** Removes records without looking at the rules that hold among the living, such as that of the last owner. */
export function sweepHolders(engine: MetadataEngine): SweepHolders {
  const teams = engine.collection(schema.teams)
  const teamPointers = engine.collection(schema.teamPointers)
  const robots = engine.collection(schema.robots)
  const tokens = engine.collection(schema.tokens)
  const memberships = engine.collection(schema.memberships)
  const grantPointers = engine.collection(schema.grantPointers)

  function removeGrants(holderId: string): Promise<number> {
    return removeAll(engine, schema.grantPointers, () =>
      grantPointers.find('byHolder', { equals: { holderId }, limit }),
    )
  }

  /** What belongs to a record goes before it, so that a sweep which was stopped finds it again. */
  async function removeRobots(organizationId: string): Promise<number> {
    return removeAll(engine, schema.robots, async () => {
      const page = await robots.find('byName', { equals: { organizationId }, limit })
      for (const { id: userId } of page.items) {
        await removeAll(engine, schema.tokens, () => tokens.find('byUser', { equals: { userId }, limit }))
        await removeGrants(userId)
      }
      return page
    })
  }

  async function removeTeams(organizationId: string): Promise<number> {
    return removeAll(engine, schema.teams, async () => {
      const page = await teams.find('byName', { equals: { organizationId }, limit })
      for (const { id: teamId } of page.items) {
        await removeAll(engine, schema.teamPointers, () => teamPointers.find('byTeam', { equals: { teamId }, limit }))
        await removeGrants(teamId)
      }
      return page
    })
  }

  return {
    async ofOrganization(organizationId) {
      const machines = await removeRobots(organizationId)
      const groups = await removeTeams(organizationId)
      const members = await removeAll(engine, schema.memberships, () =>
        memberships.find('byOrganization', { equals: { organizationId }, limit }),
      )
      return machines + groups + members
    },

    ofRepository(repositoryId) {
      return removeAll(engine, schema.grantPointers, () =>
        grantPointers.find('byRepository', { equals: { repositoryId }, limit }),
      )
    },
  }
}
