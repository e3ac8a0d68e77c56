import type { Command } from 'commander'
import type { Access } from '../access/access.ts'
import type { UserDocument } from '../metadata/access-schema.ts'
import type { Stored } from '../metadata/engine.ts'
import { everyPage } from './every-page.ts'
import { newPassword } from './new-password.ts'
import { printDone, printFacts, printTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { userRightsCommands } from './user-rights.ts'
import { requireUser, withAccess } from './with-access.ts'

interface Options {
  readonly json?: true
}

interface PasswordOptions extends Options {
  readonly passwordStdin?: true
}

interface NewUserOptions extends PasswordOptions {
  readonly email: string
  readonly displayName?: string
  readonly admin?: true
}

const argument = ['<username>', 'who it is'] as const
const fromStdin = ['--password-stdin', 'read the password from standard input (else it is asked for)'] as const

/** Adds `stowage user create`, `list`, `show`, `set-email`, `reset-password` and what changes rights. */
export function userCommand(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('people who can sign in').helpCommand(false)
  user
    .command('create')
    .description('make a user')
    .argument('<username>', 'name to sign in with')
    .requiredOption('--email <address>', 'e-mail address')
    .option('--display-name <text>', 'what people read instead of the username')
    .option('--admin', 'a platform admin, who may do everything')
    .option(...fromStdin)
    .option('--json', 'print the new user as JSON')
    .addHelpText('after', creating)
    .action((username: string, options: NewUserOptions) => createUser(username, options, terminal))
  user
    .command('list')
    .description('list users')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage user list --json')
    .action((options: Options) => listUsers(options, terminal))
  user
    .command('show')
    .description('print what is known of a user, with organizations and roles')
    .argument(...argument)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ stowage user show jane')
    .action((username: string, options: Options) => showUser(username, options, terminal))
  user
    .command('reset-password')
    .description('give a user another password, and end their sessions')
    .argument(...argument)
    .option(...fromStdin)
    .addHelpText('after', resetting)
    .action((username: string, options: PasswordOptions) => resetPassword(username, options, terminal))
  user
    .command('set-email')
    .description('change the e-mail address of a user')
    .argument(...argument)
    .argument('<address>', 'the new e-mail address')
    .addHelpText('after', '\nExample:\n  $ stowage user set-email jane jane@example.com')
    .action((username: string, email: string) => setEmail(username, email, terminal))
  userRightsCommands(user, terminal)
}

const creating = `
Examples:
  $ stowage user create jane --email jane@example.com
  $ stowage user create ops --email ops@example.com --admin --password-stdin < password.txt`

const resetting = `
It needs no old password: this is the way back in for a locked-out administrator. Tokens go on working;
"stowage token list" shows them, "stowage token revoke" ends them.

Examples:
  $ stowage user reset-password jane
  $ stowage user reset-password jane --password-stdin < password.txt`

async function createUser(username: string, options: NewUserOptions, terminal: Terminal): Promise<void> {
  const user = {
    username,
    email: options.email,
    password: await newPassword(terminal, options),
    ...(options.displayName !== undefined && { displayName: options.displayName }),
  }
  await withAccess(terminal.env, async ({ users, setup }) => {
    // The first platform admin completes the setup.
    const made = await (options.admin ? setup.createAdministrator(user) : users.create(user))
    printDone(terminal, `The user ${made.value.username} can sign in now.`, factsOf(made), options)
  })
}

async function listUsers(options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async ({ users }) => {
    const rows = []
    for await (const user of everyPage((page) => users.list(page))) rows.push(factsOf(user))
    printTable(
      terminal,
      rows,
      ['username', 'displayName', 'email', 'isActive', 'isPlatformAdmin', 'createdAt'],
      options,
    )
  })
}

async function showUser(username: string, options: Options, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const user = await requireUser(access, username)
    printFacts(terminal, { ...factsOf(user), organizations: await rolesOf(access, user.id) }, options)
  })
}

async function rolesOf({ organizations }: Access, userId: string) {
  const roles = []
  for (const { value } of await organizations.membershipsOf(userId)) {
    const organization = await organizations.get(value.organizationId)
    if (organization) roles.push({ name: organization.value.name, role: value.role })
  }
  return roles
}

async function resetPassword(username: string, options: PasswordOptions, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { id } = await requireUser(access, username)
    const { value } = await access.users.setPassword(id, await newPassword(terminal, options))
    terminal.print(`The user ${value.username} has a new password, and every session has ended.`)
    if (!value.isActive) terminal.note(`${value.username} is disabled: "stowage user enable" lets them in.`)
  })
}

async function setEmail(username: string, email: string, terminal: Terminal): Promise<void> {
  await withAccess(terminal.env, async (access) => {
    const { value } = await access.users.setProfile((await requireUser(access, username)).id, { email })
    terminal.print(`The e-mail address of ${value.username} is ${value.email}.`)
  })
}

function factsOf({ id, value }: Stored<UserDocument>) {
  const { username, displayName, email, isActive, isPlatformAdmin } = value
  return { id, username, displayName, email, isActive, isPlatformAdmin, createdAt: new Date(value.createdAt) }
}
