import { type Command, Option } from 'commander'
import type { Access } from '../access/access.ts'
import type { OrganizationRole } from '../metadata/access-schema.ts'
import { everyPage } from './every-page.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireOrganization, requireUser, withAccess } from './with-access.ts'

const roles: readonly OrganizationRole[] = ['owner', 'admin', 'member']
const organizationArgument = ['<organization>', 'its name'] as const
const userArgument = ['<username>', 'who'] as const

/** Adds `stowage org member add`, `set-role`, `remove` and `list`. */
export function orgMemberCommand(org: Command, terminal: Terminal): void {
  const member = org.command('member').description('who belongs to an organization').helpCommand(false)
  member
    .command('add')
    .description('make a user a member')
    .argument(...organizationArgument)
    .argument(...userArgument)
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('member'))
    .addHelpText('after', '\nExample:\n  $ stowage org member add acme jane --role admin')
    .action((organization: string, username: string, { role }: { role: OrganizationRole }) =>
      addMember(organization, username, role, terminal),
    )
  member
    .command('set-role')
    .description('change the role of a member')
    .argument(...organizationArgument)
    .argument(...userArgument)
    .addArgument(member.createArgument('<role>', 'the new role').choices(roles))
    .addHelpText('after', '\nExample:\n  $ stowage org member set-role acme jane owner')
    .action((organization: string, username: string, role: OrganizationRole) =>
      changeRole(organization, username, role, terminal),
    )
  member
    .command('remove')
    .description('take a user out of an organization and its teams')
    .argument(...organizationArgument)
    .argument(...userArgument)
    .addHelpText('after', '\nExample:\n  $ stowage org member remove acme jane')
    .action((organization: string, username: string) => removeMember(organization, username, terminal))
  member
    .command('list')
    .description('list who belongs to an organization')
    .argument(...organizationArgument)
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage org member list acme')
    .action((organization: string, options: { json?: true }) => listMembers(organization, options, terminal))
}

/** The ids, and the membership where there is one. */
async function membershipOf(access: Access, organizationName: string, username: string) {
  const organization = await requireOrganization(access, organizationName)
  const user = await requireUser(access, username)
  const membership = await access.organizations.membership(organization.id, user.id)
  return { organizationId: organization.id, userId: user.id, membership }
}

async function addMember(
  organization: string,
  username: string,
  role: OrganizationRole,
  terminal: Terminal,
): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { organizationId, userId, membership } = await membershipOf(access, organization, username)
    const known = membership?.value.role
    if (known && known !== role) {
      throw new Error(`${username} is ${known} of ${organization} already; "org member set-role" changes that.`)
    }
    await access.organizations.setMember(organizationId, userId, role)
    terminal.print(`${username} is ${role} of ${organization} now.`)
  })
}

async function changeRole(
  organization: string,
  username: string,
  role: OrganizationRole,
  terminal: Terminal,
): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { organizationId, userId, membership } = await membershipOf(access, organization, username)
    if (!membership) throw new Error(`${username} does not belong to ${organization}; "org member add" changes that.`)
    await access.organizations.setMember(organizationId, userId, role)
    terminal.print(`${username} is ${role} of ${organization} now.`)
  })
}

async function removeMember(organization: string, username: string, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { organizationId, userId } = await membershipOf(access, organization, username)
    await access.organizations.removeMember(organizationId, userId)
    terminal.print(`${username} does not belong to ${organization} now.`)
  })
}

async function listMembers(organization: string, options: { json?: true }, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireOrganization(access, organization)
    const rows = []
    for await (const { value } of everyPage((page) => access.organizations.members(id, page))) {
      const user = await access.users.get(value.userId)
      const since = new Date(value.createdAt)
      rows.push({ username: user?.value.username ?? value.userId, userId: value.userId, role: value.role, since })
    }
    printTable(terminal, rows, ['username', 'role', 'since'], options)
  })
}
