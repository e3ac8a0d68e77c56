import { hasCode, RegistryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { type RobotDocument, robots as robotsSpec } from '../metadata/access-schema.ts'
import type { MetadataEngine, Page, Stored } from '../metadata/engine.ts'
import { changeDocument } from './change.ts'
import { checkName, checkText } from './names.ts'
import type { RepositoryGrants } from './repository-grants.ts'
import type { Tokens } from './tokens.ts'

export interface NewRobot {
  readonly organizationId: string
  /** Unique in the organization. */
  readonly name: string
  readonly description?: string
}

/** What acts for an organization by tokens; it has what teams and direct permissions give it. */
export interface Robots {
  /** Throws `payload_invalid` with the field, `name_taken`. */
  create(robot: NewRobot): Promise<Stored<RobotDocument>>
  get(id: string): Promise<Stored<RobotDocument> | undefined>
  find(organizationId: string, name: string): Promise<Stored<RobotDocument> | undefined>
  /** By name. */
  list(organizationId: string, page: { limit?: number; after?: string }): Promise<Page<RobotDocument>>
  /**
   * Throws `payload_invalid` with the field, `robot_unknown`; `precondition_failed` when the revision is given and is
   * another.
   */
  configure(
    id: string,
    settings: { description?: string; isActive?: boolean },
    revision?: number,
  ): Promise<Stored<RobotDocument>>
  /** With its tokens and permissions. Unknown is success. */
  delete(id: string): Promise<void>
}

/** Robots in the collection of that name. */
export function robotDirectory(engine: MetadataEngine, grants: RepositoryGrants, tokens: Tokens): Robots {
  const robots = engine.collection(robotsSpec)

  return {
    async create({ organizationId, name, description = '' }) {
      const value: RobotDocument = {
        organizationId,
        name: checkName('robot', name),
        description: checkText('description', description),
        isActive: true,
        teams: [],
        createdAt: Date.now(),
      }
      try {
        return await robots.insert(newId('rob'), value)
      } catch (err) {
        if (!hasCode(err, 'document_exists')) throw err
        throw new RegistryError('name_taken', `There is a robot "${name}" already.`, { field: 'name' })
      }
    },
    get: (id) => robots.get(id),
    async find(organizationId, name) {
      const { items } = await robots.find('byName', { equals: { organizationId, name }, limit: 1 })
      return items[0]
    },
    list: (organizationId, page) => robots.find('byName', { equals: { organizationId }, ...page }),

    async configure(id, { description, isActive }, revision) {
      const settings = {
        ...(description !== undefined && { description: checkText('description', description) }),
        ...(isActive !== undefined && { isActive }),
      }
      const changed = await changeDocument(robots, id, (robot) => ({ ...robot, ...settings }), revision)
      if (!changed) throw new RegistryError('robot_unknown', 'There is no such robot.')
      return changed
    },

    async delete(id) {
      // First what lets it in; the rest gives nothing without it.
      await robots.delete(id)
      await tokens.revokeAll(id)
      await grants.withdrawEverywhere(id)
    },
  }
}
