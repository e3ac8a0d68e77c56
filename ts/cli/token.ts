import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import { allActions, type NewToken } from '../access/tokens.ts'
import { milliseconds, wordList } from './options.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { requireOrganization, requireUser, withAccess } from './with-access.ts'

interface Options {
  readonly user: string
  readonly name: string
  readonly actions: readonly string[]
  readonly organizations?: readonly string[]
  readonly packages?: readonly string[]
  readonly cidrs?: readonly string[]
  readonly expires?: number
  readonly json?: true
}

/** Adds `stowage token create`. */
export function tokenCommand(program: Command, terminal: Terminal): void {
  program
    .command('token')
    .description('tokens for package clients')
    .command('create')
    .description('make a token that acts for a user; it is printed once and cannot be shown again')
    .requiredOption('--user <username>', 'whose rights it has')
    .requiredOption('--name <label>', 'what it is for')
    .option('--actions <list>', `what it may do, of ${allActions.join(', ')}`, wordList, ['read'])
    .option('--organizations <list>', 'only in these organizations', wordList)
    .option('--packages <list>', 'only these packages; `*` at the end matches the rest', wordList)
    .option('--cidrs <list>', 'only from these addresses or ranges', wordList)
    .option('--expires <duration>', 'ends after this time, such as 90d (default: never)', milliseconds)
    .option('--json', 'print the token and what is known of it as JSON')
    .addHelpText('after', examples)
    .action((options: Options) => createToken(options, terminal))
}

const examples = `
Examples:
  $ stowage token create --user jane --name laptop
  $ npm config set //registry.example.com/:_authToken "$(stowage token create --user ci --name ci --actions read,write)"`

async function createToken(options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { text, token } = await access.tokens.create(await newToken(options, access))
    if (!options.json) {
      terminal.print(text)
      return terminal.note('Keep it: it is not shown again.')
    }
    const { hash: _hash, userId: _userId, ...facts } = token.value
    terminal.print(JSON.stringify({ token: text, id: token.id, user: options.user, ...facts }))
  })
}

async function newToken(options: Options, access: Access): Promise<NewToken> {
  const { name, packages, cidrs, expires } = options
  const unknown = options.actions.filter((action) => !allActions.some((known) => known === action))
  if (unknown.length > 0) {
    throw new UsageError(`there is no action ${unknown.join(', ')}; there are ${allActions.join(', ')}.`)
  }
  const organizations = options.organizations?.map((organization) => requireOrganization(access, organization))
  return {
    userId: (await requireUser(access, options.user)).id,
    name,
    actions: allActions.filter((action) => options.actions.includes(action)),
    ...(organizations && { organizations: (await Promise.all(organizations)).map(({ id }) => id) }),
    ...(packages && { packages }),
    ...(cidrs && { cidrs }),
    ...(expires !== undefined && { expiresAt: Date.now() + expires }),
  }
}
