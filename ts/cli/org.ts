import type { Command } from 'commander'
import type { Visibility } from '../metadata/schema.ts'
import { visibilityOption } from './options.ts'
import type { Terminal } from './terminal.ts'
import { requireUser, withAccess } from './with-access.ts'

interface Options {
  readonly displayName?: string
  readonly owner?: string
  readonly visibility?: Visibility
  readonly json?: true
}

/** Adds `stowage org create`. */
export function orgCommand(program: Command, terminal: Terminal): void {
  program
    .command('org')
    .description('organizations')
    .helpCommand(false)
    .command('create')
    .description('make an organization; the npm scope of the same name belongs to it')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--display-name <text>', 'what people read instead of the name')
    .option('--owner <username>', 'the user who owns it')
    .addOption(visibilityOption('the most that its repositories can show (default: public)'))
    .option('--json', 'print the new organization as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org create acme --owner jane')
    .action((name: string, options: Options) => createOrganization(name, options, terminal))
}

async function createOrganization(name: string, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { displayName, visibility, owner } = options
    const made = await access.organizations.create({
      name,
      ...(displayName !== undefined && { displayName }),
      ...(visibility && { visibility }),
      ...(owner !== undefined && { ownerId: (await requireUser(access, owner)).id }),
    })
    if (options.json) terminal.print(JSON.stringify({ id: made.id, ...made.value }))
    else terminal.print(`The organization ${made.value.name} exists now.`)
  })
}
