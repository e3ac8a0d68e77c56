import type { Command } from 'commander'
import { addressArgument, formatAddress, parseAddress } from './addresses.ts'
import { confirmName, type DeletionOptions, deletionOptions, finishDeletion, wordOf } from './deletion.ts'
import { everyPage } from './every-page.ts'
import { requireRepository } from './required.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

/** Adds `stowage repo delete`, `deleted` and `free-name`. */
export function repoDeletionCommands(repo: Command, terminal: Terminal): void {
  deletionOptions(repo.command('delete').argument(...addressArgument))
    .description('delete a repository with all its packages, for good')
    .addHelpText('after', '\nExample:\n  $ stowage repo delete npm/acme/tools --yes')
    .action((address: string, options: DeletionOptions) => deleteRepository(address, options, terminal))
  repo
    .command('deleted')
    .description('list deleted repositories, whose names nobody gets')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo deleted')
    .action((options: { json?: true }) => listDeleted(options, terminal))
  repo
    .command('free-name')
    .argument(...addressArgument)
    .description('let the name of a deleted repository be used again')
    .addHelpText('after', '\nExample:\n  $ stowage repo free-name npm/acme/tools')
    .action((address: string) => freeName(address, terminal))
}

async function deleteRepository(text: string, options: DeletionOptions, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access, engine) => {
    const { id } = (await requireRepository(access, address)).repository
    await confirmName(terminal, address.name, options)
    await access.deletions.beginRepository(id)
    if (options.wait) await finishDeletion(terminal, access, engine, id)
    const hint = 'Its name is not used again; see "stowage repo free-name --help".'
    terminal.print(`The repository ${formatAddress(address)} is deleted. ${hint}`)
  })
}

async function listDeleted(options: { json?: true }, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ deletedNames, organizations }) => {
    const rows = []
    const found = everyPage((page) => deletedNames.list('repository', page))
    for await (const { id, name, protocol = '', organizationId = '', state, deletedAt } of found) {
      const organization = (await organizations.get(organizationId))?.value.name ?? organizationId
      const address = formatAddress({ protocol, organization, name })
      rows.push({ id, address, state: wordOf(state, options), deletedAt: new Date(deletedAt) })
    }
    printTable(terminal, rows, ['address', 'state', 'deletedAt'], options)
  })
}

async function freeName(text: string, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  const { protocol, organization, name } = address
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireOrganization(access, organization)
    const deleted = await access.deletedNames.findRepository(id, protocol, name)
    if (!deleted)
      throw new Error(`There is no deleted repository "${formatAddress(address)}", or its deletion is under way.`)
    await access.deletedNames.free(deleted.id)
    terminal.print(`The name ${formatAddress(address)} can be used again.`)
  })
}
