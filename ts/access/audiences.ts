import { grantPointers } from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { warmReads } from '../metadata/warm-reads.ts'
import type { Organizations } from './organizations.ts'
import type { Principal, RobotPrincipal, UserPrincipal } from './principal.ts'

const maxPointers = 1000
/** To know where somebody is who is in a thousand organizations takes a thousand records; none while nothing was committed. */
const remembered = { maxEntries: 200, ttlSeconds: 0 }

/** Ids of what a user belongs to, and of repositories that give it something directly. */
interface Reach {
  readonly organizations: readonly string[]
  readonly repositories: readonly string[]
}

export interface AudiencesDeps {
  readonly engine: MetadataEngine
  readonly organizations: Pick<Organizations, 'membershipsOf'>
  readonly anonymousAccess: () => Promise<boolean>
}

/** The audiences that a principal searches, as `Access.audiences` promises. */
export function audiencesOf({ engine, organizations, anonymousAccess }: AudiencesDeps) {
  const pointers = engine.collection(grantPointers)
  const reaches = warmReads<Reach>(engine, remembered)

  async function repositoriesOf(holderIds: readonly string[]): Promise<string[]> {
    const ids = new Set<string>()
    for (const holderId of holderIds) {
      const { items } = await pointers.find('byHolder', { equals: { holderId }, limit: maxPointers })
      for (const { value } of items) ids.add(value.repositoryId)
    }
    return [...ids]
  }

  async function ofUser({ user, token }: UserPrincipal): Promise<readonly string[]> {
    const only = token?.value.organizations
    if (user.value.isPlatformAdmin) return only ? ['public', 'internal', ...only] : ['all']
    const reach = await reaches(user.id, () => reachOf(user.id))
    const own = reach.organizations.filter((id) => !only || only.includes(id))
    return ['public', 'internal', ...own, ...reach.repositories]
  }

  async function reachOf(userId: string): Promise<Reach> {
    const memberships = await organizations.membershipsOf(userId)
    // Teams are within organizations whose repositories their members read anyway.
    const repositories = await repositoriesOf([userId])
    return { organizations: memberships.map(({ value }) => value.organizationId), repositories }
  }

  async function ofRobot({ robot }: RobotPrincipal): Promise<readonly string[]> {
    return ['public', ...(await repositoriesOf([robot.id, ...robot.value.teams.map(([teamId]) => teamId)]))]
  }

  return async (principal: Principal): Promise<readonly string[]> => {
    if (principal.kind === 'anonymous') return (await anonymousAccess()) ? ['public'] : []
    const { isActive } = principal.kind === 'user' ? principal.user.value : principal.robot.value
    if (!isActive || (principal.token && !principal.token.value.actions.includes('read'))) return []
    return principal.kind === 'user' ? ofUser(principal) : ofRobot(principal)
  }
}
