import type { Action } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import type { TokenDocument } from '../metadata/sign-in-schema.ts'
import { matchesPattern } from './name-patterns.ts'

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

/** The same for what belongs to no organization: accounts, the platform. Any limit but that of actions is in the way. */
export function whyOutOfAccount({ value: token }: Stored<TokenDocument>, action: Action): string | undefined {
  const name = `the token "${token.name}"`
  if (!token.actions.includes(action)) return `${name} is limited to: ${token.actions.join(', ')}`
  const limit = (['protocols', 'organizations', 'repositories', 'packages'] as const).find((field) => token[field])
  return limit && `${name} is limited to some ${limit} and does not reach accounts`
}

function includes(list: readonly string[], item: string | undefined): boolean {
  return item !== undefined && list.includes(item)
}

function matches(pattern: string, name: string | undefined): boolean {
  return name !== undefined && matchesPattern(pattern, name)
}
