import { membershipId } from '../../ts/access/organizations.ts'
import { checkNewUser } from '../../ts/access/users.ts'
import type {
  MembershipDocument,
  OrganizationRole,
  TeamDocument,
  TeamPointerDocument,
  TeamRole,
  UserDocument,
} from '../../ts/metadata/access-schema.ts'
import { beginning, idOf } from './chance.ts'
import { membersEach, type PlatformSize } from './size.ts'

export interface Made<T> {
  readonly id: string
  readonly value: T
}

export const teamsEach = 2

/** Users of the first organization, which has most packages, and in how many organizations they are. */
export const busyUsers = { ofThree: 8, ofThousand: 9 } as const

export const userId = (number: number) => idOf('usr', number)
export const organizationId = (number: number) => idOf('org', number)
export const teamId = (organization: number, number: number) => idOf('team', organization * teamsEach + number)

/** A user's name and address, as packages name them too. */
export function nameOfUser(number: number): { name: string; email: string } {
  return { name: `user-${number}`, email: `user-${number}@example.com` }
}

/** `passwordHash` is everybody's: nobody signs in with it. */
export function userDocument(number: number, passwordHash: string): UserDocument {
  const { name, email } = nameOfUser(number)
  const checked = checkNewUser({ username: name, email, displayName: `User ${number}` })
  return { ...checked, passwordHash, createdAt: beginning + number }
}

/** The organizations that a user is in: its own, and for some many others. */
export function organizationsOfUser(user: number, { organizations }: PlatformSize): number[] {
  const own = Math.floor(user / membersEach)
  const many = Math.min(countOfOrganizations(user), organizations)
  const step = Math.floor(organizations / many)
  return Array.from({ length: many }, (_, i) => (own + i * step) % organizations)
}

function countOfOrganizations(user: number): number {
  if (user === busyUsers.ofThousand) return 1000
  if (user === busyUsers.ofThree) return 3
  return user < 20 * membersEach && user % membersEach === membersEach - 1 ? 100 : 1
}

/** Of a user in an organization; the first two members of the ten have an office, the others sit in the teams. */
export function membershipOf(user: number, organization: number): Made<MembershipDocument> {
  const role = roleOf(user, organization)
  const team = teamOf(user)
  const seat: [string, TeamRole] = [teamId(organization, team), user % membersEach < 4 ? 'maintainer' : 'member']
  const value: MembershipDocument = {
    organizationId: organizationId(organization),
    userId: userId(user),
    role,
    ...(role === 'member' && { teams: [seat] }),
    createdAt: beginning + user,
  }
  return { id: membershipId(value.organizationId, value.userId), value }
}

/** Leads to the seat of that membership; `undefined` when it has none. */
export function teamPointerOf({ value }: Made<MembershipDocument>): Made<TeamPointerDocument> | undefined {
  const [seat] = value.teams ?? []
  if (!seat) return undefined
  const pointer = { teamId: seat[0], memberId: value.userId }
  return { id: `${pointer.teamId}:${pointer.memberId}`, value: pointer }
}

export function teamDocument(organization: number, number: number): TeamDocument {
  return {
    organizationId: organizationId(organization),
    name: number === 0 ? 'builders' : 'readers',
    description: 'Made for measuring',
    createdAt: beginning + organization,
  }
}

const teamOf = (user: number) => user % teamsEach

function roleOf(user: number, organization: number): OrganizationRole {
  if (Math.floor(user / membersEach) !== organization) return 'member'
  return user % membersEach === 0 ? 'owner' : user % membersEach === 1 ? 'admin' : 'member'
}
