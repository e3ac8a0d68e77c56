import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import { allActions, type NewToken } from '../access/tokens.ts'
import { protocols } from '../protocols/all.ts'
import { parseAddress } from './addresses.ts'
import { milliseconds, wordList } from './options.ts'
import { requireRepository } from './required.ts'
import { UsageError } from './terminal.ts'
import { requireOrganization } from './with-access.ts'

/** What the options of `limitOptions` leave. */
export interface LimitOptions {
  readonly name: string
  readonly actions: readonly string[]
  readonly protocols?: readonly string[]
  readonly organizations?: readonly string[]
  readonly repositories?: readonly string[]
  readonly packages?: readonly string[]
  readonly cidrs?: readonly string[]
  readonly expires?: number
}

/** Adds an option for the name of a new token, and one for each of its limits. */
export function limitOptions(command: Command): Command {
  return command
    .requiredOption('--name <label>', 'what it is for')
    .option('--actions <list>', `what it may do, of ${allActions.join(', ')}`, wordList, ['read'])
    .option('--protocols <list>', 'only these protocols', wordList)
    .option('--organizations <list>', 'only in these organizations', wordList)
    .option('--repositories <list>', 'only in these repositories, as in npm/acme/tools', wordList)
    .option('--packages <list>', 'only these packages; `*` at the end matches the rest', wordList)
    .option('--cidrs <list>', 'only from these addresses or ranges', wordList)
    .option('--expires <duration>', 'ends after this time, such as 90d (default: never)', milliseconds)
}

/** Checks what needs no store, with `UsageError`; the rest is looked up for the owner's id. */
export function newToken(options: LimitOptions): (access: Access, ownerId: string) => Promise<NewToken> {
  const { name, packages, cidrs, expires } = options
  refuseUnknown('action', options.actions, allActions)
  refuseUnknown(
    'protocol',
    options.protocols ?? [],
    protocols.map(({ id }) => id),
  )
  const addresses = options.repositories?.map(parseAddress)

  return async (access, userId) => {
    const organizations = options.organizations?.map((organization) => requireOrganization(access, organization))
    const entered = addresses?.map((address) => requireRepository(access, address))
    return {
      userId,
      name,
      actions: allActions.filter((action) => options.actions.includes(action)),
      ...(options.protocols && { protocols: options.protocols }),
      ...(organizations && { organizations: (await Promise.all(organizations)).map(({ id }) => id) }),
      ...(entered && { repositories: (await Promise.all(entered)).map(({ repository }) => repository.id) }),
      ...(packages && { packages }),
      ...(cidrs && { cidrs }),
      ...(expires !== undefined && { expiresAt: Date.now() + Math.round(expires) }),
    }
  }
}

function refuseUnknown(kind: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.filter((word) => !known.includes(word))
  if (unknown.length === 0) return
  throw new UsageError(`there is no ${kind} ${unknown.join(', ')}; there are ${known.join(', ')}.`)
}
