import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import { addressArgument, formatAddress, parseAddress, parsePlace, placeArgument } from './addresses.ts'
import { requireRepository, requireTeam } from './required.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

const argument = placeArgument('team')

/** Adds `stowage team repo add`, `remove` and `list`. */
export function teamRepoCommand(team: Command, terminal: Terminal): void {
  const repo = team.command('repo').description('what a team works on').helpCommand(false)
  repo
    .command('add')
    .description('let a team work on a repository of its organization')
    .argument(...argument)
    .argument(...addressArgument)
    .addHelpText('after', '\nExample:\n  $ stowage team repo add acme/builders npm/acme/tools')
    .action((text: string, address: string) => addRepository(text, address, terminal))
  repo
    .command('remove')
    .description('take a repository from a team; direct permissions stay')
    .argument(...argument)
    .argument(...addressArgument)
    .addHelpText('after', '\nExample:\n  $ stowage team repo remove acme/builders npm/acme/tools')
    .action((text: string, address: string) => removeRepository(text, address, terminal))
  repo
    .command('list')
    .description('list the repositories that a team works on')
    .argument(...argument)
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team repo list acme/builders')
    .action((text: string, options: { json?: true }) => listRepositories(text, options, terminal))
}

/** The repositories that the team works on, by address. */
export async function repositoriesOf({ grants, repositories, organizations }: Access, teamId: string) {
  const rows = []
  for (const id of await grants.repositoriesOf(teamId)) {
    const repository = await repositories.get(id)
    // It may have a direct permission alone.
    if (!repository?.value.teams?.includes(teamId)) continue
    const { organizationId, protocol, name, visibility } = repository.value
    const organization = (await organizations.get(organizationId))?.value.name ?? organizationId
    rows.push({ id, address: formatAddress({ protocol, organization, name }), visibility })
  }
  return rows.sort((a, b) => (a.address < b.address ? -1 : 1))
}

async function addRepository(text: string, address: string, terminal: Terminal): Promise<void> {
  const [place, where] = [parsePlace('team', text), parseAddress(address)]
  await withAccess(terminal.env, async (access) => {
    const team = await requireTeam(access, place)
    const { repository } = await requireRepository(access, where)
    await access.grants.addTeam(repository.id, team.id)
    terminal.print(`The team ${text} works on ${formatAddress(where)} now.`)
  })
}

async function removeRepository(text: string, address: string, terminal: Terminal): Promise<void> {
  const [place, where] = [parsePlace('team', text), parseAddress(address)]
  await withAccess(terminal.env, async (access) => {
    const team = await requireTeam(access, place)
    const { repository } = await requireRepository(access, where)
    await access.grants.removeTeam(repository.id, team.id)
    terminal.print(`The team ${text} does not work on ${formatAddress(where)} now.`)
  })
}

async function listRepositories(text: string, options: { json?: true }, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireTeam(access, place)
    printTable(terminal, await repositoriesOf(access, id), ['address', 'visibility'], options)
  })
}
