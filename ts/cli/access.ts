import { type Command, Option } from 'commander'
import type { Access } from '../access/access.ts'
import { anonymous, type Principal } from '../access/principal.ts'
import { allActions } from '../access/tokens.ts'
import type { Stored } from '../metadata/engine.ts'
import type { Action, RobotDocument, TokenDocument } from '../metadata/schema.ts'
import { formatAddress, parseAddress } from './addresses.ts'
import { type HolderOptions, holderOptions, type NamedHolder, nameOfHolder, readHolder } from './holders.ts'
import { requireRepository, requireRobot } from './required.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { requireUser, withAccess } from './with-access.ts'

interface Options extends HolderOptions {
  readonly anonymous?: true
  readonly action: Action
  readonly repository: string
  readonly package?: string
  readonly json?: true
}

/** Adds `stowage access explain`. */
export function accessCommand(program: Command, terminal: Terminal): void {
  const access = program.command('access').description('who may do what, and why').helpCommand(false)
  holderOptions(access.command('explain'), { user: 'may this user do it?', robot: 'may this robot do it?' })
    .description('say whether somebody may do something, and every rule that allows it or the one that refuses it')
    .option('--anonymous', 'may somebody do it who is not signed in?')
    .addOption(new Option('--action <action>', 'what').choices(allActions).makeOptionMandatory())
    .requiredOption('--repository <address>', 'where: protocol/organization/repository')
    .option('--package <name>', 'on this package, whose owners then count too')
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples)
    .action((options: Options) => explainAccess(options, terminal))
}

const examples = `
It answers for somebody with all their rights; a token can narrow them.

Examples:
  $ stowage access explain --user jane --action write --repository npm/acme/tools
  $ stowage access explain --robot acme/ci --action delete --repository npm/acme/tools --package @acme/cli
  $ stowage access explain --anonymous --action read --repository npm/acme/tools`

async function explainAccess(options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(options.repository)
  const who = readPrincipal(options)
  await withAccess(terminal.env, async (access) => {
    const entered = await requireRepository(access, address)
    const principal = await requirePrincipal(access, who)
    const { allowed, rules } = await access.explain(principal, options.action, entered, options.package)
    const asked = {
      principal: who === 'anonymous' ? who : nameOfHolder(who),
      action: options.action,
      repository: formatAddress(address),
      package: options.package,
    }
    if (options.json) return terminal.print(JSON.stringify({ ...asked, allowed, rules }))
    terminal.print(`${allowed ? 'Allowed' : 'Refused'}: ${sentenceOf(asked)}`)
    for (const rule of rules) terminal.print(`- ${rule}`)
  })
}

function sentenceOf({ principal, action, repository, package: name }: Record<string, string | undefined>): string {
  return `${action} by ${principal} in ${repository}${name === undefined ? '' : `, package ${name}`}, because:`
}

function readPrincipal(options: Options): NamedHolder | 'anonymous' {
  const { anonymous: isAnonymous, user, robot } = options
  if ([isAnonymous, user, robot].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError('one of --user, --robot and --anonymous must be given.')
  }
  return isAnonymous ? 'anonymous' : readHolder(options, ['user', 'robot'])
}

async function requirePrincipal(access: Access, who: NamedHolder | 'anonymous'): Promise<Principal> {
  if (who === 'anonymous') return anonymous
  if (who.kind === 'user') return { kind: 'user', user: await requireUser(access, who.name) }
  const robot = await requireRobot(access, who.place)
  return { kind: 'robot', robot, token: unlimitedToken(robot) }
}

/** A robot comes with a token always: here with one that was never made and narrows nothing. */
function unlimitedToken({ id: userId }: Stored<RobotDocument>): Stored<TokenDocument> {
  const value = { hash: '', hint: '', userId, name: 'any', actions: allActions, cidrs: [], createdAt: 0 }
  return { id: 'tok_any', revision: 0, value }
}
