import {
  type MembershipDocument,
  memberships,
  type OrganizationDocument,
  organizations,
  type RepositoryDocument,
  type RobotDocument,
  repositories,
  robots,
  type UserDocument,
  users,
} from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import {
  type PlatformSettingsDocument,
  platformSettings,
  type SessionDocument,
  sessions,
  type TokenDocument,
  tokens,
} from '../metadata/sign-in-schema.ts'
import { type WarmReads, warmReads } from '../metadata/warm-reads.ts'
import { membershipId } from './organizations.ts'

const maxEntries = 5000
/** A revocation holds on every replica within 5 seconds; the second less is for the request that finds it out. */
const ttlSeconds = 4

type Found<T> = Promise<Stored<T> | undefined>

/** The records that a decision hangs on, from memory while they are known to be the newest (see warm-reads.ts). */
export interface WarmRecords {
  /** By the token's hash. */
  token(hash: string): Found<TokenDocument>
  session(id: string): Found<SessionDocument>
  user(id: string): Found<UserDocument>
  robot(id: string): Found<RobotDocument>
  organization(name: string): Found<OrganizationDocument>
  organizationById(id: string): Found<OrganizationDocument>
  repository(organizationId: string, protocol: string, name: string): Found<RepositoryDocument>
  repositoryById(id: string): Found<RepositoryDocument>
  membership(organizationId: string, userId: string): Found<MembershipDocument>
  platformSettings(): Found<PlatformSettingsDocument>
  /** After every change that this process makes. */
  forget(): void
}

/** Reads of `engine`, at most 5 s old where it cannot tell that nothing was committed. */
export function warmRecords(engine: MetadataEngine): WarmRecords {
  const all: { forget(): void }[] = []
  function memory<T>(): WarmReads<Stored<T> | undefined> {
    const reads = warmReads<Stored<T> | undefined>(engine, { maxEntries, ttlSeconds })
    all.push(reads)
    return reads
  }
  const found = { tokens: memory<TokenDocument>(), sessions: memory<SessionDocument>(), users: memory<UserDocument>() }
  const placed = { organizations: memory<OrganizationDocument>(), repositories: memory<RepositoryDocument>() }
  const machines = memory<RobotDocument>()
  const members = memory<MembershipDocument>()
  const settings = memory<PlatformSettingsDocument>()
  const stored = {
    tokens: engine.collection(tokens),
    sessions: engine.collection(sessions),
    users: engine.collection(users),
    robots: engine.collection(robots),
    organizations: engine.collection(organizations),
    repositories: engine.collection(repositories),
    memberships: engine.collection(memberships),
    settings: engine.collection(platformSettings),
  }

  return {
    token: (hash) =>
      found.tokens(hash, async () => {
        const { items } = await stored.tokens.find('byHash', { equals: { hash }, limit: 1 })
        // The secret before a rotation; its look-up costs those alone who present it, or nothing that is known.
        return (
          items[0] ??
          (await stored.tokens.find('byPreviousHash', { equals: { previousHash: hash }, limit: 1 })).items[0]
        )
      }),
    session: (id) => found.sessions(id, () => stored.sessions.get(id)),
    user: (id) => found.users(id, () => stored.users.get(id)),
    robot: (id) => machines(id, () => stored.robots.get(id)),
    organization: (name) =>
      placed.organizations(
        name,
        async () => (await stored.organizations.find('byName', { equals: { name }, limit: 1 })).items[0],
      ),
    // Names have no `_`, ids do: one memory holds both.
    organizationById: (id) => placed.organizations(id, () => stored.organizations.get(id)),
    repository: (organizationId, protocol, name) =>
      placed.repositories(`${organizationId}/${protocol}/${name}`, async () => {
        const equals = { organizationId, protocol, name }
        return (await stored.repositories.find('byName', { equals, limit: 1 })).items[0]
      }),
    // The other keys begin with an organization's id.
    repositoryById: (id) => placed.repositories(`/${id}`, () => stored.repositories.get(id)),
    membership: (organizationId, userId) => {
      const id = membershipId(organizationId, userId)
      return members(id, () => stored.memberships.get(id))
    },
    platformSettings: () => settings('', () => stored.settings.get('platform')),
    forget() {
      for (const reads of all) reads.forget()
    },
  }
}
