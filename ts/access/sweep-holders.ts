import * as accessSchema from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { removeAll } from '../metadata/remove-all.ts'
import * as signInSchema from '../metadata/sign-in-schema.ts'

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
  const teams = engine.collection(accessSchema.teams)
  const teamPointers = engine.collection(accessSchema.teamPointers)
  const robots = engine.collection(accessSchema.robots)
  const tokens = engine.collection(signInSchema.tokens)
  const memberships = engine.collection(accessSchema.memberships)
  const grantPointers = engine.collection(accessSchema.grantPointers)

  function removeGrants(holderId: string): Promise<number> {
    return removeAll(engine, accessSchema.grantPointers, () =>
      grantPointers.find('byHolder', { equals: { holderId }, limit }),
    )
  }

  /** What belongs to a record goes before it, so that a sweep which was stopped finds it again. */
  async function removeRobots(organizationId: string): Promise<number> {
    return removeAll(engine, accessSchema.robots, async () => {
      const page = await robots.find('byName', { equals: { organizationId }, limit })
      for (const { id: userId } of page.items) {
        await removeAll(engine, signInSchema.tokens, () => tokens.find('byUser', { equals: { userId }, limit }))
        await removeGrants(userId)
      }
      return page
    })
  }

  async function removeTeams(organizationId: string): Promise<number> {
    return removeAll(engine, accessSchema.teams, async () => {
      const page = await teams.find('byName', { equals: { organizationId }, limit })
      for (const { id: teamId } of page.items) {
        await removeAll(engine, accessSchema.teamPointers, () =>
          teamPointers.find('byTeam', { equals: { teamId }, limit }),
        )
        await removeGrants(teamId)
      }
      return page
    })
  }

  return {
    async ofOrganization(organizationId) {
      const machines = await removeRobots(organizationId)
      const groups = await removeTeams(organizationId)
      const members = await removeAll(engine, accessSchema.memberships, () =>
        memberships.find('byOrganization', { equals: { organizationId }, limit }),
      )
      return machines + groups + members
    },

    ofRepository(repositoryId) {
      return removeAll(engine, accessSchema.grantPointers, () =>
        grantPointers.find('byRepository', { equals: { repositoryId }, limit }),
      )
    },
  }
}
