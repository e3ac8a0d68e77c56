import type { Organizations } from './organizations.ts'
import type { Principal } from './principal.ts'
import { refuseWiderToken, type TokenReach } from './token-delegation.ts'

/** As `refuseWiderToken`; organizations that the refusal tells of go by name, deleted ones by id. */
export async function refuseWiderTokenByName(
  organizations: Pick<Organizations, 'get'>,
  principal: Principal,
  wanted: TokenReach,
): Promise<void> {
  const token = principal.kind === 'anonymous' ? undefined : principal.token
  const ids = token?.value.organizations ?? []
  const names = new Map(
    await Promise.all(ids.map(async (id) => [id, (await organizations.get(id))?.value.name] as const)),
  )
  refuseWiderToken(principal, wanted, (id) => names.get(id) ?? id)
}
