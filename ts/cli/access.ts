import { type Command, Option } from 'commander'
import { actorOf, type Principal } from '../access/principal.ts'
import { allActions } from '../access/tokens.ts'
import type { Action } from '../metadata/access-schema.ts'
import { nameOfPrincipal, type PrincipalOptions, readPrincipal, requirePrincipal } from './access-principal.ts'
import { formatAddress, parseAddress } from './addresses.ts'
import { holderOptions } from './holders.ts'
import { requireRepository } from './required.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

interface Options extends PrincipalOptions {
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
    .option('--token <id>', 'may it be done with this token?')
    .option('--anonymous', 'may somebody do it who is not signed in?')
    .addOption(new Option('--action <action>', 'what').choices(allActions).makeOptionMandatory())
    .requiredOption('--repository <address>', 'where: protocol/organization/repository')
    .option('--package <name>', 'on this package, whose owners then count too')
    .option('--json', 'print it as JSON')
    .addHelpText('after', examples)
    .action((options: Options) => explainAccess(options, terminal))
}

const examples = `
For a user or robot it answers with all their rights. For a token it answers with what that leaves of them.

Examples:
  $ stowage access explain --user jane --action write --repository npm/acme/tools
  $ stowage access explain --robot acme/ci --action delete --repository npm/acme/tools --package @acme/cli
  $ stowage access explain --token tok_0191ex5m2 --action write --repository npm/acme/tools --package @acme/cli
  $ stowage access explain --anonymous --action read --repository npm/acme/tools`

async function explainAccess(options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(options.repository)
  const who = readPrincipal(options)
  await withAccess(terminal.env, async (access) => {
    const entered = await requireRepository(access, address)
    const principal = await requirePrincipal(access, who)
    const { allowed, rules } = await access.explain(principal, options.action, entered, options.package)
    const asked = {
      principal: nameOfPrincipal(who),
      ...(who.kind === 'token' && { of: actorOf(principal).name }),
      action: options.action,
      repository: formatAddress(address),
      package: options.package,
    }
    noteRanges(principal, terminal)
    if (options.json) return terminal.print(JSON.stringify({ ...asked, allowed, rules }))
    terminal.print(`${allowed ? 'Allowed' : 'Refused'}: ${sentenceOf(asked)}`)
    for (const rule of rules) terminal.print(`- ${rule}`)
  })
}

/** Where a request comes from is nothing that the question says. */
function noteRanges(principal: Principal, terminal: Terminal): void {
  const cidrs = principal.kind === 'anonymous' ? [] : (principal.token?.value.cidrs ?? [])
  if (cidrs.length > 0) terminal.note(`The token works from these addresses alone: ${cidrs.join(', ')}.`)
}

function sentenceOf(
  asked: Record<'principal' | 'action' | 'repository', string> & { of?: string; package?: string | undefined },
) {
  const { principal, of, action, repository, package: name } = asked
  const who = of === undefined ? principal : `${of} with the token ${principal}`
  return `${action} by ${who} in ${repository}${name === undefined ? '' : `, package ${name}`}, because:`
}
