import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import type { TeamDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { parsePlace, placeArgument } from './addresses.ts'
import { everyPage } from './every-page.ts'
import { requireTeam } from './required.ts'
import { printDone, printFacts, printTable } from './table.ts'
import { membersOf, teamMemberCommand } from './team-member.ts'
import { repositoriesOf, teamRepoCommand } from './team-repo.ts'
import type { Terminal } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

interface Options {
  readonly description?: string
  readonly json?: true
}

const argument = placeArgument('team')

/** Adds `stowage team create`, `list`, `show`, `describe`, `delete`, `member` and `repo`. */
export function teamCommand(program: Command, terminal: Terminal): void {
  const team = program.command('team').description('teams of an organization').helpCommand(false)
  team
    .command('create')
    .description('make a team')
    .argument(...argument)
    .option('--description <text>', 'what it is for')
    .option('--json', 'print the new team as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team create acme/builders --description "Build machines"')
    .action((text: string, options: Options) => createTeam(text, options, terminal))
  team
    .command('list')
    .description('list the teams of an organization')
    .argument('<organization>', 'its name')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team list acme')
    .action((organization: string, options: Options) => listTeams(organization, options, terminal))
  team
    .command('show')
    .description('print what is known of a team, with members and repositories')
    .argument(...argument)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team show acme/builders')
    .action((text: string, options: Options) => showTeam(text, options, terminal))
  team
    .command('describe')
    .description('change what a team is said to be for')
    .argument(...argument)
    .argument('<text>', 'what it is for; empty for nothing')
    .option('--json', 'print the team as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team describe acme/builders "Build machines"')
    .action((text: string, description: string, options: Options) => describeTeam(text, description, options, terminal))
  team
    .command('delete')
    .description('remove a team; its members lose what it gave them')
    .argument(...argument)
    .addHelpText('after', '\nExample:\n  $ stowage team delete acme/builders')
    .action((text: string) => deleteTeam(text, terminal))
  teamMemberCommand(team, terminal)
  teamRepoCommand(team, terminal)
}

async function createTeam(text: string, options: Options, terminal: Terminal): Promise<void> {
  const { organization, name } = parsePlace('team', text)
  const { description } = options
  await withAccess(terminal.env, async (access) => {
    const { id: organizationId } = await requireOrganization(access, organization)
    const made = await access.teams.create({
      organizationId,
      name,
      ...(description !== undefined && { description }),
    })
    printDone(terminal, `The team ${organization}/${name} exists now.`, factsOf(organization, made), options)
  })
}

async function listTeams(organization: string, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireOrganization(access, organization)
    const rows = []
    for await (const team of everyPage((page) => access.teams.list(id, page))) rows.push(factsOf(organization, team))
    printTable(terminal, rows, ['team', 'createdAt', 'description'], options)
  })
}

async function showTeam(text: string, options: Options, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  await withAccess(terminal.env, async (access) => {
    const team = await requireTeam(access, place)
    printFacts(terminal, await everythingOf(access, place.organization, team), options)
  })
}

async function everythingOf(access: Access, organization: string, team: Stored<TeamDocument>) {
  const members = await membersOf(access, organization, team.id)
  const repositories = await repositoriesOf(access, team.id)
  return { ...factsOf(organization, team), members, repositories: repositories.map(({ address }) => address) }
}

async function describeTeam(text: string, description: string, options: Options, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  await withAccess(terminal.env, async (access) => {
    const changed = await access.teams.describe((await requireTeam(access, place)).id, description)
    printDone(terminal, `The team ${text} has a new description.`, factsOf(place.organization, changed), options)
  })
}

async function deleteTeam(text: string, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  await withAccess(terminal.env, async (access) => {
    await access.teams.delete((await requireTeam(access, place)).id)
    terminal.print(`The team ${text} is gone.`)
  })
}

function factsOf(organization: string, { id, value }: Stored<TeamDocument>) {
  const { name, description, createdAt } = value
  return { id, team: `${organization}/${name}`, organization, name, description, createdAt: new Date(createdAt) }
}
