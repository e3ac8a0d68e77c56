import type { Access } from './access.ts'
import type { AuditTarget } from './audit/entries.ts'
import type { Tell } from './audited-access.ts'
import type { AuditTargets } from './audited-targets.ts'

/** Repositories, what is granted there, teams and robots, each change told once it was made. */
export function auditedPlaces(
  inner: Access,
  targets: AuditTargets,
  tell: Tell,
): Pick<Access, 'repositories' | 'deletions' | 'deletedNames' | 'grants' | 'teams' | 'robots'> {
  const { organizations, repositories, deletions, deletedNames, grants, teams, robots } = inner

  async function has(repositoryId: string, holderId: string, kind: 'permission' | 'team'): Promise<boolean> {
    const value = (await repositories.get(repositoryId))?.value
    if (kind === 'team') return value?.teams?.includes(holderId) ?? false
    return value?.permissions?.some(([holder]) => holder === holderId) ?? false
  }

  async function ownerOf(organizationId = ''): Promise<string> {
    return (await targets.organization(organizationId)).name
  }

  /** Something that is to be removed with all that hangs on it; told by the name that it had. */
  async function deleting(target: AuditTarget, wasThere: boolean, remove: () => Promise<void>): Promise<void> {
    await remove()
    if (wasThere) await tell(`${target.kind}.delete`, target)
  }

  return {
    repositories: {
      ...repositories,
      async create(repository) {
        const made = await repositories.create(repository)
        await tell('repository.create', await targets.repository(made.id), { visibility: made.value.visibility })
        return made
      },
      async configure(id, settings, ...rest) {
        const changed = await repositories.configure(id, settings, ...rest)
        // Creating one on the command line sets what else was asked for, which may be nothing.
        if (Object.keys(settings).length > 0) {
          const { retention, ...others } = settings
          const details = { ...others, ...(retention !== undefined && { retention: retention && { ...retention } }) }
          await tell('repository.settings', await targets.repository(id), details)
        }
        return changed
      },
    },

    deletions: {
      ...deletions,
      async beginOrganization(id) {
        const known = await organizations.get(id)
        const begun = await deletions.beginOrganization(id)
        if (known) await tell('organization.delete', { kind: 'organization', id, name: begun.value.name })
        return begun
      },
      async beginRepository(id) {
        const [known, target] = [await repositories.get(id), await targets.repository(id)]
        const begun = await deletions.beginRepository(id)
        if (known) await tell('repository.delete', target)
        return begun
      },
    },

    deletedNames: {
      ...deletedNames,
      async free(id) {
        const freed = await deletedNames.free(id)
        const { kind, protocol, organizationId } = freed
        const name = kind === 'organization' ? freed.name : `${protocol}/${await ownerOf(organizationId)}/${freed.name}`
        await tell(`${kind}.free-name`, { kind, id, name })
        return freed
      },
    },

    grants: {
      ...grants,
      async setPermission(repositoryId, permission, revision) {
        await grants.setPermission(repositoryId, permission, revision)
        const { holderId, role } = permission
        const holder = await targets.holder(holderId)
        await tell('permission.set', await targets.repository(repositoryId), { holder, role })
      },
      async removePermission(repositoryId, holderId) {
        const had = await has(repositoryId, holderId, 'permission')
        await grants.removePermission(repositoryId, holderId)
        if (!had) return
        const holder = await targets.holder(holderId)
        await tell('permission.remove', await targets.repository(repositoryId), { holder })
      },
      async addTeam(repositoryId, teamId, revision) {
        await grants.addTeam(repositoryId, teamId, revision)
        await tell('team-repository.add', await targets.repository(repositoryId), { team: await targets.team(teamId) })
      },
      async removeTeam(repositoryId, teamId) {
        const had = await has(repositoryId, teamId, 'team')
        await grants.removeTeam(repositoryId, teamId)
        if (!had) return
        const team = await targets.team(teamId)
        await tell('team-repository.remove', await targets.repository(repositoryId), { team })
      },
      async withdrawEverywhere(holderId) {
        await grants.withdrawEverywhere(holderId)
        await tell('permission.remove-all', await targets.holder(holderId))
      },
    },

    teams: {
      ...teams,
      async create(team) {
        const made = await teams.create(team)
        await tell('team.create', await targets.team(made.id))
        return made
      },
      async describe(id, description, ...rest) {
        const changed = await teams.describe(id, description, ...rest)
        await tell('team.update', await targets.team(id), { description })
        return changed
      },
      async delete(id) {
        await deleting(await targets.team(id), (await teams.get(id)) !== undefined, () => teams.delete(id))
      },
      async setMember(id, memberId, role, ...rest) {
        const made = await teams.setMember(id, memberId, role, ...rest)
        await tell('team-member.set', await targets.team(id), { member: await targets.holder(memberId), role })
        return made
      },
      async removeMember(id, memberId) {
        const wasThere = (await teams.get(id)) && (await teams.member(id, memberId))
        await teams.removeMember(id, memberId)
        if (!wasThere) return
        await tell('team-member.remove', await targets.team(id), { member: await targets.holder(memberId) })
      },
    },

    robots: {
      ...robots,
      async create(robot) {
        const made = await robots.create(robot)
        await tell('robot.create', await targets.robot(made.id))
        return made
      },
      async configure(id, settings, ...rest) {
        const changed = await robots.configure(id, settings, ...rest)
        const { isActive } = settings
        const verb = isActive === undefined ? 'update' : isActive ? 'enable' : 'disable'
        await tell(`robot.${verb}`, await targets.robot(id), { ...settings })
        return changed
      },
      async delete(id) {
        await deleting(await targets.robot(id), (await robots.get(id)) !== undefined, () => robots.delete(id))
      },
    },
  }
}
