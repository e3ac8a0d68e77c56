import { adminName, adminPassword } from '../testing/server-process.ts'
import { member, ownToken, permit, placeOf, publicRepository, teamAtWork } from './revocation-arrangements.ts'
import {
  me,
  organizationChange,
  organizationRead,
  type Probe,
  packageChange,
  packument,
  repositoryRead,
  tagging,
} from './revocation-probes.ts'
import type { ApiRequest, World } from './world.ts'

/** What takes a right away, and requests that had it. */
export interface Taking {
  readonly change: ApiRequest
  readonly probes: readonly Probe[]
}

export interface TakingCase {
  /** What is taken away. */
  readonly name: string
  arrange(world: World): Promise<Taking>
}

/** Who signs in, and how long it may. */
const accountCases: readonly TakingCase[] = [
  {
    name: 'a token, revoked with npm',
    async arrange(world) {
      const organization = await world.organization()
      const { secret } = await ownToken(world)
      return {
        change: { line: `DELETE /-/user/token/${secret}`, as: secret },
        probes: [packument(organization, secret, 401), me(secret)],
      }
    },
  },
  {
    name: 'a token, revoked over REST',
    async arrange(world) {
      const organization = await world.organization()
      const { id, secret } = await ownToken(world)
      return {
        change: { line: `DELETE /api/v1/tokens/${id}`, as: world.admin },
        probes: [packument(organization, secret, 401), me(secret)],
      }
    },
  },
  {
    name: 'the old secret of a rotated token',
    async arrange(world) {
      const organization = await world.organization()
      const { id, secret } = await ownToken(world)
      return {
        change: { line: `POST /api/v1/tokens/${id}/rotate`, as: world.admin, body: {} },
        probes: [packument(organization, secret, 401), me(secret)],
      }
    },
  },
  {
    name: 'a session, ended',
    async arrange(world) {
      const signIn = { login: adminName, password: adminPassword }
      const opened = (await world.ask('POST /api/v1/auth/login', signIn)) as { sessionId: string; accessToken: string }
      const { sessionId, accessToken } = opened
      return {
        change: { line: `DELETE /api/v1/auth/sessions/${sessionId}`, as: world.admin },
        probes: [me(accessToken)],
      }
    },
  },
  {
    name: 'an account, disabled',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await world.person({ isPlatformAdmin: true })
      return {
        change: { line: `PUT /api/v1/users/${id}`, as: world.admin, body: { isActive: false } },
        probes: [packument(organization, token, 401), me(token)],
      }
    },
  },
  {
    name: 'an account, deleted',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await member(world, organization, 'member')
      return {
        change: { line: `DELETE /api/v1/users/${id}`, as: world.admin },
        probes: [packument(organization, token, 401), me(token)],
      }
    },
  },
  {
    name: 'a robot, disabled',
    async arrange(world) {
      const organization = await world.organization()
      const robots = `/api/v1/organizations/${organization}/robots`
      const { id } = (await world.ask(`POST ${robots}`, { name: 'ci' })) as { id: string }
      const limits = { name: 'ci', actions: ['read', 'write'] }
      const { secret } = (await world.ask(`POST ${robots}/${id}/tokens`, limits)) as { secret: string }
      await permit(world, organization, id)
      return {
        change: { line: `PUT ${robots}/${id}`, as: world.admin, body: { isActive: false } },
        probes: [packument(organization, secret, 401), me(secret)],
      }
    },
  },
]

/** What somebody is in an organization. */
const officeCases: readonly TakingCase[] = [
  {
    name: 'the office of a platform admin',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await world.person({ isPlatformAdmin: true })
      return {
        change: { line: `PUT /api/v1/users/${id}`, as: world.admin, body: { isPlatformAdmin: false } },
        probes: [packument(organization, token), organizationRead(organization, token)],
      }
    },
  },
  {
    name: 'the office of an admin of an organization, now a member',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await member(world, organization, 'admin')
      const line = `PUT /api/v1/organizations/${organization}/members/${id}`
      return {
        change: { line, as: world.admin, body: { role: 'member' } },
        probes: [tagging(organization, token), organizationChange(organization, token)],
      }
    },
  },
  {
    name: 'membership of an organization',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await member(world, organization, 'member')
      return {
        change: { line: `DELETE /api/v1/organizations/${organization}/members/${id}`, as: world.admin },
        probes: [packument(organization, token), organizationRead(organization, token)],
      }
    },
  },
  {
    name: 'a seat in a team',
    async arrange(world) {
      const { organization, team, packageId, id, token } = await teamAtWork(world)
      return {
        change: { line: `DELETE /api/v1/teams/${team}/members/${id}`, as: world.admin },
        probes: [tagging(organization, token), packageChange(packageId, token)],
      }
    },
  },
]

/** What a repository gives. */
const repositoryCases: readonly TakingCase[] = [
  {
    name: 'the repository of a team',
    async arrange(world) {
      const { organization, team, repositoryId, packageId, token } = await teamAtWork(world)
      return {
        change: { line: `DELETE /api/v1/teams/${team}/repositories/${repositoryId}`, as: world.admin },
        probes: [tagging(organization, token), packageChange(packageId, token)],
      }
    },
  },
  {
    name: 'a direct permission',
    async arrange(world) {
      const organization = await world.organization()
      const { id, token } = await world.person()
      const repositoryId = await permit(world, organization, id)
      return {
        change: { line: `DELETE /api/v1/repositories/${repositoryId}/permissions/${id}`, as: world.admin },
        probes: [packument(organization, token), repositoryRead(repositoryId, token)],
      }
    },
  },
  {
    name: 'a public repository, now private',
    async arrange(world) {
      const organization = await world.organization()
      const { repositoryId } = await publicRepository(world, organization)
      const { token } = await world.person()
      return {
        change: { line: `PUT /api/v1/repositories/${repositoryId}`, as: world.admin, body: { visibility: 'private' } },
        probes: [
          packument(organization, undefined, 401),
          packument(organization, token),
          repositoryRead(repositoryId, token),
        ],
      }
    },
  },
  {
    name: 'a public organization, now private',
    async arrange(world) {
      const organization = await world.organization()
      const { repositoryId } = await publicRepository(world, organization)
      const { token } = await world.person()
      return {
        change: { line: `PUT /api/v1/organizations/${organization}`, as: world.admin, body: { visibility: 'private' } },
        probes: [packument(organization, undefined, 401), repositoryRead(repositoryId, token)],
      }
    },
  },
  {
    name: 'a repository, disabled',
    async arrange(world) {
      const organization = await world.organization()
      const { repositoryId } = await placeOf(world, organization)
      const { token } = await member(world, organization, 'member')
      return {
        change: { line: `PUT /api/v1/repositories/${repositoryId}`, as: world.admin, body: { isDisabled: true } },
        probes: [packument(organization, token), repositoryRead(repositoryId, token)],
      }
    },
  },
]

/** The place itself, which is gone for everybody; the job that sweeps it comes later. */
const deletionCases: readonly TakingCase[] = [
  {
    name: 'a repository, deleted',
    async arrange(world) {
      const organization = await world.organization()
      const { repositoryId, packageId } = await publicRepository(world, organization)
      const line = `DELETE /api/v1/repositories/${repositoryId}`
      return {
        change: { line, as: world.admin, body: { name: 'npm' } },
        probes: [
          packument(organization, undefined, 401),
          packument(organization, world.admin),
          repositoryRead(repositoryId, world.admin),
          { line: `GET /api/v1/packages/${packageId}`, as: world.admin, granted: 200, refused: 404 },
        ],
      }
    },
  },
  {
    name: 'an organization, deleted',
    async arrange(world) {
      const organization = await world.organization()
      const { repositoryId } = await placeOf(world, organization)
      const { token } = await member(world, organization, 'member')
      const line = `DELETE /api/v1/organizations/${organization}`
      return {
        change: { line, as: world.admin, body: { name: organization } },
        probes: [
          packument(organization, token),
          organizationRead(organization, world.admin),
          repositoryRead(repositoryId, world.admin),
        ],
      }
    },
  },
]

/** Everything that gives a right, taken away. */
export const takingCases: readonly TakingCase[] = [
  ...accountCases,
  ...officeCases,
  ...repositoryCases,
  ...deletionCases,
]
