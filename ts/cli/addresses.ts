import { protocols } from '../protocols/all.ts'
import { UsageError } from './terminal.ts'

/** Where a repository is. */
export interface Address {
  readonly protocol: string
  readonly organization: string
  readonly name: string
}

/** How the argument of a command is called and described that `parseAddress` reads. */
export const addressArgument = ['<address>', 'protocol/organization/repository, as in npm/acme/npm'] as const

/**
 * `npm/acme/tools`, as in the server's own addresses, or `acme/npm/tools`: no organization is called like a protocol.
 * Throws `UsageError`.
 */
export function parseAddress(text: string): Address {
  const [first, second, name, ...rest] = text.replace(/^\/|\/$/g, '').split('/')
  const known = protocols.map(({ id }) => id)
  if (!first || !second || !name || rest.length > 0) {
    throw new UsageError(`"${text}" must be protocol/organization/repository, as in npm/acme/npm.`)
  }
  if (known.includes(first)) return { protocol: first, organization: second, name }
  if (known.includes(second)) return { protocol: second, organization: first, name }
  throw new UsageError(`"${first}" is no protocol of this server; it speaks ${known.join(', ')}.`)
}

/** The address as the server has it, and as `parseAddress` reads it. */
export function formatAddress({ protocol, organization, name }: Address): string {
  return `${protocol}/${organization}/${name}`
}

/** A team or robot: `acme/builders`. */
export interface Place {
  readonly organization: string
  readonly name: string
}

/** How the argument is called and described that `parsePlace` reads. */
export function placeArgument(kind: 'team' | 'robot'): readonly [string, string] {
  return [`<${kind}>`, `organization/${kind}, as in acme/${examples[kind]}`]
}

/** Throws `UsageError` for what is not two parts. */
export function parsePlace(kind: 'team' | 'robot', text: string): Place {
  const [organization, name, ...rest] = text.split('/')
  if (organization && name && rest.length === 0) return { organization, name }
  throw new UsageError(`"${text}" must be organization/${kind}, as in acme/${examples[kind]}.`)
}

const examples = { team: 'builders', robot: 'ci' } as const
