import type { Organizations } from './organizations.ts'
import type { Principal } from './principal.ts'

/** The audiences that a principal searches, as `Access.audiences` promises. */
export async function audiencesOf(
  principal: Principal,
  organizations: Pick<Organizations, 'membershipsOf'>,
  anonymousAccess: boolean,
): Promise<readonly string[]> {
  if (principal.kind === 'anonymous') return anonymousAccess ? ['public'] : []
  const { user, token } = principal
  if (!user.value.isActive || (token && !token.value.actions.includes('read'))) return []
  const only = token?.value.organizations
  if (user.value.isPlatformAdmin) return only ? ['public', 'internal', ...only] : ['all']
  const ids = (await organizations.membershipsOf(user.id)).map(({ value }) => value.organizationId)
  return ['public', 'internal', ...ids.filter((id) => !only || only.includes(id))]
}
