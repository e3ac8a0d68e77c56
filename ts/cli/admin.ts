import type { Command } from 'commander'
import { askTwice } from './new-password.ts'
import { ask, readLine, type Terminal, UsageError } from './terminal.ts'
import { withAccess } from './with-access.ts'

interface Options {
  readonly username?: string
  readonly email?: string
  readonly passwordStdin?: true
  readonly json?: true
}

interface Answers {
  readonly username: string
  readonly email: string
  readonly password: string
}

/** Adds `stowage admin create`. */
export function adminCommand(program: Command, terminal: Terminal): void {
  program
    .command('admin')
    .description('platform administrators')
    .command('create')
    .description('make a platform administrator; the first one owns the default organization')
    .option('--username <name>', 'name to sign in with (else ADMIN_USERNAME)')
    .option('--email <address>', 'e-mail address (else ADMIN_EMAIL)')
    .option('--password-stdin', 'read the password from standard input (else ADMIN_PASSWORD)')
    .option('--json', 'print the new user as JSON')
    .addHelpText('after', examples)
    .action((options: Options) => createAdministrator(options, terminal))
}

const examples = `
What is missing is asked for on a terminal.

Examples:
  $ stowage admin create
  $ stowage admin create --username jane --email jane@example.com --password-stdin < password.txt`

async function createAdministrator(options: Options, terminal: Terminal): Promise<void> {
  const answers = await gather(options, terminal)
  // These name the new user here; to the configuration they would be the first administrator of a start.
  const { ADMIN_EMAIL: _email, ADMIN_PASSWORD: _password, ADMIN_USERNAME: _username, ...env } = terminal.env
  await withAccess(env, async ({ setup }) => {
    const { id, value } = await setup.createAdministrator(answers)
    if (options.json) terminal.print(JSON.stringify({ id, username: value.username, email: value.email }))
    else terminal.print(`The administrator ${value.username} can sign in now.`)
  })
}

async function gather(options: Options, terminal: Terminal): Promise<Answers> {
  const { env, isInteractive } = terminal
  const username = options.username ?? env['ADMIN_USERNAME']
  const email = options.email ?? env['ADMIN_EMAIL']
  const password = options.passwordStdin ? await readLine(terminal) : env['ADMIN_PASSWORD']
  if (email && password) return { username: username || 'admin', email, password }
  if (!isInteractive || options.passwordStdin) throw missing(email, password)
  return {
    username: username || (await ask(terminal, 'Username', 'admin')),
    email: email || (await ask(terminal, 'E-mail address')),
    password: password || (await askTwice(terminal)),
  }
}

function missing(email: string | undefined, password: string | undefined): UsageError {
  const parts = [email ? '' : '--email or ADMIN_EMAIL', password ? '' : '--password-stdin or ADMIN_PASSWORD']
  return new UsageError(`there is no terminal to ask on; ${parts.filter(Boolean).join(' and ')} must be given.`)
}
