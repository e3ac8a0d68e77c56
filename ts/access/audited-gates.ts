import { hasCode, type RegistryError } from '../errors.ts'
import type { Access, Entered, OrganizationEntered, OrganizationKey, RepositoryAddress, TeamEntered } from './access.ts'
import type { UserEntered } from './account-gate.ts'
import type { AuditTarget } from './audit/entries.ts'
import { type NotedRefusal, witness } from './audit/witness.ts'
import { maxNameLength, nobodysId } from './gate-words.ts'
import type { Principal } from './principal.ts'

/** What accounts and the platform refuse is told by its route: see refused-requests.ts. */
type AccountGates = 'enterAccount' | 'enterPlatform' | 'enterSignUp'
type Gates = Pick<Access, Exclude<Extract<keyof Access, `enter${string}`>, AccountGates>>

/** What every one of these refuses with; a place that is unknown may be one that is hidden. */
const refusals = ['access_denied', 'repository_unknown', 'organization_unknown', 'team_unknown'] as const

/** What a refusal was of, given the error; see `NotedRefusal`. */
type Refused = (err: RegistryError) => Promise<AuditTarget | undefined>

/**
 * The gates, which tell the witness where a request was let in and what was refused. Whether that refusal is what the
 * request ends with is known later only: see refused-requests.ts.
 *
 * What is not there is refused like what is hidden, and costs the same look-ups here. It is no refusal to those who would
 * see the place if it were there: members of its organization, and platform admins.
 */
export function auditedGates(inner: Access): Gates {
  function seesAll(principal: Principal): boolean {
    return isAllowed(() => inner.enterPlatform(principal, 'read'))
  }

  async function belongs(principal: Principal, organization: string): Promise<boolean> {
    if (principal.kind !== 'user') return false
    const entering = inner.enterOrganization(principal, 'read', { name: organization })
    return entering.then(() => true, ifRefused)
  }

  /** What is named by an id or a name that may be nobody's. */
  const named =
    (principal: Principal, kind: string, name: string): Refused =>
    async (err) => {
      const isTruth = err.code !== 'access_denied' && seesAll(principal)
      return isTruth ? undefined : { kind, id: name, name }
    }

  const ofOrganization = (principal: Principal, key: OrganizationKey) =>
    named(principal, 'organization', 'id' in key ? key.id : key.name)

  const ofRepository =
    (principal: Principal, address: RepositoryAddress): Refused =>
    async () => {
      const { protocol, organization, repository = protocol } = address
      const name = `${protocol}/${organization}/${repository}`
      const target = { kind: 'repository', id: name, name }
      if ([organization, repository].some((part) => part.length > maxNameLength || !part.isWellFormed())) return target
      const owner = await inner.organizations.findByName(organization)
      const found = await inner.repositories.find(owner?.id ?? nobodysId, protocol, repository)
      const isTruth = seesAll(principal) || (await belongs(principal, organization))
      if (found) return { ...target, id: found.id }
      return isTruth ? undefined : target
    }

  const ofUser =
    (key: string): Refused =>
    async () => {
      const user = (await inner.users.get(key)) ?? (await inner.users.findByUsername(key))
      return { kind: 'user', id: user?.id ?? key, name: user?.value.username ?? key }
    }

  return {
    enter: (principal, action, address, packageName, beforeMaking) =>
      gated(
        { principal, asked: action, refused: ofRepository(principal, address), placeOf: repositoryTarget },
        inner.enter(principal, action, address, packageName, beforeMaking),
      ),

    enterRepository: (principal, action, id, packageName) =>
      gated(
        { principal, asked: action, refused: named(principal, 'repository', id), placeOf: repositoryTarget },
        inner.enterRepository(principal, action, id, packageName),
      ),

    enterCreation: (principal, key, protocol) =>
      gated(
        {
          principal,
          asked: 'create repositories',
          refused: ofOrganization(principal, key),
          placeOf: ({ organization }) => organizationTarget(organization),
        },
        inner.enterCreation(principal, key, protocol),
      ),

    enterOrganization: (principal, action, key) =>
      gated(
        { principal, asked: action, refused: ofOrganization(principal, key), placeOf: organizationTarget },
        inner.enterOrganization(principal, action, key),
      ),

    enterMembership: (principal, key, userId, role) =>
      gated(
        {
          principal,
          asked: 'change members',
          refused: ofOrganization(principal, key),
          placeOf: ({ organization }) => organizationTarget(organization),
        },
        inner.enterMembership(principal, key, userId, role),
      ),

    enterTeam(principal, what, key) {
      const name = 'id' in key ? key.id : `${key.organization}/${key.name}`
      const refused: Refused = async (err) => {
        const isTruth = err.code === 'team_unknown' && 'name' in key && (await belongs(principal, key.organization))
        return isTruth ? undefined : named(principal, 'team', name)(err)
      }
      return gated({ principal, asked: what, refused, placeOf: teamTarget }, inner.enterTeam(principal, what, key))
    },

    enterUser: (principal, action, key) =>
      gated(
        { principal, asked: action, refused: ofUser(key), placeOf: userTarget },
        inner.enterUser(principal, action, key),
      ),
  }
}

interface Gated<T> {
  readonly principal: Principal
  readonly asked: string
  readonly refused: Refused
  readonly placeOf: (found: T) => AuditTarget
}

async function gated<T>({ principal, asked, refused, placeOf }: Gated<T>, entering: Promise<T>): Promise<T> {
  try {
    const found = await entering
    const seen = witness()
    if (seen) seen.place = () => placeOf(found)
    return found
  } catch (err) {
    note(principal, asked, refused, err)
    throw err
  }
}

function note(principal: Principal, asked: string, refused: Refused, error: unknown): void {
  if (principal.kind === 'anonymous' || !hasCode(error, ...refusals)) return
  const seen = witness()
  const noted: NotedRefusal = { error, asked, target: () => refused(error) }
  if (seen) seen.refusal = noted
}

function repositoryTarget({ organization, repository }: Entered): AuditTarget {
  const { protocol, name } = repository.value
  return { kind: 'repository', id: repository.id, name: `${protocol}/${organization.value.name}/${name}` }
}

function organizationTarget({ id, value }: OrganizationEntered): AuditTarget {
  return { kind: 'organization', id, name: value.name }
}

function teamTarget({ organization, team }: TeamEntered): AuditTarget {
  return { kind: 'team', id: team.id, name: `${organization.value.name}/${team.value.name}` }
}

function userTarget({ user }: UserEntered): AuditTarget {
  return { kind: 'user', id: user.id, name: user.value.username }
}

function isAllowed(enter: () => unknown): boolean {
  try {
    enter()
    return true
  } catch (err) {
    return ifRefused(err)
  }
}

/** False for a refusal; throws what is a fault. */
function ifRefused(err: unknown): false {
  if (hasCode(err, 'auth_required', ...refusals)) return false
  throw err
}
