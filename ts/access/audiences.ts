import type { MetadataEngine } from '../metadata/engine.ts'
import { grantPointers } from '../metadata/schema.ts'
import type { Organizations } from './organizations.ts'
import type { Principal, RobotPrincipal, UserPrincipal } from './principal.ts'

const maxPointers = 1000

export interface AudiencesDeps {
  readonly engine: MetadataEngine
  readonly organizations: Pick<Organizations, 'membershipsOf'>
  readonly anonymousAccess: boolean
}

/** The audiences that a principal searches, as `Access.audiences` promises. */
export function audiencesOf({ engine, organizations, anonymousAccess }: AudiencesDeps) {
  const pointers = engine.collection(grantPointers)

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
    const ids = (await organizations.membershipsOf(user.id)).map(({ value }) => value.organizationId)
    const own = ids.filter((id) => !only || only.includes(id))
    // Teams are within organizations whose repositories their members read anyway.
    return ['public', 'internal', ...own, ...(await repositoriesOf([user.id]))]
  }

  async function ofRobot({ robot }: RobotPrincipal): Promise<readonly string[]> {
    return ['public', ...(await repositoriesOf([robot.id, ...robot.value.teams.map(([teamId]) => teamId)]))]
  }

  return async (principal: Principal): Promise<readonly string[]> => {
    if (principal.kind === 'anonymous') return anonymousAccess ? ['public'] : []
    const { isActive } = principal.kind === 'user' ? principal.user.value : principal.robot.value
    if (!isActive || (principal.token && !principal.token.value.actions.includes('read'))) return []
    return principal.kind === 'user' ? ofUser(principal) : ofRobot(principal)
  }
}
