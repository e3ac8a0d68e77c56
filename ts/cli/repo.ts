import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import type { OrganizationDocument, RepositoryDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { addressArgument, formatAddress, parseAddress } from './addresses.ts'
import { everyPage } from './every-page.ts'
import { repoDeletionCommands } from './repo-deletion.ts'
import { repoPermissionCommand } from './repo-permission.ts'
import { repoRetentionCommand } from './repo-retention.ts'
import { type SettingOptions, settingOptions, settingsIn } from './repo-settings.ts'
import { requireRepository } from './required.ts'
import { retentionWords } from './retention-rule.ts'
import { printDone, printFacts, printTable } from './table.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

interface Options extends SettingOptions {
  readonly json?: true
}

/** Adds `stowage repo create`, `set`, `list`, `show`, `disable`, `enable`, `delete`, `deleted`, `free-name`, `permission`, `retention`. */
export function repoCommand(program: Command, terminal: Terminal): void {
  const repo = program.command('repo').description('repositories').helpCommand(false)
  settingOptions(repo.command('create').argument(...addressArgument))
    .description('make a repository (private unless said otherwise)')
    .option('--json', 'print the new repository as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo create npm/acme/tools --visibility internal')
    .action((address: string, options: Options) => createRepository(address, options, terminal))
  settingOptions(repo.command('set').argument(...addressArgument))
    .description('change settings of a repository')
    .option('--json', 'print the repository as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo set npm/acme/tools --visibility public --requires-approval')
    .action((address: string, options: Options) => changeRepository(address, options, terminal))
  repo
    .command('list')
    .argument('[organization]', 'only this one')
    .description('list repositories and their settings')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo list acme --json')
    .action((organization: string | undefined, options: Options) => listRepositories(organization, options, terminal))
  repo
    .command('show')
    .argument(...addressArgument)
    .description('print what is known of a repository')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo show npm/acme/tools')
    .action((address: string, options: Options) => showRepository(address, options, terminal))
  repo
    .command('disable')
    .argument(...addressArgument)
    .description('serve nothing from a repository, to nobody, until it is enabled again')
    .addHelpText('after', '\nExample:\n  $ stowage repo disable npm/acme/tools')
    .action((address: string) => setDisabled(address, true, terminal))
  repo
    .command('enable')
    .argument(...addressArgument)
    .description('serve from a disabled repository again')
    .addHelpText('after', '\nExample:\n  $ stowage repo enable npm/acme/tools')
    .action((address: string) => setDisabled(address, false, terminal))
  repoDeletionCommands(repo, terminal)
  repoPermissionCommand(repo, terminal)
  repoRetentionCommand(repo, terminal)
}

async function createRepository(text: string, options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { id: organizationId } = await requireOrganization(access, address.organization)
    const { protocol, name } = address
    const { visibility, description, ...policies } = settingsIn(options)
    // What can be refused is refused before there is a repository.
    const shown = {
      ...(visibility && { visibility }),
      ...(description !== undefined && { description }),
      ...(policies.immutableTags && { immutableTags: policies.immutableTags }),
      ...(policies.requiresApproval && { requiresApproval: true }),
    }
    const made = await access.repositories.create({
      organizationId,
      protocol,
      name,
      ...shown,
      createdBy: 'command-line',
    })
    const repository = await access.repositories.configure(made.id, policies)
    const facts = factsOf(address.organization, repository)
    printDone(terminal, `The repository ${formatAddress(address)} exists now.`, facts, options)
  })
}

async function changeRepository(text: string, options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  const settings = settingsIn(options)
  if (Object.keys(settings).length === 0) throw new UsageError('there is no setting to change; see --help.')
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    const changed = await access.repositories.configure(repository.id, settings)
    const facts = factsOf(address.organization, changed)
    printDone(terminal, `The repository ${formatAddress(address)} is changed.`, facts, options)
  })
}

async function setDisabled(text: string, isDisabled: boolean, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    await access.repositories.configure(repository.id, { isDisabled })
    terminal.print(`The repository ${formatAddress(address)} is ${isDisabled ? 'disabled' : 'enabled'}.`)
  })
}

async function showRepository(text: string, options: Options, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { organization, repository } = await requireRepository(access, address)
    printFacts(terminal, factsOf(organization.value.name, repository), options)
  })
}

async function listRepositories(name: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const organizations = name === undefined ? allOrganizations(access) : [await requireOrganization(access, name)]
    const rows = []
    for await (const { id, value } of organizations) {
      const repositories = everyPage((page) => access.repositories.list(id, page))
      for await (const repository of repositories) rows.push(factsOf(value.name, repository))
    }
    if (options.json) printTable(terminal, rows, [], options)
    else printTable(terminal, rows.map(withPolicies), ['address', 'visibility', 'policies', 'description'], options)
  })
}

function allOrganizations({ organizations }: Access): AsyncGenerator<Stored<OrganizationDocument>> {
  return everyPage((page) => organizations.list(page))
}

function factsOf(organization: string, { id, value }: Stored<RepositoryDocument>) {
  const { protocol, name, visibility, description, requiresApproval, refusesSimilarNames } = value
  const { ownersOnly = false, immutableTags = [], retention = {}, isDisabled = false } = value
  const address = formatAddress({ protocol, organization, name })
  const onTags = { immutableTags, retention: retentionWords(retention) }
  const policies = { requiresApproval, refusesSimilarNames, ownersOnly, ...onTags, isDisabled }
  const createdAt = new Date(value.createdAt)
  return { id, address, organization, protocol, name, visibility, description, ...policies, createdAt }
}

/** The settings that are on, in one column. */
function withPolicies({ address, visibility, description, ...settings }: ReturnType<typeof factsOf>) {
  const policies = [
    settings.isDisabled ? 'disabled' : '',
    settings.requiresApproval ? 'requires approval' : '',
    settings.refusesSimilarNames ? 'refuses similar names' : '',
    settings.ownersOnly ? 'owners only' : '',
    settings.immutableTags.length > 0 ? `immutable tags ${settings.immutableTags.join(', ')}` : '',
    settings.retention.length > 0 ? 'retention' : '',
  ]
  return { address, visibility, policies: policies.filter(Boolean), description }
}
