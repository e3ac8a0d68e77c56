import type {
  Action,
  MembershipDocument,
  OrganizationDocument,
  OrganizationRole,
  RepositoryDocument,
  TeamDocument,
} from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { AccountGate } from './account-gate.ts'
import type { Cursors } from './cursors.ts'
import type { DeletedNames } from './deleted-names.ts'
import type { Deletions } from './deletions.ts'
import type { LoginRequests } from './login-requests.ts'
import type { NameClaims } from './name-claims.ts'
import type { Organizations } from './organizations.ts'
import type { PlatformSettings } from './platform-settings.ts'
import type { Credentials, Principal } from './principal.ts'
import type { ListRepositories } from './readable-repositories.ts'
import type { RegistryTokens } from './registry-tokens.ts'
import type { Repeats } from './repeats.ts'
import type { Repositories } from './repositories.ts'
import type { RepositoryGrants } from './repository-grants.ts'
import type { Robots } from './robots.ts'
import type { Sessions } from './sessions.ts'
import type { Setup } from './setup.ts'
import type { CheckSignIn } from './sign-in.ts'
import type { SigningUp } from './sign-up.ts'
import type { Teams } from './teams.ts'
import type { Tokens } from './tokens.ts'
import type { Users } from './users.ts'

/** What was decided and by which rule, in words a person can read. */
export interface Decision {
  readonly allowed: boolean
  readonly rule: string
}

/** `rules`: all that allow, or the one that refuses. */
export interface Explanation extends Decision {
  readonly rules: readonly string[]
}

export interface RepositoryAddress {
  readonly protocol: string
  readonly organization: string
  /** Absent: the organization's default repository, which is named like the protocol. */
  readonly repository?: string
}

export interface Entered {
  readonly organization: Stored<OrganizationDocument>
  readonly repository: Stored<RepositoryDocument>
}

/** An organization's name or id. */
export type OrganizationKey = { readonly name: string } | { readonly id: string }
export type OrganizationAction = Exclude<Action, 'write'>
export type OrganizationEntered = Stored<OrganizationDocument>

export interface CreationEntered {
  readonly organization: OrganizationEntered
  /** Who gets the role admin of what it makes, having no office in the organization; see `NewRepository`. */
  readonly adminId?: string
}

export interface MembershipEntered {
  readonly organization: OrganizationEntered
  /** As it stands; absent: the user is no member. */
  readonly membership?: Stored<MembershipDocument>
}

export type TeamAction = 'read' | 'members' | 'admin'
/** A team's name in an organization, or its id. */
export type TeamKey = { readonly organization: string; readonly name: string } | { readonly id: string }

export interface TeamEntered {
  readonly organization: OrganizationEntered
  readonly team: Stored<TeamDocument>
}

/** What every protocol asks of the gate. Decisions are made anew at each request, from records at most 5 s old. */
export interface Access extends AccountGate {
  /** No credentials: anonymous. Throws `credentials_invalid` when what was presented is not valid (never anonymous). */
  authenticate(credentials: Credentials | undefined, clientAddress: string): Promise<Principal>
  /** A username or e-mail address and a password, as `authenticate` checks them. */
  readonly signIn: CheckSignIn
  /** Somebody new, while the platform's settings allow it. */
  readonly signUp: SigningUp
  /** The one decision; unknown means no. With the name of a package, its owners count too. */
  can(principal: Principal, action: Action, in_: Entered, packageName?: string): Promise<Decision>
  /**
   * Resolves an address for an action or throws what a stranger may know: anonymous `auth_required` for all it may
   * not do, whether the place exists or not; signed in and may not read `repository_unknown`; may read but not
   * this `access_denied`. With `write`, an organization's default repository is made when it is missing and the
   * principal may create repositories there. `beforeMaking` is called then, and may throw: nothing is made.
   */
  enter(
    principal: Principal,
    action: Action,
    address: RepositoryAddress,
    packageName?: string,
    beforeMaking?: () => void,
  ): Promise<Entered>
  /**
   * Would `enter` let in? Makes nothing and tells nobody of a refusal; costs the same for what does not exist and what
   * may not be read.
   */
  mayEnter(principal: Principal, action: Action, address: RepositoryAddress, packageName?: string): Promise<boolean>
  /**
   * `enter` for a repository's id, which makes nothing. An id that was never given costs and answers the same as a
   * repository that the principal may not read.
   */
  enterRepository(principal: Principal, action: Action, id: string, packageName?: string): Promise<Entered>
  /**
   * Where a repository of this protocol may be made; without one: of some protocol that a token allows. Throws as
   * `enterOrganization`.
   */
  enterCreation(principal: Principal, key: OrganizationKey, protocol?: string): Promise<CreationEntered>
  /** Repositories that the principal may read, and disabled ones that it administers; a page may be shorter than its limit. */
  readonly listRepositories: ListRepositories
  /** The name of the organization that the root paths belong to. */
  readonly defaultOrganization: string
  /**
   * An organization itself, its members, teams and robots: read for those who belong to it, admin for its owners and
   * admins, delete for its owners. Throws `auth_required`, `organization_unknown` (signed in and may not read it),
   * `access_denied`. A token limited to protocols, repositories or packages does not reach so far.
   */
  enterOrganization(
    principal: Principal,
    action: OrganizationAction,
    key: OrganizationKey,
  ): Promise<OrganizationEntered>
  /**
   * Giving a user this role in an organization, or ending its membership (no role): admin, as `enterOrganization`; where
   * the user is an owner or becomes one, for owners and platform admins; everybody may leave. Throws as
   * `enterOrganization`.
   */
  enterMembership(
    principal: Principal,
    key: OrganizationKey,
    userId: string,
    role?: OrganizationRole,
  ): Promise<MembershipEntered>
  /**
   * A team and its organization: read for those who belong to the organization, `members` (who is in it) for the
   * team's maintainers too, admin for the organization's offices. Throws as `enterOrganization`, and `team_unknown`.
   */
  enterTeam(principal: Principal, what: TeamAction, key: TeamKey): Promise<TeamEntered>
  /** The decision as `can` makes it, with every rule that allows the action, or the one against it. */
  explain(principal: Principal, action: Action, in_: Entered, packageName?: string): Promise<Explanation>
  /** What a principal may search: audiences of postings (see PostingDocument) and ids of repositories; `all` alone for whoever may read
   *  everything. Wider than the principal's rights where a token narrows them: each hit still asks `can`. */
  audiences(principal: Principal): Promise<readonly string[]>
  /** Of the lists of the API. */
  readonly cursors: Cursors

  // What follows changes things. It asks nobody: whoever calls has decided.
  readonly platformSettings: PlatformSettings
  readonly users: Users
  /**
   * Deletes a user and all that let it in; what was published stays. A repeat goes on where it stopped. Throws
   * `user_unknown`; `unprocessable` for the last platform admin and for the last owner of an organization.
   */
  removeUser(id: string): Promise<void>
  readonly organizations: Organizations
  readonly repositories: Repositories
  readonly deletions: Deletions
  readonly deletedNames: DeletedNames
  readonly grants: RepositoryGrants
  readonly teams: Teams
  readonly robots: Robots
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly registryTokens: RegistryTokens
  readonly nameClaims: NameClaims
  readonly loginRequests: LoginRequests
  readonly repeats: Repeats
  readonly setup: Setup
  /** Resolves when last uses of tokens are written and the password thread has stopped. */
  close(): Promise<void>
}
