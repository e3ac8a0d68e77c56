// What stands in the store of people and places: users, organizations, members, teams, robots, repositories.

import { defineCollection } from './engine.ts'

export type Visibility = 'public' | 'internal' | 'private'
export type OrganizationRole = 'owner' | 'admin' | 'member'
export type TeamRole = 'maintainer' | 'member'
/** What a repository gives one user, team or robot directly. */
export type PermissionRole = 'reader' | 'developer' | 'maintainer' | 'admin'
export type Action = 'read' | 'write' | 'delete' | 'admin'

/** All times are epoch milliseconds. */
export interface UserDocument {
  username: string
  /** The username in lower case: two users never differ in case alone. */
  usernameKey: string
  /** What two usernames share that look alike; see `confusableKey`. Absent in one of two that were there before it. */
  nameKey?: string
  /** Lower case. */
  email: string
  displayName: string
  /** bcrypt. */
  passwordHash: string
  isActive: boolean
  isPlatformAdmin: boolean
  createdAt: number
  /** Raised by each change of the password, which ends the sessions of earlier ones; absent: 0. */
  passwordVersion?: number
  /** The session that changed the password, which goes on. */
  keptSession?: string
}
export const users = defineCollection<UserDocument>()({
  name: 'users',
  indexes: {
    byUsername: { fields: ['usernameKey'], unique: true },
    byNameKey: { fields: ['nameKey'], unique: true },
    byEmail: { fields: ['email'], unique: true },
  },
})

export interface OrganizationDocument {
  name: string
  displayName: string
  /** The most that its repositories can show. */
  visibility: Visibility
  /** Its members may make repositories, not its owners and admins alone. */
  membersCreateRepositories?: boolean
  /** What two names share that look alike; see `confusableKey`. Absent in one of two that were there before it. */
  nameKey?: string
  /** Every owner's id, and perhaps some who no longer are: of two who take each other's office one is refused. */
  owners?: readonly string[]
  createdAt: number
  /** Being deleted since then: unknown to everybody, while a job removes what it holds. */
  deletingAt?: number
  /** Deleted then; what is left holds the name until a platform admin frees it. */
  deletedAt?: number
}
export const organizations = defineCollection<OrganizationDocument>()({
  name: 'organizations',
  indexes: {
    byName: { fields: ['name'], unique: true },
    byNameKey: { fields: ['nameKey'], unique: true },
    byDeleting: { fields: ['deletingAt'] },
    byDeleted: { fields: ['deletedAt'] },
  },
})

export interface MembershipDocument {
  organizationId: string
  userId: string
  role: OrganizationRole
  /** The teams of this organization that the user is in: all that a decision needs, in one record. */
  teams?: readonly (readonly [teamId: string, role: TeamRole])[]
  createdAt: number
}
export const memberships = defineCollection<MembershipDocument>()({
  name: 'memberships',
  indexes: {
    byOrganization: { fields: ['organizationId', 'userId'], unique: true },
    byUser: { fields: ['userId', 'organizationId'] },
  },
})

/** A group of members of an organization; who is in it stands in their memberships. */
export interface TeamDocument {
  organizationId: string
  /** Unique in the organization. */
  name: string
  description: string
  createdAt: number
}
export const teams = defineCollection<TeamDocument>()({
  name: 'teams',
  indexes: { byName: { fields: ['organizationId', 'name'], unique: true } },
})

/** Leads from a team to a membership or robot, which alone says whether its holder is in the team; written before it. */
export interface TeamPointerDocument {
  teamId: string
  /** A user's or robot's id. */
  memberId: string
}
export const teamPointers = defineCollection<TeamPointerDocument>()({
  name: 'teamPointers',
  indexes: { byTeam: { fields: ['teamId', 'memberId'], unique: true } },
})

/** Something that acts for an organization, through its tokens; it has what teams and direct permissions give it. */
export interface RobotDocument {
  organizationId: string
  /** Unique in the organization. */
  name: string
  description: string
  isActive: boolean
  teams: readonly (readonly [teamId: string, role: TeamRole])[]
  createdAt: number
}
export const robots = defineCollection<RobotDocument>()({
  name: 'robots',
  indexes: { byName: { fields: ['organizationId', 'name'], unique: true } },
})

/** Leads from a user, team or robot to a repository, which alone says what it gives; written before it. */
export interface GrantPointerDocument {
  holderId: string
  repositoryId: string
}
export const grantPointers = defineCollection<GrantPointerDocument>()({
  name: 'grantPointers',
  indexes: {
    byHolder: { fields: ['holderId', 'repositoryId'], unique: true },
    byRepository: { fields: ['repositoryId'] },
  },
})

/**
 * Which tags and manifests of a repository's images go by themselves: what one of the last three says, unless one of the
 * first two keeps it. Days are whole; see retention-plan.ts.
 */
export interface RetentionRule {
  /** So many tags of each image stay: those that were pushed last. */
  keepLast?: number
  /** Patterns as of `immutableTags`: tags that one matches stay. */
  keepMatching?: readonly string[]
  /** Tags go that were last pushed longer ago. */
  olderThanDays?: number
  /** Tags go that were neither pushed nor pulled for longer. */
  unpulledDays?: number
  /** Manifests go that no tag and no index names and that were neither pushed nor pulled for longer. Absent: none. */
  untaggedDays?: number
}

export interface RepositoryDocument {
  organizationId: string
  protocol: string
  name: string
  visibility: Visibility
  description: string
  /** Teams that work here: their maintainers read, write and delete, their members read and write. */
  teams?: readonly string[]
  /** Direct permissions by the id of a user, team or robot. */
  permissions?: readonly (readonly [holderId: string, role: PermissionRole])[]
  /** A package that exists is written by its owners alone; writing here suffices for new names. */
  ownersOnly?: boolean
  /** Patterns; `*` at the end matches the rest. A tag that one matches is neither moved nor removed, nor is its version. */
  immutableTags?: readonly string[]
  /** Absent: nothing goes by itself. */
  retention?: RetentionRule
  /** Since when there is a rule, whichever: by it those are found that have one. */
  retentionSince?: number
  /** A disabled repository gives nobody anything. */
  isDisabled?: boolean
  /** Publishing goes through a stage that somebody else than the publisher approves. */
  requiresApproval: boolean
  /** A new name that differs from an existing one in case, `-`, `_` and `.` alone is refused. */
  refusesSimilarNames: boolean
  createdAt: number
  createdBy: string
  /** Set when the visibility changed and the search postings have not followed yet. */
  repostSince?: number
  /** As of an organization. */
  deletingAt?: number
  deletedAt?: number
}
export const repositories = defineCollection<RepositoryDocument>()({
  name: 'repositories',
  indexes: {
    byName: { fields: ['organizationId', 'protocol', 'name'], unique: true },
    byVisibility: { fields: ['visibility', 'organizationId', 'protocol', 'name'] },
    byRepost: { fields: ['repostSince'] },
    byRetention: { fields: ['retentionSince'] },
    byDeleting: { fields: ['deletingAt'] },
    byDeleted: { fields: ['deletedAt'] },
  },
})
