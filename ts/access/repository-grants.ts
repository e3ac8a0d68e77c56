import { hasCode, RegistryError } from '../errors.ts'
import {
  grantPointers,
  type PermissionRole,
  type RepositoryDocument,
  repositories as repositoriesSpec,
  robots as robotsSpec,
  teams as teamsSpec,
  users as usersSpec,
} from '../metadata/access-schema.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { isGone } from './gone.ts'
import { isRobotId } from './principal.ts'

const maxHolders = 500

/** A user's, team's or robot's id, and what it may. */
export interface Permission {
  readonly holderId: string
  readonly role: PermissionRole
}

/** Which teams work on a repository, and its direct permissions: both stand in its record, which decisions read. */
export interface RepositoryGrants {
  /**
   * Gives the role, or changes it. Throws `repository_unknown`, `unprocessable` for a holder that is not there, or of
   * another organization (teams and robots), or one more than 500; `precondition_failed` when the repository's revision
   * is given and is another.
   */
  setPermission(repositoryId: string, permission: Permission, revision?: number): Promise<void>
  /** Having none is success. Throws `repository_unknown`. */
  removePermission(repositoryId: string, holderId: string): Promise<void>
  /** Throws as `setPermission`. */
  addTeam(repositoryId: string, teamId: string, revision?: number): Promise<void>
  /** Not working there is success. Throws `repository_unknown`. */
  removeTeam(repositoryId: string, teamId: string): Promise<void>
  /** Ids of the repositories that a user, team or robot has something of directly, by id. */
  list(
    holderId: string,
    page: { limit?: number; after?: string },
  ): Promise<{ readonly items: readonly string[]; readonly next?: string }>
  /** The same, at most 1000. */
  repositoriesOf(holderId: string): Promise<readonly string[]>
  /** Takes from the holder what repositories give it. */
  withdrawEverywhere(holderId: string): Promise<void>
}

type Grants = Required<Pick<RepositoryDocument, 'teams' | 'permissions'>>

/** Grants in the repositories' records, found from their holders by `grantPointers`. */
export function repositoryGrants(engine: MetadataEngine): RepositoryGrants {
  const repositories = engine.collection(repositoriesSpec)
  const pointers = engine.collection(grantPointers)
  const holders = { teams: engine.collection(teamsSpec), robots: engine.collection(robotsSpec) }
  const users = engine.collection(usersSpec)

  const isThere = async (holderId: string, organizationId: string): Promise<boolean> => {
    if (holderId.startsWith('usr_')) return (await users.get(holderId)) !== undefined
    const holder = await (isRobotId(holderId) ? holders.robots : holders.teams).get(holderId)
    return holder?.value.organizationId === organizationId
  }

  async function change(repositoryId: string, edit: (grants: Grants) => Grants, revision?: number) {
    const withGrants = (repository: RepositoryDocument) => {
      if (isGone(repository)) throw unknownRepository()
      const grants = edit({ teams: repository.teams ?? [], permissions: repository.permissions ?? [] })
      if (grants.teams.length + grants.permissions.length > maxHolders) {
        throw new RegistryError('unprocessable', `A repository has at most ${maxHolders} permissions; use teams.`)
      }
      return { ...repository, ...grants }
    }
    const changed = await changeDocument(repositories, repositoryId, withGrants, revision)
    if (!changed) throw unknownRepository()
    return changed
  }

  /** The holder is looked for before, so that a mistake leaves nothing, and again after, for one deleted meanwhile. */
  async function give(
    repositoryId: string,
    holderId: string,
    edit: (grants: Grants) => Grants,
    revision?: number,
  ): Promise<void> {
    const repository = await repositories.get(repositoryId)
    if (!repository) throw unknownRepository()
    const { organizationId } = repository.value
    if (!(await isThere(holderId, organizationId))) throw unknownHolder()
    await point(holderId, repositoryId)
    await change(repositoryId, edit, revision).catch(async (err) => {
      if (hasCode(err, 'repository_unknown')) await pointers.delete(grantPointerId(holderId, repositoryId))
      throw err
    })
    if (await isThere(holderId, organizationId)) return
    await withdraw(repositoryId, holderId)
    throw unknownHolder()
  }

  async function point(holderId: string, repositoryId: string): Promise<void> {
    try {
      await pointers.insert(grantPointerId(holderId, repositoryId), { holderId, repositoryId })
    } catch (err) {
      if (!hasCode(err, 'document_exists')) throw err
    }
  }

  async function take(repositoryId: string, holderId: string, edit: (grants: Grants) => Grants): Promise<void> {
    const { teams = [], permissions = [] } = (await change(repositoryId, edit)).value
    const left = teams.includes(holderId) || permissions.some(([holder]) => holder === holderId)
    if (!left) await pointers.delete(grantPointerId(holderId, repositoryId))
  }

  async function withdraw(repositoryId: string, holderId: string): Promise<void> {
    await take(repositoryId, holderId, (grants) => withoutTeam(withoutPermission(grants, holderId), holderId)).catch(
      (err) => {
        if (!hasCode(err, 'repository_unknown')) throw err
      },
    )
    await pointers.delete(grantPointerId(holderId, repositoryId))
  }

  return {
    setPermission(repositoryId, { holderId, role }, revision) {
      const edit = (grants: Grants): Grants => {
        const { teams, permissions } = withoutPermission(grants, holderId)
        return { teams, permissions: [...permissions, [holderId, role]] }
      }
      return give(repositoryId, holderId, edit, revision)
    },
    removePermission: (repositoryId, holderId) =>
      take(repositoryId, holderId, (grants) => withoutPermission(grants, holderId)),
    addTeam(repositoryId, teamId, revision) {
      const edit = (grants: Grants): Grants => {
        const { teams, permissions } = withoutTeam(grants, teamId)
        return { teams: [...teams, teamId], permissions }
      }
      return give(repositoryId, teamId, edit, revision)
    },
    removeTeam: (repositoryId, teamId) => take(repositoryId, teamId, (grants) => withoutTeam(grants, teamId)),
    async list(holderId, page) {
      const { items, next } = await pointers.find('byHolder', { equals: { holderId }, ...page })
      return { items: items.map(({ value }) => value.repositoryId), ...(next !== undefined && { next }) }
    },
    async repositoriesOf(holderId) {
      const { items } = await pointers.find('byHolder', { equals: { holderId }, limit: 1000 })
      return items.map(({ value }) => value.repositoryId)
    },
    async withdrawEverywhere(holderId) {
      for (;;) {
        const { items } = await pointers.find('byHolder', { equals: { holderId }, limit: 200 })
        if (items.length === 0) return
        for (const { value } of items) await withdraw(value.repositoryId, holderId)
      }
    },
  }
}

/** The id of what leads from a holder to a repository. */
export function grantPointerId(holderId: string, repositoryId: string): string {
  return `${holderId}:${repositoryId}`
}

function withoutPermission({ teams, permissions }: Grants, holderId: string): Grants {
  return { teams, permissions: permissions.filter(([holder]) => holder !== holderId) }
}

function withoutTeam({ teams, permissions }: Grants, teamId: string): Grants {
  return { teams: teams.filter((id) => id !== teamId), permissions }
}

function unknownRepository(): RegistryError {
  return new RegistryError('repository_unknown', 'There is no such repository.')
}

function unknownHolder(): RegistryError {
  return new RegistryError('unprocessable', 'There is no such user, or no such team or robot in this organization.')
}
