import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import type { OrganizationDocument, Visibility } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { everyPage } from './every-page.ts'
import { visibilityOption } from './options.ts'
import { orgDeletionCommands } from './org-deletion.ts'
import { orgMemberCommand } from './org-member.ts'
import { printDone, printFacts, printTable } from './table.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { requireOrganization, requireUser, withAccess } from './with-access.ts'

interface Options {
  readonly json?: true
}

interface NewOptions extends Options {
  readonly displayName?: string
  readonly owner?: string
  readonly visibility?: Visibility
}

interface SetOptions extends Options {
  readonly displayName?: string
  readonly visibility?: Visibility
  readonly membersCreateRepositories?: boolean
}

/** Adds `stowage org create`, `set`, `list`, `show`, `delete`, `deleted`, `free-name` and `member`. */
export function orgCommand(program: Command, terminal: Terminal): void {
  const org = program.command('org').description('organizations and who belongs to them').helpCommand(false)
  org
    .command('create')
    .description('make an organization; the npm scope of the same name belongs to it')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--display-name <text>', 'what people read instead of the name')
    .option('--owner <username>', 'the user who owns it')
    .addOption(visibilityOption('the most that its repositories can show (default: public)'))
    .option('--json', 'print the new organization as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org create acme --owner jane')
    .action((name: string, options: NewOptions) => createOrganization(name, options, terminal))
  org
    .command('set')
    .description('change settings of an organization')
    .argument('<name>', 'which')
    .option('--display-name <text>', 'what people read instead of the name')
    .addOption(visibilityOption('the most that its repositories can show'))
    .option('--members-create-repositories', 'its members may make repositories')
    .option('--no-members-create-repositories', 'its owners and admins alone may')
    .option('--json', 'print the organization as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org set acme --visibility internal --members-create-repositories')
    .action((name: string, options: SetOptions) => changeOrganization(name, options, terminal))
  org
    .command('list')
    .description('list organizations')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org list')
    .action((options: Options) => listOrganizations(options, terminal))
  org
    .command('show')
    .description('print what is known of an organization, with its owners')
    .argument('<name>', 'which')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org show acme')
    .action((name: string, options: Options) => showOrganization(name, options, terminal))
  orgDeletionCommands(org, terminal)
  orgMemberCommand(org, terminal)
}

async function createOrganization(name: string, options: NewOptions, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { displayName, visibility, owner } = options
    const made = await access.organizations.create({
      name,
      ...(displayName !== undefined && { displayName }),
      ...(visibility && { visibility }),
      ...(owner !== undefined && { ownerId: (await requireUser(access, owner)).id }),
    })
    printDone(terminal, `The organization ${made.value.name} exists now.`, factsOf(made), options)
  })
}

async function changeOrganization(name: string, options: SetOptions, terminal: Terminal): Promise<void> {
  const { displayName, visibility, membersCreateRepositories } = options
  const settings = {
    ...(displayName !== undefined && { displayName }),
    ...(visibility && { visibility }),
    ...(membersCreateRepositories !== undefined && { membersCreateRepositories }),
  }
  if (Object.keys(settings).length === 0) throw new UsageError('there is no setting to change; see --help.')
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireOrganization(access, name)
    const changed = await access.organizations.configure(id, settings)
    printDone(terminal, `The organization ${name} is changed.`, factsOf(changed), options)
  })
}

async function listOrganizations(options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ organizations }) => {
    const rows = []
    for await (const organization of everyPage((page) => organizations.list(page))) rows.push(factsOf(organization))
    printTable(terminal, rows, ['name', 'displayName', 'visibility', 'createdAt'], options)
  })
}

async function showOrganization(name: string, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const organization = await requireOrganization(access, name)
    printFacts(terminal, { ...factsOf(organization), owners: await ownersOf(access, organization.id) }, options)
  })
}

async function ownersOf({ organizations, users }: Access, organizationId: string): Promise<readonly string[]> {
  const owners: string[] = []
  for await (const { value } of everyPage((page) => organizations.members(organizationId, page))) {
    if (value.role === 'owner') owners.push((await users.get(value.userId))?.value.username ?? value.userId)
  }
  return owners
}

function factsOf({ id, value }: Stored<OrganizationDocument>) {
  const { name, displayName, visibility, membersCreateRepositories = false } = value
  return { id, name, displayName, visibility, membersCreateRepositories, createdAt: new Date(value.createdAt) }
}
