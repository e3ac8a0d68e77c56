import type { Command } from 'commander'
import type { RobotDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { parsePlace, placeArgument } from './addresses.ts'
import { everyPage } from './every-page.ts'
import { requireRobot } from './required.ts'
import { printDone, printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireOrganization, withAccess } from './with-access.ts'

interface Options {
  readonly description?: string
  readonly json?: true
}

const argument = placeArgument('robot')

/** Adds `stowage robot create`, `list`, `disable`, `enable` and `delete`. */
export function robotCommand(program: Command, terminal: Terminal): void {
  const robot = program.command('robot').description('what acts for an organization, by tokens').helpCommand(false)
  robot
    .command('create')
    .description('make a robot; teams, permissions and tokens make it useful')
    .argument(...argument)
    .option('--description <text>', 'what it is for')
    .option('--json', 'print the new robot as JSON')
    .addHelpText('after', creating)
    .action((text: string, options: Options) => createRobot(text, options, terminal))
  robot
    .command('list')
    .description('list the robots of an organization')
    .argument('<organization>', 'its name')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage robot list acme')
    .action((organization: string, options: Options) => listRobots(organization, options, terminal))
  robot
    .command('disable')
    .description('stop the tokens of a robot until it is enabled again')
    .argument(...argument)
    .addHelpText('after', '\nExample:\n  $ stowage robot disable acme/ci')
    .action((text: string) => setActive(text, false, terminal))
  robot
    .command('enable')
    .description('let the tokens of a disabled robot work again')
    .argument(...argument)
    .addHelpText('after', '\nExample:\n  $ stowage robot enable acme/ci')
    .action((text: string) => setActive(text, true, terminal))
  robot
    .command('delete')
    .description('remove a robot with its tokens and permissions')
    .argument(...argument)
    .addHelpText('after', '\nExample:\n  $ stowage robot delete acme/ci')
    .action((text: string) => deleteRobot(text, terminal))
}

const creating = `
Example:
  $ stowage robot create acme/ci
  $ stowage repo permission set npm/acme/tools developer --robot acme/ci
  $ stowage token create --robot acme/ci --name pipeline --actions read,write`

async function createRobot(text: string, options: Options, terminal: Terminal): Promise<void> {
  const { organization, name } = parsePlace('robot', text)
  const { description } = options
  await withAccess(terminal.env, async (access) => {
    const { id: organizationId } = await requireOrganization(access, organization)
    const made = await access.robots.create({
      organizationId,
      name,
      ...(description !== undefined && { description }),
    })
    printDone(terminal, `The robot ${organization}/${name} exists now.`, factsOf(organization, made), options)
  })
}

async function listRobots(organization: string, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireOrganization(access, organization)
    const rows = []
    for await (const robot of everyPage((page) => access.robots.list(id, page))) rows.push(factsOf(organization, robot))
    printTable(terminal, rows, ['robot', 'isActive', 'createdAt', 'description'], options)
  })
}

async function setActive(text: string, isActive: boolean, terminal: Terminal): Promise<void> {
  const place = parsePlace('robot', text)
  await withAccess(terminal.env, async (access) => {
    await access.robots.configure((await requireRobot(access, place)).id, { isActive })
    terminal.print(`The robot ${text} is ${isActive ? 'enabled' : 'disabled'}.`)
  })
}

async function deleteRobot(text: string, terminal: Terminal): Promise<void> {
  const place = parsePlace('robot', text)
  await withAccess(terminal.env, async (access) => {
    await access.robots.delete((await requireRobot(access, place)).id)
    terminal.print(`The robot ${text} is gone, and so are its tokens.`)
  })
}

function factsOf(organization: string, { id, value }: Stored<RobotDocument>) {
  const { name, description, isActive, createdAt } = value
  const robot = `${organization}/${name}`
  return { id, robot, organization, name, description, isActive, createdAt: new Date(createdAt) }
}
