import type { Stored } from '../metadata/engine.ts'
import type { Action, OrganizationDocument, RepositoryDocument } from '../metadata/schema.ts'
import type { Credentials, Principal } from './principal.ts'

/** What was decided and by which rule, in words a person can read. */
export interface Decision {
  readonly allowed: boolean
  readonly rule: string
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

/** What every protocol asks of the gate. Decisions are made anew at each request, from records at most 5 s old. */
export interface Access {
  /** No credentials: anonymous. Throws `credentials_invalid` when what was presented is not valid (never anonymous). */
  authenticate(credentials: Credentials | undefined, clientAddress: string): Promise<Principal>
  /** The one decision; unknown means no. */
  can(principal: Principal, action: Action, in_: Entered, packageName?: string): Promise<Decision>
  /**
   * Resolves an address for an action or throws what a stranger may know: anonymous who may read nothing there
   * `auth_required` whether it exists or not; signed in and may not read `repository_unknown`; may read but not
   * this `access_denied`. With `write`, an organization's default repository is made when it is missing and the
   * principal may create repositories there.
   */
  enter(principal: Principal, action: Action, address: RepositoryAddress, packageName?: string): Promise<Entered>
  /** The name of the organization that the root paths belong to. */
  readonly defaultOrganization: string
  /** What a principal may search: audiences of postings (see PostingDocument). */
  audiences(principal: Principal): Promise<readonly string[]>
}
