import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { Access } from '../access/access.ts'
import type { Credentials, Principal } from '../access/principal.ts'
import type { Limits } from '../config.ts'
import type { RegistryError } from '../errors.ts'
import type { ExternalAddress } from '../http/address.ts'
import type { Log } from '../log.ts'
import type { PackageFacts, UnitDocument, UnitFile } from '../metadata/package-schema.ts'
import type { PackageDownload } from '../registry/audit-changes.ts'
import type { PackageRules } from '../registry/package-rules.ts'
import type { Registry } from '../registry/registry.ts'

/** Where the request came in: what every URL in an answer is built from. */
export interface Address {
  /** Scheme, host and the prefix of the mount, no slash at the end: `https://registry.example.com/npm/main/npm`. */
  readonly base: string
  /** Scheme, host and what a proxy put before this server's paths. */
  readonly origin: string
  /** Both present below a repository's address, both absent at the root paths. */
  readonly organization?: string
  readonly repository?: string
}

export interface Env {
  Bindings: Partial<HttpBindings>
  Variables: {
    /** Renders what goes wrong below its paths; absent outside of protocols. */
    protocol: Protocol
    principal: Principal
    address: Address
    /** Where the client believes that it is talking to, and who it is. */
    external: ExternalAddress
    requestId: string
    log: Log
  }
}

export interface ProtocolDeps {
  readonly registry: Registry
  readonly access: Access
  readonly limits: Limits
  /** A secret of the installation, sealed in the store; made by `make` when it is first asked for. */
  secretSetting(id: string, make: () => string): Promise<string>
  /**
   * Present when downloads are entries of the audit trail. To be awaited before the bytes of a package go; what was asked
   * for so is not remembered, since who asks for a remembered answer is not known.
   */
  readonly recordDownload?: (download: PackageDownload) => Promise<void>
}

export interface Download {
  /** Below the repository's address, percent-encoded, without a slash before; absent for what is not fetched as it is. */
  readonly path?: string
  /** Hashes that are known beside SHA-256: algorithm to lower-case hex. */
  readonly digests: Readonly<Record<string, string>>
}

/**
 * One package protocol, whole. To add one: write `protocols/<id>/<id>.ts` exporting one of these, add a line to
 * `protocols/all.ts`, run `npm test`. Nothing else in the server names a protocol.
 */
export interface Protocol {
  /** Stored with every package and used in addresses. Never rename. */
  readonly id: string
  readonly label: string
  /** What is published whole, unique, immutable and, once deleted, never used again. */
  readonly unit: 'version' | 'version-platform' | 'file' | 'manifest'
  /** False where the unit's name is its bytes' digest, so that publishing again after a deletion is right. */
  readonly keepsTombstones: boolean
  /**
   * True where the second part of a name is a repository's or the beginning of a package in the organization's default
   * repository, so that both claim it; see name-claims.ts.
   */
  readonly sharesNames: boolean
  /** False where no publish can wait for somebody's approval, so that no repository may ask for one. */
  readonly takesApprovals: boolean
  /** Which headers this client puts credentials in; `undefined` means anonymous, also where what it sends must not
   *  count. Throws `credentials_invalid` for a header it cannot read. */
  readCredentials(request: Pick<Request, 'headers' | 'method' | 'url'>): Credentials | undefined
  /** The route table below `/{id}/{organization}/{repository}`; each line states what it needs. Without a line nothing is there. */
  routes(r: Hono<Env>, deps: ProtocolDeps): void
  /** Where the customary paths hang: `''` is the root of the server. Longer prefixes are matched first. */
  readonly rootPrefixes: readonly string[]
  /** The customary paths below one of `rootPrefixes`: exact patterns; a catch-all where the prefix is nobody else's. */
  rootRoutes(r: Hono<Env>, deps: ProtocolDeps, prefix: string): void
  /** The error body this client can parse, with any challenge header it needs. */
  renderError(err: RegistryError, c: Context<Env>): Response
  /** What search and listings show of the package when this unit stands for it. */
  describe(unit: UnitDocument): Omit<PackageFacts, 'version'>
  /** What edits that come in by REST must know, and this protocol's own go by. */
  readonly rules: PackageRules
  /** How clients fetch a file of a unit of the package `name`. */
  download(of: { name: string; unit: UnitDocument; file: UnitFile }): Download
  /** What the dashboard shows under "Install"; `base` as in `Address`. */
  usage(of: { name: string; version: string; base: string }): string
  /** What a person puts into the client's configuration to use a new token; `base`: the server's address. */
  setup(of: { base: string; token: string }): string
}
