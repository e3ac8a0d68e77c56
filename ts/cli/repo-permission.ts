import type { Command } from 'commander'
import type { PermissionRole } from '../metadata/access-schema.ts'
import { addressArgument, formatAddress, parseAddress } from './addresses.ts'
import {
  describeHolder,
  type HolderOptions,
  holderOptions,
  nameOfHolder,
  readHolder,
  requireHolder,
} from './holders.ts'
import { requireRepository } from './required.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withAccess } from './with-access.ts'

const roles: readonly PermissionRole[] = ['reader', 'developer', 'maintainer', 'admin']
const kinds = ['user', 'team', 'robot'] as const

/** Adds `stowage repo permission set`, `remove` and `list`. */
export function repoPermissionCommand(repo: Command, terminal: Terminal): void {
  const permission = repo.command('permission').description('direct permissions of a repository').helpCommand(false)
  holderOptions(permission.command('set'), { user: 'a user', team: 'a team', robot: 'a robot' })
    .description('give a user, team or robot a role in a repository, or change it')
    .argument(...addressArgument)
    .addArgument(permission.createArgument('<role>', 'what they may do').choices(roles))
    .addHelpText('after', setting)
    .action((address: string, role: PermissionRole, options: HolderOptions) =>
      setPermission(address, role, options, terminal),
    )
  holderOptions(permission.command('remove'), { user: 'a user', team: 'a team', robot: 'a robot' })
    .description('take back the role of a user, team or robot')
    .argument(...addressArgument)
    .addHelpText('after', '\nExample:\n  $ stowage repo permission remove npm/acme/tools --user jane')
    .action((address: string, options: HolderOptions) => removePermission(address, options, terminal))
  permission
    .command('list')
    .description('list who has a role in a repository, and the teams that work on it')
    .argument(...addressArgument)
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage repo permission list npm/acme/tools')
    .action((address: string, options: { json?: true }) => listPermissions(address, options, terminal))
}

const setting = `
A reader reads; a developer also writes; a maintainer also deletes and sets owners and settings of packages; an admin
also changes settings and permissions of the repository.

Examples:
  $ stowage repo permission set npm/acme/tools developer --robot acme/ci
  $ stowage repo permission set npm/acme/tools reader --team acme/support`

async function setPermission(
  text: string,
  role: PermissionRole,
  options: HolderOptions,
  terminal: Terminal,
): Promise<void> {
  const address = parseAddress(text)
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    await access.grants.setPermission(repository.id, { holderId: await requireHolder(access, holder), role })
    terminal.print(`${nameOfHolder(holder)} is ${role} of ${formatAddress(address)} now.`)
  })
}

async function removePermission(text: string, options: HolderOptions, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  const holder = readHolder(options, kinds)
  await withAccess(terminal.env, async (access) => {
    const { repository } = await requireRepository(access, address)
    await access.grants.removePermission(repository.id, await requireHolder(access, holder))
    terminal.print(`${nameOfHolder(holder)} has no direct permission in ${formatAddress(address)} now.`)
  })
}

async function listPermissions(text: string, options: { json?: true }, terminal: Terminal): Promise<void> {
  const address = parseAddress(text)
  await withAccess(terminal.env, async (access) => {
    const { teams = [], permissions = [] } = (await requireRepository(access, address)).repository.value
    const given = [...permissions, ...teams.map((id) => [id, 'as in the team'] as const)]
    const rows = []
    for (const [id, role] of given) rows.push({ ...(await describeHolder(access, address.organization, id)), role })
    printTable(terminal, rows, ['kind', 'name', 'role'], options)
  })
}
