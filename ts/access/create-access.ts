import type { RepositoryDocument } from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import type { Access } from './access.ts'
import { accountGate } from './account-gate.ts'
import { audiencesOf } from './audiences.ts'
import { authenticator } from './authenticate.ts'
import { cursorsOf } from './cursors.ts'
import { deletedNames } from './deleted-names.ts'
import { deletionsIn } from './deletions.ts'
import { gate } from './gate.ts'
import { loginRequestDirectory } from './login-requests.ts'
import { nameClaims, type SharesNames } from './name-claims.ts'
import { noticeWrites } from './notice-writes.ts'
import { organizationGate } from './organization-gate.ts'
import { organizationDirectory } from './organizations.ts'
import type { Passwords } from './passwords.ts'
import { platformAdmins } from './platform-admins.ts'
import { platformSettings } from './platform-settings.ts'
import { readableRepositories } from './readable-repositories.ts'
import { registryTokens } from './registry-tokens.ts'
import { userRemoval } from './remove-user.ts'
import { repeatsIn } from './repeats.ts'
import {
  type HasImageTags,
  type MovingTags,
  type Repositories,
  repositoryDirectory,
  type TakesApprovals,
} from './repositories.ts'
import { repositoryGrants } from './repository-grants.ts'
import { robotDirectory } from './robots.ts'
import { sessionTokens } from './session-tokens.ts'
import { sessionDirectory } from './sessions.ts'
import { setupOf } from './setup.ts'
import { signIns } from './sign-in.ts'
import { signInThrottle } from './sign-in-throttle.ts'
import { signingUp } from './sign-up.ts'
import { teamDirectory } from './teams.ts'
import { tokenUses } from './token-uses.ts'
import { tokenDirectory } from './tokens.ts'
import { userDirectory } from './users.ts'
import { warmRecords } from './warm-records.ts'

export interface AccessDeps {
  readonly engine: MetadataEngine
  readonly passwords: Passwords
  /** Names that the server's own paths claim; no organization has them. */
  readonly reservedNames: ReadonlySet<string>
  readonly defaultOrganization: string
  /** False: who is not signed in reads nothing, whatever the platform's settings say. */
  readonly anonymousAccess: boolean
  /** Signs the sessions of the API; see secrets.ts. */
  readonly jwtSecret: string
  /** Told of failures beside the requests: the last use of a token that could not be written. */
  readonly reportError: (err: unknown) => void
  /** The tags that every publish moves in repositories of a protocol, so that no setting can forbid it. Absent: none. */
  readonly movingTagsOf?: MovingTags
  /** Of which protocols tags are those of images, so that no setting names what cannot be one. Absent: of none. */
  readonly hasImageTags?: HasImageTags
  /** Of which protocols packages of the default repository and other repositories share one space of names. Absent: of none. */
  readonly sharesNames?: SharesNames
  /** In repositories of which protocols publishes can wait for approval. Absent: of all. */
  readonly takesApprovals?: TakesApprovals
  /** Awaited when a publish has made an organization's default repository, before the publish goes on. */
  readonly onDefaultRepository?: (made: Stored<RepositoryDocument>) => Promise<void>
}

/** The gate and all that it guards, over one store. `close` closes the passwords, not the engine. */
export function createAccess(deps: AccessDeps): Access {
  const { passwords, reservedNames, defaultOrganization } = deps
  const records = warmRecords(deps.engine)
  // Whatever this process changes holds for its next request.
  const engine = noticeWrites(deps.engine, records.forget)
  const settings = platformSettings({ engine, records, anonymousAccess: deps.anonymousAccess })
  const anonymousAccess = async () => (await settings.inForce()).anonymousAccess
  const users = userDirectory(engine, passwords, platformAdmins(engine), settings.refuseReserved)
  const organizations = organizationDirectory(engine, reservedNames, settings.refuseReserved)
  const claims = nameClaims(engine, deps.sharesNames ?? (() => false))
  const repositories = repositoryDirectory(engine, claims, deps)
  const tokens = tokenDirectory(engine, async () => (await settings.read()).value.maxTokenLifetimeDays)
  const grants = repositoryGrants(engine)
  const signed = sessionTokens(deps.jwtSecret)
  const registrySigned = registryTokens(deps.jwtSecret)
  const sessions = sessionDirectory(engine, signed)
  const throttle = signInThrottle(deps.engine)
  const signIn = signIns(users, passwords, throttle)
  const uses = tokenUses(deps.engine, deps.reportError)

  const gates = gate({ engine: deps.engine, records, repositories: announcing(repositories, deps), anonymousAccess })
  const audiences = audiencesOf({ engine: deps.engine, organizations, anonymousAccess })

  return {
    authenticate: authenticator({
      records,
      signIn,
      sessionTokens: signed,
      readRegistryToken: registrySigned.read,
      uses,
      maxTokenLifetimeDays: async () => (await settings.inForce()).maxTokenLifetimeDays,
    }),
    signIn,
    signUp: signingUp({ users, settings, throttle }),
    ...gates,
    ...organizationGate(deps.engine, records),
    ...accountGate(users, settings),
    platformSettings: settings,
    defaultOrganization,
    audiences,
    listRepositories: readableRepositories({ engine: deps.engine, audiences, can: gates.can }),
    users,
    organizations,
    repositories,
    deletions: deletionsIn(engine, defaultOrganization),
    deletedNames: deletedNames(engine, claims),
    grants,
    teams: teamDirectory(engine, grants),
    robots: robotDirectory(engine, grants, tokens),
    tokens,
    sessions,
    removeUser: userRemoval({ engine, users, organizations, sessions, tokens, grants }),
    registryTokens: { issue: registrySigned.issue },
    nameClaims: { claimForPackages: claims.claimForPackages, forgetEmpty: claims.forgetEmpty },
    repeats: repeatsIn(deps.engine),
    cursors: cursorsOf(deps.jwtSecret),
    loginRequests: loginRequestDirectory(engine, users, tokens),
    setup: setupOf(engine, { users, organizations, defaultOrganization }),
    async close() {
      await uses.settled()
      await passwords.close()
    },
  }
}

/** The repositories that the gate makes, told of. */
function announcing(repositories: Repositories, { onDefaultRepository }: AccessDeps): Repositories {
  return {
    ...repositories,
    async create(repository) {
      const made = await repositories.create(repository)
      await onDefaultRepository?.(made)
      return made
    },
  }
}
