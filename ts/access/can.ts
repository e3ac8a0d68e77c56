import type { Action, MembershipDocument, OrganizationRole } from '../metadata/access-schema.ts'
import type { Decision, OrganizationAction } from './access.ts'
import { verbs } from './gate-words.ts'
import { isGone } from './gone.ts'
import { type Facts, groundsOf, officesOf } from './grounds.ts'
import { actorOf, type Principal, whyNotGranted } from './principal.ts'
import { whyOutOfScope } from './token-scope.ts'
import { effectiveVisibility } from './visibility.ts'

/** May the principal do this? Its rights, and of a token only what lies in its scope. Unknown means no. */
export function decide(principal: Principal, action: Action, facts: Facts): Decision {
  const barred = whyBarred(principal, action, facts)
  if (barred) return no(barred)
  const ground = groundsOf(principal, facts).find(({ actions }) => actions.includes(action))
  return ground ? yes(ground.rule) : no(whyNothing(principal, action, facts))
}

/** The decision, and every ground that allows the action, or the one reason against it. */
export function explain(principal: Principal, action: Action, facts: Facts): Decision & { rules: readonly string[] } {
  const expired = whyExpired(principal)
  const decision = expired === undefined ? decide(principal, action, facts) : no(expired)
  if (!decision.allowed) return { ...decision, rules: [decision.rule] }
  return {
    ...decision,
    rules: groundsOf(principal, facts)
      .filter(({ actions }) => actions.includes(action))
      .map(({ rule }) => rule),
  }
}

/** May the principal make a repository by publishing this package to it? */
export function decideCreation(
  principal: Principal,
  facts: Omit<Facts, 'repository' | 'packageOwners'> & { readonly protocol: string },
): Decision {
  const { organization, membership, packageName, protocol } = facts
  if (isGone(organization.value)) return no(deleted)
  if (principal.kind === 'anonymous') return no('nobody is signed in')
  const target = { action: 'write' as const, protocol, organizationId: organization.id }
  const named = packageName === undefined ? {} : { packageName }
  const outside = principal.token && whyOutOfScope(principal.token, { ...target, ...named })
  const barred = outside ?? whyInactive(principal) ?? whyNotGranted(principal, 'write')
  if (barred) return no(barred)
  const [office] = officesOf(principal, facts)
  if (office) return yes(office.rule)
  const { name } = actorOf(principal)
  if (principal.kind === 'user' && membership && organization.value.membersCreateRepositories) {
    return yes(`members of the organization ${organization.value.name} may create repositories`)
  }
  return no(`${name} may not create repositories in ${organization.value.name}`)
}

/** May the principal do this with the organization itself, or what lies in it? See `Access.enterOrganization`. `ownGround`: what else allows it, in words. */
export function decideOrganization(
  principal: Principal,
  action: OrganizationAction,
  facts: Pick<Facts, 'organization' | 'membership'>,
  ownGround?: string,
): Decision {
  if (isGone(facts.organization.value)) return no(deleted)
  if (principal.kind === 'anonymous') return no('nobody is signed in')
  const { organization, membership } = facts
  const target = { action, protocol: '', organizationId: organization.id }
  const barred = (principal.token && whyOutOfScope(principal.token, target)) ?? whyInactive(principal)
  if (barred) return no(barred)
  if (principal.grant) return no('a registry token does not reach organizations')
  const [office] = officesOf(principal, facts)
  if (office && (action !== 'delete' || isOwner(principal, membership))) return yes(office.rule)
  if (ownGround !== undefined) return yes(ownGround)
  const { name } = actorOf(principal)
  const belongs = principal.kind === 'robot' ? principal.robot.value.organizationId === organization.id : membership
  if (action === 'read' && belongs) return yes(`${name} belongs to the organization ${organization.value.name}`)
  return no(`nothing gives ${name} the right to ${verbs[action]} the organization ${organization.value.name}`)
}

/**
 * May the principal give these roles or take them? Whose right to delete the organization is that of its owners may make
 * and unmake owners. `isLeaving`: it ends its own membership.
 */
export function decideMembership(
  principal: Principal,
  roles: readonly (OrganizationRole | undefined)[],
  facts: Pick<Facts, 'organization' | 'membership'>,
  isLeaving: boolean,
): Decision {
  if (isLeaving) return decideOrganization(principal, 'admin', facts, 'everybody may leave')
  const decision = decideOrganization(principal, 'admin', facts)
  if (!decision.allowed || !roles.includes('owner') || isOwner(principal, facts.membership)) return decision
  return no('owners alone make, change and remove owners')
}

function isOwner(principal: Principal, membership: MembershipDocument | undefined): boolean {
  return membership?.role === 'owner' || (principal.kind === 'user' && principal.user.value.isPlatformAdmin)
}

/** What takes every right away, whatever gives it. */
function whyBarred(principal: Principal, action: Action, facts: Facts): string | undefined {
  if (isGone(facts.organization.value) || isGone(facts.repository.value)) return deleted
  // Who administers a disabled repository can enable it again.
  if (facts.repository.value.isDisabled && action !== 'admin') return 'the repository is disabled'
  const notGranted = whyNotGranted(principal, action)
  if (notGranted) return notGranted
  if (principal.kind === 'anonymous') return facts.anonymousAccess ? undefined : 'anonymous access is off'
  const { organization, repository, packageName } = facts
  const target = {
    action,
    protocol: repository.value.protocol,
    organizationId: organization.id,
    repositoryId: repository.id,
    ...(packageName !== undefined && { packageName }),
  }
  return (principal.token && whyOutOfScope(principal.token, target)) ?? whyInactive(principal)
}

/** Nobody gets as far with an expired token: it is asked for explanations alone. */
function whyExpired(principal: Principal): string | undefined {
  const token = principal.kind === 'anonymous' ? undefined : principal.token?.value
  const hasExpired = token?.expiresAt !== undefined && token.expiresAt <= Date.now()
  return hasExpired ? `the token "${token.name}" has expired` : undefined
}

function whyInactive(principal: Exclude<Principal, { kind: 'anonymous' }>): string | undefined {
  const { isActive } = principal.kind === 'user' ? principal.user.value : principal.robot.value
  return isActive ? undefined : `${actorOf(principal).name} is disabled`
}

function whyNothing(principal: Principal, action: Action, facts: Facts): string {
  const visibility = effectiveVisibility(facts.organization.value, facts.repository.value)
  if (principal.kind === 'anonymous') {
    return visibility === 'public' ? 'nobody is signed in' : 'the repository is not public, and nobody is signed in'
  }
  const { name } = actorOf(principal)
  if (action !== 'read') return `nothing gives ${name} the right to ${verbs[action]} here`
  if (principal.kind === 'robot')
    return `the repository is ${visibility}, and nothing gives the robot ${name} a right to it`
  const organization = facts.organization.value.name
  return `the repository is private, and ${name} is no member of the organization ${organization}`
}

const deleted = 'it is deleted'
const yes = (rule: string): Decision => ({ allowed: true, rule })
const no = (rule: string): Decision => ({ allowed: false, rule })
