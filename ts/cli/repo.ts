import { type Command, Option } from 'commander'
import type { Access } from '../access/access.ts'
import type { RepositorySettings } from '../access/repositories.ts'
import type { Stored } from '../metadata/engine.ts'
import type { OrganizationDocument, RepositoryDocument, Visibility } from '../metadata/schema.ts'
import { protocols } from '../protocols/all.ts'
import { visibilityOption } from './options.ts'
import { type Terminal, UsageError } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

interface Options {
  readonly visibility?: Visibility
  readonly description?: string
  readonly requiresApproval?: boolean
  readonly refusesSimilarNames?: boolean
  readonly json?: true
}

interface Address {
  readonly protocol: string
  readonly organization: string
  readonly name: string
}

const argument = ['<address>', 'protocol/organization/repository, as in npm/acme/npm'] as const

/** Adds `stowage repo create`, `set` and `list`. */
export function repoCommand(program: Command, terminal: Terminal): void {
  const repo = program.command('repo').description('repositories')
  settingsOf(repo.command('create').argument(...argument))
    .description('make a repository (private unless said otherwise)')
    .addHelpText('after', '\nExample:\n  $ stowage repo create npm/acme/tools --visibility internal')
    .action((address: string, options: Options) => createRepository(address, options, terminal))
  settingsOf(repo.command('set').argument(...argument))
    .description('change settings of a repository')
    .addHelpText('after', '\nExample:\n  $ stowage repo set npm/acme/tools --visibility public --requires-approval')
    .action((address: string, options: Options) => changeRepository(address, options, terminal))
  repo
    .command('list')
    .argument('[organization]', 'only this one')
    .description('list repositories and their settings')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo list acme --json')
    .action((organization: string | undefined, options: Options) => listRepositories(organization, options, terminal))
}

function settingsOf(command: Command): Command {
  return command
    .addOption(visibilityOption('who may read it'))
    .option('--description <text>', 'what it is for')
    .option('--requires-approval', 'somebody else than the publisher approves what is published')
    .addOption(new Option('--no-requires-approval', 'publishing needs no approval'))
    .option('--refuses-similar-names', 'refuse new names that differ in case, `-`, `_` and `.` alone')
    .addOption(new Option('--no-refuses-similar-names', 'take such names'))
    .option('--json', 'print the repository as JSON')
}

function parseAddress(address: string): Address {
  const [protocol, organization, name, ...rest] = address.replace(/^\/|\/$/g, '').split('/')
  const known = protocols.map(({ id }) => id)
  if (protocol && organization && name && rest.length === 0) {
    if (known.includes(protocol)) return { protocol, organization, name }
    throw new UsageError(`"${protocol}" is no protocol of this server; it speaks ${known.join(', ')}.`)
  }
  throw new UsageError(`"${address}" must be protocol/organization/repository, as in npm/acme/npm.`)
}

function settingsIn(options: Options): Partial<RepositorySettings> {
  const { visibility, description, requiresApproval, refusesSimilarNames } = options
  return {
    ...(visibility && { visibility }),
    ...(description !== undefined && { description }),
    ...(requiresApproval !== undefined && { requiresApproval }),
    ...(refusesSimilarNames !== undefined && { refusesSimilarNames }),
  }
}

async function createRepository(address: string, options: Options, terminal: Terminal): Promise<void> {
  const { protocol, organization, name } = parseAddress(address)
  await withAccess(terminal.env, async (access) => {
    const { id: organizationId } = await requireOrganization(access, organization)
    const made = await access.repositories.create({ organizationId, protocol, name, createdBy: 'command-line' })
    const repository = await access.repositories.configure(made.id, settingsIn(options))
    show(`The repository ${address} exists now.`, organization, repository, options, terminal)
  })
}

async function changeRepository(address: string, options: Options, terminal: Terminal): Promise<void> {
  const { protocol, organization, name } = parseAddress(address)
  const settings = settingsIn(options)
  if (Object.keys(settings).length === 0) throw new UsageError('there is no setting to change; see --help.')
  await withAccess(terminal.env, async (access) => {
    const { id: organizationId } = await requireOrganization(access, organization)
    const known = await access.repositories.find(organizationId, protocol, name)
    if (!known) throw new Error(`There is no repository "${address}".`)
    const changed = await access.repositories.configure(known.id, settings)
    show(`The repository ${address} is changed.`, organization, changed, options, terminal)
  })
}

function show(
  sentence: string,
  organization: string,
  repository: Stored<RepositoryDocument>,
  { json }: Options,
  terminal: Terminal,
): void {
  terminal.print(json ? JSON.stringify(factsOf(organization, repository)) : sentence)
}

function factsOf(organization: string, { id, value }: Stored<RepositoryDocument>) {
  const { organizationId: _organizationId, createdBy: _createdBy, ...facts } = value
  return { id, address: `${value.protocol}/${organization}/${value.name}`, organization, ...facts }
}

async function listRepositories(name: string | undefined, { json }: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const organizations = name === undefined ? allOrganizations(access) : [await requireOrganization(access, name)]
    const rows: ReturnType<typeof factsOf>[] = []
    for await (const { id, value } of organizations) {
      for await (const repository of allRepositories(access, id)) rows.push(factsOf(value.name, repository))
    }
    if (json) return terminal.print(JSON.stringify(rows))
    for (const row of rows) terminal.print(lineOf(row))
  })
}

function lineOf({ address, visibility, requiresApproval, refusesSimilarNames }: ReturnType<typeof factsOf>): string {
  const policies = [requiresApproval ? 'requires approval' : '', refusesSimilarNames ? 'refuses similar names' : '']
  return [address.padEnd(32), visibility.padEnd(8), policies.filter(Boolean).join(', ')].join('  ').trimEnd()
}

async function* allOrganizations(access: Access): AsyncGenerator<Stored<OrganizationDocument>> {
  for (let after: string | undefined; ; ) {
    const page = await access.organizations.list(after === undefined ? {} : { after })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}

async function* allRepositories(access: Access, organizationId: string): AsyncGenerator<Stored<RepositoryDocument>> {
  for (let after: string | undefined; ; ) {
    const page = await access.repositories.list(organizationId, after === undefined ? {} : { after })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}
