import { hasCode, RegistryError } from '../errors.ts'
import {
  type Action,
  type OrganizationDocument,
  type RepositoryDocument,
  teams as teamsSpec,
} from '../metadata/access-schema.ts'
import type { MetadataEngine, Stored } from '../metadata/engine.ts'
import { packages as packagesSpec } from '../metadata/package-schema.ts'
import type { Decision, Entered, Explanation, RepositoryAddress } from './access.ts'
import { decide, decideCreation, explain as explainDecision } from './can.ts'
import { denied, maxNameLength, membershipOf, nobodysId, signInFirst } from './gate-words.ts'
import { type Facts, officesOf, teamsOf } from './grounds.ts'
import type { Principal, UserPrincipal } from './principal.ts'
import type { NewRepository, Repositories } from './repositories.ts'
import { allActions } from './tokens.ts'
import type { WarmRecords } from './warm-records.ts'

export interface GateDeps {
  readonly engine: MetadataEngine
  readonly records: WarmRecords
  readonly repositories: Repositories
  /** Whether who is not signed in reads anything. */
  readonly anonymousAccess: () => Promise<boolean>
}

interface Found {
  readonly organization?: Stored<OrganizationDocument> | undefined
  readonly repository?: Stored<RepositoryDocument> | undefined
}

/** The questions of `Access` about repositories, `can`, `enter`, `enterRepository` and the like, over records that may be warm. */
export function gate({ engine, records, repositories, anonymousAccess }: GateDeps) {
  const packages = engine.collection(packagesSpec)
  const teams = engine.collection(teamsSpec)

  async function ownersOf(repositoryId: string, name: string): Promise<readonly string[]> {
    const { items } = await packages.find('byName', { equals: { repositoryId, name }, limit: 1 })
    const found = items[0]?.value
    return found && found.published > 0 ? found.owners : []
  }

  /** It is asked for nobody who is signed in, for whom it means nothing. */
  async function isOpenTo(principal: Principal): Promise<boolean> {
    return principal.kind === 'anonymous' && anonymousAccess()
  }

  /**
   * All that a decision about this hangs on. Package owners cost a read, so they are loaded where they can change it;
   * `all`: where they can count at all.
   */
  async function factsOf(
    principal: Principal,
    action: Action,
    { organization, repository }: Entered,
    packageName?: string,
    all = false,
  ): Promise<Facts> {
    const membership = await membershipOf(records, principal, organization.id)
    const named = packageName === undefined ? {} : { packageName }
    const facts = { organization, repository, membership, anonymousAccess: await isOpenTo(principal), ...named }
    if (principal.kind === 'anonymous' || packageName === undefined) return facts
    if (action !== 'write' && action !== 'delete') return facts
    if (!all && !repository.value.ownersOnly && decide(principal, action, facts).allowed) return facts
    return { ...facts, packageOwners: await ownersOf(repository.id, packageName) }
  }

  async function can(principal: Principal, action: Action, entered: Entered, packageName?: string): Promise<Decision> {
    return decide(principal, action, await factsOf(principal, action, entered, packageName))
  }

  async function resolve(address: RepositoryAddress): Promise<Found> {
    const name = address.repository ?? address.protocol
    if (address.organization.length > maxNameLength || name.length > maxNameLength) return {}
    const organization = await records.organization(address.organization)
    const repository = await records.repository(organization?.id ?? nobodysId, address.protocol, name)
    return { ...(organization && { organization }), ...(repository && { repository }) }
  }

  async function creation(
    principal: Principal,
    protocol: string,
    organization: Stored<OrganizationDocument>,
    packageName: string | undefined,
  ): Promise<Decision> {
    const membership = await membershipOf(records, principal, organization.id)
    const named = packageName === undefined ? {} : { packageName }
    return decideCreation(principal, { organization, membership, anonymousAccess: false, protocol, ...named })
  }

  async function makeDefault(repository: NewRepository): Promise<Stored<RepositoryDocument> | undefined> {
    try {
      return await repositories.create(repository)
    } catch (err) {
      if (!hasCode(err, 'name_taken')) throw err
      return repositories.find(repository.organizationId, repository.protocol, repository.name)
    }
  }

  /** The default repository, made if it was missing; `undefined` where that is not for this principal to do. */
  async function created(
    principal: Principal,
    address: RepositoryAddress,
    organization: Stored<OrganizationDocument> | undefined,
    packageName: string | undefined,
    beforeMaking: () => void,
  ): Promise<Stored<RepositoryDocument> | undefined> {
    const { protocol, repository: name = protocol } = address
    if (!organization || principal.kind !== 'user' || name !== protocol) return undefined
    const decision = await creation(principal, protocol, organization, packageName)
    if (!decision.allowed) {
      // A token that reaches here and lacks the action alone is told so: a new user's first publish fails like that.
      const capable = withEveryAction(principal)
      if ((await creation(capable, protocol, organization, packageName)).allowed)
        throw denied(principal, 'write', decision)
      return undefined
    }
    const membership = await membershipOf(records, principal, organization.id)
    const hasOffice = officesOf(principal, { organization, membership }).length > 0
    const { id: createdBy } = principal.user
    beforeMaking()
    return makeDefault({
      organizationId: organization.id,
      protocol,
      name: protocol,
      createdBy,
      // Else it could not publish to what its publish has made.
      ...(!hasOffice && { adminId: createdBy }),
    })
  }

  async function enter(
    principal: Principal,
    action: Action,
    address: RepositoryAddress,
    packageName?: string,
    beforeMaking = () => {},
  ): Promise<Entered> {
    const { organization, repository: known } = await resolve(address)
    const isMade = !known && action === 'write'
    const repository = isMade ? await created(principal, address, organization, packageName, beforeMaking) : known
    return enterFound(principal, action, { organization, repository, packageName }, () => unknown(principal, address))
  }

  async function enterRepository(
    principal: Principal,
    action: Action,
    id: string,
    packageName?: string,
  ): Promise<Entered> {
    const isPlausible = id.length <= maxNameLength && id.isWellFormed()
    const repository = isPlausible ? await records.repositoryById(id) : undefined
    const organization = await records.organizationById(repository?.value.organizationId ?? nobodysId)
    return enterFound(principal, action, { organization, repository, packageName }, () => unknownId(principal))
  }

  /** What was not found is refused like what may not be read, after the same look-ups. */
  async function enterFound(
    principal: Principal,
    action: Action,
    { organization, repository, packageName }: Found & { readonly packageName: string | undefined },
    unknownThing: () => RegistryError,
  ): Promise<Entered> {
    if (!organization || !repository) {
      await lookInVain(principal, action, organization?.id, packageName)
      throw unknownThing()
    }
    const entered = { organization, repository }
    const decision = await can(principal, action, entered, packageName)
    if (decision.allowed) return entered
    const mayRead = action !== 'read' && (await can(principal, 'read', entered, packageName)).allowed
    throw mayRead ? denied(principal, action, decision) : unknownThing()
  }

  /** The look-ups of a refusal in a repository that is there. */
  async function lookInVain(
    principal: Principal,
    action: Action,
    organizationId: string | undefined,
    packageName: string | undefined,
  ): Promise<void> {
    await membershipOf(records, principal, organizationId ?? nobodysId)
    await isOpenTo(principal)
    if (principal.kind === 'anonymous' || packageName === undefined) return
    if (action === 'write' || action === 'delete') await ownersOf(nobodysId, packageName)
  }

  async function mayEnter(
    principal: Principal,
    action: Action,
    address: RepositoryAddress,
    packageName?: string,
  ): Promise<boolean> {
    const { organization, repository } = await resolve(address)
    const { protocol, repository: name = protocol } = address
    if (organization && repository) {
      return (await can(principal, action, { organization, repository }, packageName)).allowed
    }
    if (organization && action === 'write' && principal.kind === 'user' && name === protocol) {
      if ((await creation(principal, protocol, organization, packageName)).allowed) return true
    }
    await lookInVain(principal, action, organization?.id, packageName)
    return false
  }

  async function explain(
    principal: Principal,
    action: Action,
    entered: Entered,
    packageName?: string,
  ): Promise<Explanation> {
    const facts = await factsOf(principal, action, entered, packageName, true)
    const teamNames = new Map<string, string>()
    for (const [id] of teamsOf(principal, facts)) teamNames.set(id, (await teams.get(id))?.value.name ?? id)
    return explainDecision(principal, action, { ...facts, teamNames })
  }

  return { can, enter, enterRepository, mayEnter, explain }
}

function withEveryAction(principal: UserPrincipal): UserPrincipal {
  const { token } = principal
  if (!token) return principal
  return { ...principal, token: { ...token, value: { ...token.value, actions: allActions } } }
}

/** What a stranger is told, whether there is such a repository or not. */
function unknown(principal: Principal, { protocol, organization, repository = protocol }: RepositoryAddress) {
  if (principal.kind === 'anonymous') return signInFirst()
  const place = `${organization}/${repository}`.slice(0, 2 * maxNameLength + 1)
  return new RegistryError('repository_unknown', `There is no ${protocol} repository ${place}, or you may not read it.`)
}

/** The same for an id. */
function unknownId(principal: Principal): RegistryError {
  if (principal.kind === 'anonymous') return signInFirst()
  return new RegistryError('repository_unknown', 'There is no such repository, or you may not read it.')
}
