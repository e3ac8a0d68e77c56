import { RegistryError } from '../errors.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Action, TokenDocument } from '../metadata/schema.ts'

/** What a token is used on; no `repositoryId` for a repository that is about to be made. */
export interface TokenTarget {
  readonly action: Action
  readonly protocol: string
  readonly organizationId: string
  readonly repositoryId?: string
  readonly packageName?: string
}

/**
 * Why the token does not reach so far, in words; `undefined` when it does. A token that is limited to some packages
 * reaches nothing that names no package: lists of a repository would show the others.
 */
export function whyOutOfScope({ value: token }: Stored<TokenDocument>, target: TokenTarget): string | undefined {
  const name = `the token "${token.name}"`
  if (!token.actions.includes(target.action)) return `${name} is limited to: ${token.actions.join(', ')}`
  if (token.protocols && !token.protocols.includes(target.protocol)) return `${name} is limited to other protocols`
  if (token.organizations && !token.organizations.includes(target.organizationId)) {
    return `${name} is limited to other organizations`
  }
  if (token.repositories && !includes(token.repositories, target.repositoryId)) {
    return `${name} is limited to other repositories`
  }
  if (token.packages && !token.packages.some((pattern) => matches(pattern, target.packageName))) {
    return `${name} is limited to other packages`
  }
  return undefined
}

function includes(list: readonly string[], item: string | undefined): boolean {
  return item !== undefined && list.includes(item)
}

/** The pattern as it is, when it may limit a token to packages; else `payload_invalid` for the field `packages`. */
export function checkPackagePattern(pattern: string): string {
  const star = pattern.indexOf('*')
  if (star === -1 || star === pattern.length - 1) return pattern
  const message = `"${pattern}" has a "*" that is not at the end. At the end it matches the rest, as in "@acme/*".`
  throw new RegistryError('payload_invalid', message, { field: 'packages' })
}

/** Does the pattern match nothing that the other one does not? */
export function isWithinPattern(pattern: string, other: string): boolean {
  return other.endsWith('*') ? pattern.startsWith(other.slice(0, -1)) : pattern === other
}

function matches(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
