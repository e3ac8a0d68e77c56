import type { Command } from 'commander'
import type { MadeToken } from '../access/tokens.ts'
import { setupOfOneRepository } from './client-setup.ts'
import { everyPage } from './every-page.ts'
import { type HolderOptions, holderOptions, nameOfHolder, readHolder, requireHolder } from './holders.ts'
import { seconds } from './options.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { tokenFacts } from './token-facts.ts'
import { type LimitOptions, limitOptions, newToken } from './token-limits.ts'
import { withAccess } from './with-access.ts'

interface Options extends HolderOptions {
  readonly json?: true
}

interface RotateOptions extends Options {
  readonly grace?: number
}

const kinds = ['user', 'robot'] as const
const idArgument = ['<id>', 'as in "stowage token list"'] as const

/** Adds `stowage token create`, `list`, `revoke` and `rotate`. */
export function tokenCommand(program: Command, terminal: Terminal): void {
  const token = program.command('token').description('tokens for package clients').helpCommand(false)
  limitOptions(ownerOptions(token.command('create')))
    .description('make a token that acts for a user or robot; it is printed once and cannot be shown again')
    .option('--json', 'print the token and what is known of it as JSON')
    .addHelpText('after', creating)
    .action((options: LimitOptions & Options) => createToken(options, terminal))
  ownerOptions(token.command('list'))
    .description('list the tokens of a user or robot, newest first')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExamples:\n  $ stowage token list --user jane\n  $ stowage token list --robot acme/ci')
    .action((options: Options) => listTokens(options, terminal))
  ownerOptions(token.command('revoke'))
    .description('end a token: at once on one server, within 5 seconds on several')
    .argument(...idArgument)
    .addHelpText('after', '\nExample:\n  $ stowage token revoke tok_0191ex5m2 --user jane')
    .action((id: string, options: Options) => revokeToken(id, options, terminal))
  ownerOptions(token.command('rotate'))
    .description('give a token a new secret, which is printed once')
    .argument(...idArgument)
    .option('--grace <duration>', 'the old secret works so much longer, such as 1h (default: not at all)', seconds)
    .option('--json', 'print the token and what is known of it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage token rotate tok_0191ex5m2 --robot acme/ci --grace 24h')
    .action((id: string, options: RotateOptions) => rotateToken(id, options, terminal))
}

function ownerOptions(command: Command): Command {
  return holderOptions(command, { user: 'whose it is: a user', robot: 'whose it is: the robot of an organization' })
}

const creating = `
It never does more than its owner may at the time.

Examples:
  $ stowage token create --user jane --name laptop
  $ stowage token create --robot acme/ci --name ci --actions read,write --repositories npm/acme/tools --expires 90d
  $ npm config set //registry.example.com/:_authToken "$(stowage token create --user ci --name ci --actions read,write)"

npm sends a token only to the address that its line names. With registry=https://registry.example.com/npm/acme/tools/ the
line begins with //registry.example.com/npm/acme/tools/:_authToken`

async function createToken(options: LimitOptions & Options, terminal: Terminal): Promise<void> {
  const holder = readHolder(options, kinds)
  const makeToken = newToken(options)
  await withAccess(terminal.env, async (access) => {
    const made = await access.tokens.create(await makeToken(access, await requireHolder(access, holder)))
    const facts = { [holder.kind]: nameOfHolder(holder), ...(await tokenFacts(access, made.token)) }
    printSecret(made, facts, options, terminal)
    const setup = setupOfOneRepository(terminal.env, options.repositories)
    if (setup !== undefined && !options.json)
      terminal.note(`In the client's configuration, for this repository:\n${setup}`)
  })
}

async function listTokens(options: Options, terminal: Terminal): Promise<void> {
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const ownerId = await requireHolder(access, holder)
    const rows = []
    for await (const token of everyPage((page) => access.tokens.list(ownerId, page))) {
      rows.push(await tokenFacts(access, token))
    }
    printTable(terminal, rows, ['id', 'name', 'hint', 'actions', 'expiresAt', 'lastUsedAt', 'lastUsedFrom'], options)
  })
}

async function revokeToken(id: string, options: Options, terminal: Terminal): Promise<void> {
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    await access.tokens.revoke(await requireHolder(access, holder), id)
    terminal.print(`The token ${id} is revoked.`)
  })
}

async function rotateToken(id: string, options: RotateOptions, terminal: Terminal): Promise<void> {
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const made = await access.tokens.rotate(await requireHolder(access, holder), id, options.grace ?? 0)
    const facts = { [holder.kind]: nameOfHolder(holder), ...(await tokenFacts(access, made.token)) }
    printSecret(made, facts, options, terminal)
  })
}

/** Alone on its line, for `$(…)`. */
function printSecret({ text }: MadeToken, facts: object, { json }: Options, terminal: Terminal): void {
  if (json) return void terminal.print(JSON.stringify({ token: text, ...facts }))
  terminal.print(text)
  terminal.note('Keep it: it is not shown again.')
}
