import type { CollectionSpec, Json } from './engine.ts'
import { defineCollection } from './engine.ts'

/** Raised with every change of this file that old data must be brought along for; see migrate.ts. */
export const schemaVersion = 3

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
    byDeleting: { fields: ['deletingAt'] },
    byDeleted: { fields: ['deletedAt'] },
  },
})

export interface TokenDocument {
  /** SHA-256 of the token, hex. */
  hash: string
  /** The first characters of the token, to recognise it by. */
  hint: string
  /** Whose rights it has: a user's id, or a robot's. */
  userId: string
  name: string
  actions: readonly Action[]
  /** Absent: no limit. */
  protocols?: readonly string[]
  organizations?: readonly string[]
  repositories?: readonly string[]
  /** Package names; `*` at the end matches the rest. */
  packages?: readonly string[]
  /** IPv4 and IPv6 ranges; empty: from everywhere. */
  cidrs: readonly string[]
  createdAt: number
  expiresAt?: number
  lastUsedAt?: number
  lastUsedFrom?: string
  /** When the secret was made, if it is not the first. */
  rotatedAt?: number
  /** The secret before the last rotation, and until when it works still. */
  previousHash?: string
  previousUntil?: number
}
export const tokens = defineCollection<TokenDocument>()({
  name: 'tokens',
  indexes: {
    byHash: { fields: ['hash'], unique: true },
    byPreviousHash: { fields: ['previousHash'] },
    byUser: { fields: ['userId', 'createdAt'] },
  },
})

/** A signed-in browser, whose id is made of the SHA-256 of the cookie's value, or a client of the API. */
export interface SessionDocument {
  userId: string
  createdAt: number
  expiresAt: number
  /** The user's when this one signed in; absent: 0. */
  passwordVersion?: number
  /** Of a client of the API: how often its refresh token was rotated. */
  generation?: number
  /** When its last refresh tokens were rotated, newest last, those of the last seconds alone. */
  rotations?: readonly number[]
  lastUsedAt?: number
  address?: string
  /** What the client said of itself. */
  agent?: string
}
export const sessions = defineCollection<SessionDocument>()({
  name: 'sessions',
  indexes: { byUser: { fields: ['userId', 'createdAt'] }, byExpiry: { fields: ['expiresAt'] } },
})

/** Failed sign-ins of one account or from one address; its id is the SHA-256 of which. */
export interface SignInFailuresDocument {
  count: number
  lastAt: number
  /** Of an account: from where all of them came; absent: from several addresses. */
  from?: string
  expiresAt: number
}
export const signInFailures = defineCollection<SignInFailuresDocument>()({
  name: 'signInFailures',
  indexes: { byExpiry: { fields: ['expiresAt'] } },
})

/** A POST that may be repeated; its id is the SHA-256 of the principal and the key. */
export interface IdempotencyKeyDocument {
  route: string
  /** SHA-256, hex. */
  bodyHash: string
  /** Absent while the first request runs. */
  answer?: {
    status: number
    /** JSON text; absent for an answer with a secret. */
    body?: string
    /** What was made. */
    id?: string
    location?: string
  }
  startedAt: number
  expiresAt: number
}
export const idempotencyKeys = defineCollection<IdempotencyKeyDocument>()({
  name: 'idempotencyKeys',
  indexes: { byExpiry: { fields: ['expiresAt'] } },
})

/** A command-line client waits while its user approves in a browser; its id is the SHA-256 of the poll secret. */
export interface LoginRequestDocument {
  /** What the approval page is addressed by; not the poll secret. */
  code: string
  state: 'pending' | 'approved' | 'denied' | 'collected'
  userId?: string
  /** What the client said of itself, for the page. */
  client: string
  address: string
  createdAt: number
  expiresAt: number
}
export const loginRequests = defineCollection<LoginRequestDocument>()({
  name: 'loginRequests',
  indexes: { byCode: { fields: ['code'], unique: true }, byExpiry: { fields: ['expiresAt'] } },
})

/** What platform admins decide for everybody, in the one document `platform`; see platform-settings.ts. */
export interface PlatformSettingsDocument {
  anonymousAccess: boolean
  /** Who is not signed in may make an account. */
  signUp: boolean
  /** Absent: tokens live for as long as they like. */
  maxTokenLifetimeDays?: number
  /** Lower case, in order: no organization and no user is made with them. */
  reservedNames: readonly string[]
  /** Shown on every page. */
  banner?: Banner
}
export type BannerLevel = 'info' | 'warning' | 'critical'
export type Banner = { readonly text: string; readonly level: BannerLevel }
export const platformSettings = defineCollection<PlatformSettingsDocument>()({ name: 'platformSettings', indexes: {} })

/** Single documents of the platform, by id: `setup` (the one-time link), `signing-npm`, … */
export interface SettingDocument {
  value: Json
}
export const settings = defineCollection<SettingDocument>()({ name: 'settings', indexes: {} })

/** Facts about a unit that can change after its publish. */
export interface UnitMark {
  deletedAt?: number
  /** Empty: what the unit was published with is taken back. */
  deprecated?: string
  /** Why; may be empty. */
  yanked?: string
}

/** What was done, so that a job can complete a log entry lost in a crash. */
export interface ChangeStamp {
  id: string
  kind: ChangeKind
  /** The units it was about. */
  unitKeys: readonly string[]
  actor: string
  requestId: string
  at: number
}
export type ChangeKind = 'publish' | 'delete' | 'delete-package' | 'tag' | 'deprecate' | 'yank' | 'owner' | 'status'

/** What search and listings show of a package; strings as the publisher wrote them. */
export interface PackageFacts {
  version: string
  description: string
  keywords: readonly string[]
  authors: readonly string[]
  /** What the unit was published as deprecated with; a mark overrides it. */
  deprecated?: string
}

/** What a package as a whole is: `deprecated` counts for all its versions, `archived` takes no new ones. */
export interface PackageStatus {
  kind: 'active' | 'deprecated' | 'archived'
  /** Why, for people. */
  reason?: string
}

/** The commit point of everything about a package; its revision rises with every change. */
export interface PackageDocument {
  repositoryId: string
  protocol: string
  name: string
  /** The name in lower case without `-`, `_` and `.`: what confusable names share. */
  nameKey: string
  /** Units with a sequence up to this are visible; 0: the package does not exist yet. */
  published: number
  /** Pairs, not an object: a tag may be called `__proto__`. */
  tags: readonly (readonly [tag: string, version: string])[]
  /** User ids. */
  owners: readonly string[]
  marks: readonly (readonly [unitKey: string, mark: UnitMark])[]
  /** Absent: active. */
  status?: PackageStatus
  createdAt: number
  updatedAt: number
  /** What search and listings show; from the unit that `latest` names, else the newest. */
  facts: PackageFacts
  /** Changes other than publishes of the last minutes: what the completion job checks the log against. */
  recentChanges: readonly ChangeStamp[]
}
export const packages = defineCollection<PackageDocument>()({
  name: 'packages',
  fieldsSince: 2,
  indexes: {
    byName: { fields: ['repositoryId', 'name'], unique: true },
    byNameKey: { fields: ['repositoryId', 'nameKey'] },
  },
})

export interface UnitFile {
  name: string
  digest: string
  sizeBytes: number
  mediaType: string
}

/** What a publish inserts, whole: all that the publish asked for, so that anybody can complete it. */
export interface UnitDocument {
  packageId: string
  /** Unique in the package, also after deletion. */
  key: string
  version: string
  /** The package's count of publishes + 1; unique in the package. */
  sequence: number
  /** The protocol's own. */
  metadata: Json
  files: readonly UnitFile[]
  tags: readonly string[]
  /** Tags that point here only when the package has none of that name. */
  tagsIfAbsent: readonly string[]
  publisherId: string
  publisherName: string
  requestId: string
  createdAt: number
}
export const units = defineCollection<UnitDocument>()({
  name: 'units',
  fieldsSince: 2,
  indexes: {
    byKey: { fields: ['packageId', 'key'], unique: true },
    bySequence: { fields: ['packageId', 'sequence'], unique: true },
  },
})

/** A reference from a unit to a blob, written before the unit: what downloads and the collector look up. */
export interface FileDocument {
  packageId: string
  unitId: string
  name: string
  digest: string
  sizeBytes: number
}
export const files = defineCollection<FileDocument>()({
  name: 'files',
  fieldsSince: 2,
  indexes: {
    byName: { fields: ['packageId', 'name'] },
    byUnit: { fields: ['unitId', 'name'] },
    byDigest: { fields: ['digest'] },
  },
})

export type BlobState = 'live' | 'condemned' | 'deleting'
/** One per blob, by digest. */
export interface BlobDocument {
  state: BlobState
  touchedAt: number
  sizeBytes: number
}
export const blobs = defineCollection<BlobDocument>()({
  name: 'blobs',
  indexes: { byState: { fields: ['state', 'touchedAt'] } },
})

/** The repository's change log; ids are those of the `ChangeStamp`, so writing one twice writes it once. */
export interface ChangeDocument {
  repositoryId: string
  sequence: number
  kind: ChangeKind
  packageName: string
  unitKeys: readonly string[]
  actor: string
  requestId: string
  at: number
}
export const changes = defineCollection<ChangeDocument>()({
  name: 'changes',
  fieldsSince: 2,
  indexes: { bySequence: { fields: ['repositoryId', 'sequence'], unique: true } },
})

/** A change that has begun; gone when all its records are written. The completion job finishes old ones. */
export interface IntentDocument {
  packageId: string
  /** For a publish; other changes are found in the package's `recentChanges`. */
  unitId?: string
  startedAt: number
}
export const intents = defineCollection<IntentDocument>()({
  name: 'intents',
  indexes: { byAge: { fields: ['startedAt'] } },
})

/** A word of a package, and who may find it by that. */
export interface PostingDocument {
  /** `public`, `internal`, or the organization's id for a private repository. */
  audience: string
  repositoryId: string
  term: string
  /** Lower is better: 0 exact name, then scope, name word, keyword, description word. */
  rank: number
  packageId: string
}
export const postings = defineCollection<PostingDocument>()({
  name: 'postings',
  fieldsSince: 2,
  indexes: {
    byAudience: { fields: ['audience', 'term', 'rank', 'packageId'] },
    byRepository: { fields: ['repositoryId', 'term', 'rank', 'packageId'] },
    byTerm: { fields: ['term', 'rank', 'packageId'] },
    byPackage: { fields: ['packageId'] },
  },
})

/** Downloads of a version on a UTC day (`2026-11-21`). */
export interface DownloadDocument {
  packageId: string
  version: string
  day: string
  count: number
}
export const downloads = defineCollection<DownloadDocument>()({
  name: 'downloads',
  fieldsSince: 2,
  indexes: { byPackage: { fields: ['packageId', 'day', 'version'] } },
  counters: ['count'],
})

/** A publish that waits for approval; it reserves its unit key. */
export interface StageDocument {
  repositoryId: string
  packageName: string
  unitKey: string
  /** The unit key while the stage is open; absent afterwards, so that the key is free again. */
  reservation?: string
  version: string
  /** `approving`: somebody's approval publishes it, and nobody can reject it any more. */
  state: 'staged' | 'approving' | 'approved' | 'rejected'
  /** The publish request as JSON text. */
  publish: string
  publisherId: string
  publisherName: string
  createdAt: number
}
export const stages = defineCollection<StageDocument>()({
  name: 'stages',
  indexes: {
    byReservation: { fields: ['repositoryId', 'packageName', 'reservation'], unique: true },
    byRepository: { fields: ['repositoryId', 'state', 'createdAt'] },
  },
})

/** Who runs a job or holds another exclusive right, until when. */
export interface LeaseDocument {
  holder: string
  expiresAt: number
}
export const leases = defineCollection<LeaseDocument>()({ name: 'leases', indexes: {} })

/** A run of a job that has ended. */
export interface JobRun {
  startedAt: number
  durationMs: number
  outcome: 'success' | 'failure'
  /** Why it failed. */
  error?: string
  /** Which process ran it, for people. */
  process: string
}

/** What became of a job; its id is the job's name. Written seldom, see job-history.ts. */
export interface JobDocument {
  name: string
  last?: JobRun
  /** A run that takes long; not believed after `until`, which its process moves on. */
  running?: { process: string; startedAt: number; until: number }
}
export const jobs = defineCollection<JobDocument>()({ name: 'jobs', indexes: { byName: { fields: ['name'] } } })

/** How much there is of something. */
export interface Usage {
  packages: number
  /** Units that were published and not deleted. */
  versions: number
  files: number
  /** Of all files; equal bytes of two files are stored once, and count twice. */
  sizeBytes: number
  /** Of the last 30 days. */
  downloads: number
}
export interface ProtocolUsage extends Usage {
  protocol: string
  repositories: number
}
export interface RepositoryUsage extends Usage {
  repositoryId: string
  organizationId: string
  protocol: string
  name: string
}

/** What a job counted, in the one document `usage`. */
export interface UsageDocument {
  countedAt: number
  /** How long the counting took. */
  durationMs: number
  /** Stored once each, however many files name them. */
  blobs: { count: number; sizeBytes: number }
  protocols: readonly ProtocolUsage[]
  /** The largest by bytes, at most a hundred. */
  repositories: readonly RepositoryUsage[]
}
export const usageReports = defineCollection<UsageDocument>()({ name: 'usageReports', indexes: {} })

/**
 * One entry of the audit trail, never changed once written; its id is `{stream}.{sequence}`. The chain goes over all
 * fields, canonically encoded (ts/access/audit/canonical.ts).
 */
export interface AuditEntryDocument {
  stream: string
  /** From 1, without holes. */
  sequence: number
  /** SHA-256, hex, of the entry before; 64 zeros before the first. */
  previous: string
  /** All entries of the stream up to this one were durable when this one was written. */
  settled: number
  /** When it happened; of repeats the last. */
  at: number
  /** Such as `package.publish`, `session.start`, `access.refused`. */
  action: string
  outcome: 'success' | 'refused' | 'failed'
  actorKind: string
  actorId: string
  actorName: string
  /** The token that the actor came with. */
  tokenId?: string
  address: string
  userAgent: string
  targetKind: string
  targetId: string
  targetName: string
  requestId: string
  /** How many equal refusals this entry stands for. */
  count: number
  details?: Json
}
export const auditEntries = defineCollection<AuditEntryDocument>()({
  name: 'auditEntries',
  indexes: {
    bySequence: { fields: ['stream', 'sequence'], unique: true },
    byTime: { fields: ['at'] },
    byActor: { fields: ['actorId', 'at'] },
    byAction: { fields: ['action', 'at'] },
    byTarget: { fields: ['targetId', 'at'] },
  },
})

/** Where the rest of a chain begins after retention removed what was before. */
export interface AuditBase {
  sequence: number
  /** SHA-256, hex, of the last removed element. */
  hash: string
  at: number
  keyId: string
  /** Ed25519, base64. */
  signature: string
}

/** What is known of a stream; the document `checkpoints` holds the base of the checkpoints' own chain. */
export interface AuditStreamDocument {
  /** Its own id, `strm_…`; absent in `checkpoints`. */
  stream?: string
  /** `ended`: its process writes no more; `closed`: and a checkpoint has its last entry. */
  state: 'open' | 'ended' | 'closed' | 'checkpoints'
  /** The process, for people. */
  process: string
  startedAt: number
  /** The last entry that a checkpoint signed, its hash, and the last checkpoint that did; 0 and empty before. */
  sequence: number
  hash: string
  checkpoint: number
  base?: AuditBase
}
export const auditStreams = defineCollection<AuditStreamDocument>()({
  name: 'auditStreams',
  indexes: { byStream: { fields: ['stream'], unique: true }, byState: { fields: ['state', 'startedAt'] } },
})

/** The heads of all streams that grew since the checkpoint before, signed; its id is its sequence. */
export interface AuditCheckpointDocument {
  sequence: number
  /** SHA-256, hex, of the checkpoint before, its signature included; 64 zeros before the first. */
  previous: string
  at: number
  heads: readonly (readonly [stream: string, sequence: number, hash: string])[]
  keyId: string
  /** Ed25519, base64, over the canonical encoding of all other fields. */
  signature: string
}
export const auditCheckpoints = defineCollection<AuditCheckpointDocument>()({
  name: 'auditCheckpoints',
  indexes: { bySequence: { fields: ['sequence'], unique: true } },
})

/** Every collection there is; the engines create these and no others. */
export const collections: readonly CollectionSpec<never>[] = [
  users,
  organizations,
  memberships,
  teams,
  teamPointers,
  robots,
  grantPointers,
  repositories,
  tokens,
  sessions,
  signInFailures,
  idempotencyKeys,
  loginRequests,
  platformSettings,
  settings,
  packages,
  units,
  files,
  blobs,
  changes,
  intents,
  postings,
  downloads,
  stages,
  leases,
  jobs,
  usageReports,
  auditEntries,
  auditStreams,
  auditCheckpoints,
]
