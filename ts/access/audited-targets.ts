import type { Access } from './access.ts'
import type { AuditActor, AuditTarget } from './audit/entries.ts'
import { anonymousActor } from './audit/witness.ts'
import { actorOf, isRobotId, type Principal } from './principal.ts'

/** What belongs to nobody: users as such, and what holds for everybody. */
export const platformTarget: AuditTarget = { kind: 'platform', id: 'platform', name: 'platform' }

/** Targets of entries by their ids, named as people know them; what is gone is named by its id. */
export function auditTargets(access: Pick<Access, 'users' | 'organizations' | 'repositories' | 'teams' | 'robots'>) {
  const { users, organizations, repositories, teams, robots } = access

  async function organizationName(id: string): Promise<string> {
    return (await organizations.get(id))?.value.name ?? id
  }

  async function user(id: string): Promise<AuditTarget> {
    return { kind: 'user', id, name: (await users.get(id))?.value.username ?? id }
  }

  async function organization(id: string): Promise<AuditTarget> {
    return { kind: 'organization', id, name: await organizationName(id) }
  }

  async function repository(id: string): Promise<AuditTarget> {
    const value = (await repositories.get(id))?.value
    const name = value ? `${value.protocol}/${await organizationName(value.organizationId)}/${value.name}` : id
    return { kind: 'repository', id, name }
  }

  async function team(id: string): Promise<AuditTarget> {
    const value = (await teams.get(id))?.value
    return { kind: 'team', id, name: value ? `${await organizationName(value.organizationId)}/${value.name}` : id }
  }

  async function robot(id: string): Promise<AuditTarget> {
    const value = (await robots.get(id))?.value
    return { kind: 'robot', id, name: value ? `${await organizationName(value.organizationId)}/${value.name}` : id }
  }

  /** Whoever holds tokens, permissions or seats. */
  function holder(id: string): Promise<AuditTarget> {
    if (isRobotId(id)) return robot(id)
    return id.startsWith('team_') ? team(id) : user(id)
  }

  return { user, organization, repository, team, robot, holder }
}
export type AuditTargets = ReturnType<typeof auditTargets>

/** The principal as entries name it. */
export function auditActorOf(principal: Principal): AuditActor {
  switch (principal.kind) {
    case 'anonymous':
      return anonymousActor
    case 'robot':
      return { kind: 'robot', ...actorOf(principal), tokenId: principal.token.id }
    case 'user':
      return { kind: 'user', ...actorOf(principal), ...(principal.token && { tokenId: principal.token.id }) }
  }
}
