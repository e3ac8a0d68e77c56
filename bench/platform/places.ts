import { confusableKey } from '../../ts/access/names.ts'
import type {
  GrantPointerDocument,
  OrganizationDocument,
  PermissionRole,
  RepositoryDocument,
  Visibility,
} from '../../ts/metadata/access-schema.ts'
import { beginning, idOf } from './chance.ts'
import { type Made, organizationId, teamId, teamsEach, userId } from './people.ts'
import { membersEach, type PlatformSize } from './size.ts'
import { vocabulary } from './words.ts'

/** The repositories of every organization, the one with most packages first. */
export const repositoriesEach = [
  { name: 'npm', visibility: 'private', share: 0.6 },
  { name: 'shared', visibility: 'internal', share: 0.25 },
  { name: 'open', visibility: 'public', share: 0.15 },
] as const satisfies readonly { name: string; visibility: Visibility; share: number }[]

/** Such as `gratou-17`. */
export function organizationName(number: number): string {
  return `${vocabulary[(number * 7) % vocabulary.length]}-${number}`
}

export function organizationDocument(number: number): OrganizationDocument {
  const name = organizationName(number)
  return {
    name,
    displayName: `Organization ${number}`,
    visibility: number % 10 < 6 ? 'public' : number % 10 < 8 ? 'internal' : 'private',
    nameKey: confusableKey(name),
    owners: [userId(number * membersEach)],
    createdAt: beginning + number,
  }
}

export function repositoryId(organization: number, number: number): string {
  return idOf('repo', organization * repositoriesEach.length + number)
}

/** The first team works in the private repository, the second in the internal one. */
export function repositoryDocument(organization: number, number: number, size: PlatformSize): RepositoryDocument {
  const permissions = permissionsIn(organization, number, size)
  return {
    organizationId: organizationId(organization),
    protocol: 'npm',
    name: repositoriesEach[number]?.name ?? '',
    visibility: repositoriesEach[number]?.visibility ?? 'private',
    description: 'Made for measuring',
    ...(number < teamsEach && { teams: [teamId(organization, number)] }),
    ...(permissions.length > 0 && { permissions }),
    requiresApproval: false,
    refusesSimilarNames: false,
    createdAt: beginning + organization,
    createdBy: userId(organization * membersEach),
  }
}

/** Leads to a repository from those who have something of it directly. */
export function grantPointersOf(id: string, { teams = [], permissions = [] }: RepositoryDocument) {
  const holders = [...teams, ...permissions.map(([holder]) => holder)]
  return holders.map((holderId): Made<GrantPointerDocument> => {
    return { id: `${holderId}:${id}`, value: { holderId, repositoryId: id } }
  })
}

/** Two users of other organizations read and write in the private repository. */
function permissionsIn(organization: number, number: number, { users }: PlatformSize): [string, PermissionRole][] {
  if (number > 0) return []
  const guest = (organization * membersEach + 7 * membersEach + 5) % users
  const helper = (organization * membersEach + 3 * membersEach + 6) % users
  return [
    [userId(guest), 'reader'],
    [userId(helper), 'developer'],
  ]
}
