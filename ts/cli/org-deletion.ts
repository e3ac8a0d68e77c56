import type { Command } from 'commander'
import { confirmName, type DeletionOptions, deletionOptions, finishDeletion, wordOf } from './deletion.ts'
import { everyPage } from './every-page.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

/** Adds `stowage org delete`, `deleted` and `free-name`. */
export function orgDeletionCommands(org: Command, terminal: Terminal): void {
  deletionOptions(org.command('delete').argument('<name>', 'which'))
    .description('delete an organization with its repositories, packages, teams and robots, for good')
    .addHelpText('after', '\nExample:\n  $ stowage org delete acme --yes')
    .action((name: string, options: DeletionOptions) => deleteOrganization(name, options, terminal))
  org
    .command('deleted')
    .description('list deleted organizations, whose names nobody gets')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org deleted')
    .action((options: { json?: true }) => listDeleted(options, terminal))
  org
    .command('free-name')
    .description('let the name of a deleted organization be used again')
    .argument('<name>', 'which')
    .addHelpText('after', '\nExample:\n  $ stowage org free-name acme')
    .action((name: string) => freeName(name, terminal))
}

async function deleteOrganization(name: string, options: DeletionOptions, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access, engine) => {
    const { id } = await requireOrganization(access, name)
    await confirmName(terminal, name, options)
    await access.deletions.beginOrganization(id)
    if (options.wait) await finishDeletion(terminal, access, engine, id)
    terminal.print(
      `The organization ${name} is deleted. Its name is not used again; see "stowage org free-name --help".`,
    )
  })
}

async function listDeleted(options: { json?: true }, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ deletedNames }) => {
    const rows = []
    for await (const deleted of everyPage((page) => deletedNames.list('organization', page))) {
      const { id, name, state, deletedAt } = deleted
      rows.push({ id, name, state: wordOf(state, options), deletedAt: new Date(deletedAt) })
    }
    printTable(terminal, rows, ['name', 'state', 'deletedAt'], options)
  })
}

async function freeName(name: string, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ deletedNames }) => {
    const deleted = await deletedNames.findOrganization(name)
    if (!deleted) throw new Error(`There is no deleted organization "${name}", or its deletion is under way.`)
    await deletedNames.free(deleted.id)
    terminal.print(`The name ${name} can be used again.`)
  })
}
