import type { Context } from 'hono'
import type { Entered } from '../../access/access.ts'
import { actorOf, type UserPrincipal } from '../../access/principal.ts'
import { RegistryError } from '../../errors.ts'
import type { Action } from '../../metadata/access-schema.ts'
import type { Package } from '../../registry/store.ts'
import type { Env, ProtocolDeps } from '../protocol.ts'
import { type PackageName, parsePackageName } from './names.ts'

export type NpmContext = Context<Env, string>

/** The package that the path names, decoded once; `@scope/name` may have come as one segment or as two. */
export function packageNameOf(c: NpmContext): PackageName {
  const scope = c.req.param('scope')
  const last = c.req.param('name') ?? ''
  const name = scope === undefined ? last : `${scope}/${last}`
  const parsed = parsePackageName(name)
  if (!parsed) throw new RegistryError('package_unknown', `There is no package ${JSON.stringify(name.slice(0, 214))}.`)
  return parsed
}

/**
 * Asks the gate for the repository that the package is in: that of the address, else the default repository of the
 * organization that the scope names, unscoped names being the platform's default organization's.
 */
export function enterFor(c: NpmContext, { access }: ProtocolDeps, action: Action, name: PackageName): Promise<Entered> {
  const { organization = name.scope ?? access.defaultOrganization, repository } = c.var.address
  const address = { protocol: 'npm', organization, ...(repository === undefined ? {} : { repository }) }
  return access.enter(c.var.principal, action, address, name.name)
}

export interface Found extends Entered {
  readonly name: PackageName
  readonly package: Package
}

/** The package of the path after the gate was asked; `package_unknown` when there is none. */
export async function findPackage(c: NpmContext, deps: ProtocolDeps, action: Action): Promise<Found> {
  const name = packageNameOf(c)
  const entered = await enterFor(c, deps, action, name)
  const found = await deps.registry.packages.find(entered.repository.id, name.name)
  if (!found) throw unknownPackage(name.name)
  return { ...entered, name, package: found }
}

/** Worded as npm prints it best. */
export function unknownPackage(name: string): RegistryError {
  return new RegistryError('package_unknown', `There is no package "${name}" here, or you may not read it.`)
}

/** The signed-in user or robot; else the challenge. */
export function requireSignedIn(c: NpmContext) {
  const { principal } = c.var
  if (principal.kind === 'anonymous') throw new RegistryError('auth_required', 'Sign in first: run "npm login".')
  return principal
}

/** The signed-in user; else the challenge. A robot has no account: `access_denied`. */
export function requireUser(c: NpmContext): UserPrincipal {
  const principal = requireSignedIn(c)
  if (principal.kind === 'user') return principal
  throw new RegistryError('access_denied', `${principal.robot.value.name} is a robot: it has no account of its own.`)
}

/** Who changes something, for the registry's log. */
export function authorOf(c: NpmContext) {
  return { actor: actorOf(requireSignedIn(c)).id, requestId: c.var.requestId }
}

/** A property of a JSON object, own ones alone, so that names like `constructor` are absent unless sent. */
export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

/** The same, when it is a string. */
export function textProperty(value: unknown, key: string): string | undefined {
  const found = property(value, key)
  return typeof found === 'string' ? found : undefined
}
