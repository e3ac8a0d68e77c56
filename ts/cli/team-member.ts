import { type Command, Option } from 'commander'
import type { Access } from '../access/access.ts'
import type { TeamRole } from '../metadata/access-schema.ts'
import { type Place, parsePlace, placeArgument } from './addresses.ts'
import { everyPage } from './every-page.ts'
import {
  describeHolder,
  type HolderOptions,
  holderOptions,
  nameOfHolder,
  readHolder,
  requireHolder,
} from './holders.ts'
import { requireTeam } from './required.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

const roles: readonly TeamRole[] = ['maintainer', 'member']
const kinds = ['user', 'robot'] as const
const argument = placeArgument('team')

interface AddOptions extends HolderOptions {
  readonly role: TeamRole
}

/** Adds `stowage team member add`, `remove` and `list`. */
export function teamMemberCommand(team: Command, terminal: Terminal): void {
  const member = team.command('member').description('who is in a team').helpCommand(false)
  holderOptions(member.command('add'), { user: 'a member of the organization', robot: 'one of its robots' })
    .description('put a member or robot of the organization into a team, or change the role')
    .argument(...argument)
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('member'))
    .addHelpText('after', adding)
    .action((text: string, options: AddOptions) => addMember(text, options, terminal))
  holderOptions(member.command('remove'), { user: 'who leaves', robot: 'which robot leaves' })
    .description('take somebody out of a team')
    .argument(...argument)
    .addHelpText('after', '\nExample:\n  $ stowage team member remove acme/builders --user jane')
    .action((text: string, options: HolderOptions) => removeMember(text, options, terminal))
  member
    .command('list')
    .description('list who is in a team')
    .argument(...argument)
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage team member list acme/builders')
    .action((text: string, options: { json?: true }) => listMembers(text, options, terminal))
}

const adding = `
Members read and write the repositories of a team; its maintainers delete there, too.

Examples:
  $ stowage team member add acme/builders --user jane --role maintainer
  $ stowage team member add acme/builders --robot acme/ci`

/** Who is in the team; `organization` is the name of the team's. */
export async function membersOf(access: Access, organization: string, teamId: string) {
  const members = []
  for await (const { memberId, role } of everyPage((page) => access.teams.members(teamId, page))) {
    const { kind, name } = await describeHolder(access, organization, memberId)
    members.push({ kind, name, role })
  }
  return members
}

async function addMember(text: string, { role, ...options }: AddOptions, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const { id, value } = await requireTeam(access, place)
    const holderId = await requireHolder(access, holder)
    if (holder.kind === 'user') await requireMember(access, value.organizationId, holderId, place, holder.name)
    await access.teams.setMember(id, holderId, role)
    terminal.print(`${nameOfHolder(holder)} is ${role} of ${text} now.`)
  })
}

/** Throws with the command that makes the user a member of the team's organization. */
async function requireMember(
  { organizations }: Access,
  organizationId: string,
  userId: string,
  { organization }: Place,
  username: string,
): Promise<void> {
  if (await organizations.membership(organizationId, userId)) return
  const remedy = `run "stowage org member add ${organization} ${username}" first`
  throw new Error(`${username} does not belong to ${organization}: ${remedy}.`)
}

async function removeMember(text: string, options: HolderOptions, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireTeam(access, place)
    await access.teams.removeMember(id, await requireHolder(access, holder))
    terminal.print(`${nameOfHolder(holder)} is not in ${text} now.`)
  })
}

async function listMembers(text: string, options: { json?: true }, terminal: Terminal): Promise<void> {
  const place = parsePlace('team', text)
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireTeam(access, place)
    printTable(terminal, await membersOf(access, place.organization, id), ['kind', 'name', 'role'], options)
  })
}
