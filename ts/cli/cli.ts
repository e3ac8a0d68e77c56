import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { accessCommand } from './access.ts'
import { adminCommand } from './admin.ts'
import { auditCommand } from './audit.ts'
import { configCommand } from './config-check.ts'
import { fsckCommand } from './fsck.ts'
import { gcCommand } from './gc.ts'
import { jobsCommand } from './jobs.ts'
import { orgCommand } from './org.ts'
import { repoCommand } from './repo.ts'
import { robotCommand } from './robot.ts'
import { serveCommand } from './serve.ts'
import { settingsCommand } from './settings.ts'
import { teamCommand } from './team.ts'
import { processTerminal, type Terminal, ToldError, UsageError } from './terminal.ts'
import { tokenCommand } from './token.ts'
import { userCommand } from './user.ts'
import { versionLine } from './version.ts'

/** Runs the command line of this process. A failure ends it at once, whatever was opened; success when all is done. */
export function runCli(argv: readonly string[]): void {
  process.stdout.on('error', exitOnClosedPipe)
  void execute(argv, processTerminal()).then((code) => {
    if (code !== 0) process.exit(code)
  })
}

/** Whoever reads (`| head`) has seen enough. */
function exitOnClosedPipe(err: NodeJS.ErrnoException): void {
  if (err.code === 'EPIPE') process.exit(0)
  throw err
}

/** Resolves to the exit code: 0, 1 when the command failed, 2 when it was called in a way that cannot work. */
export async function execute(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = programOn(terminal)
  try {
    await program.parseAsync(argv.length === 0 ? ['serve'] : argv, { from: 'user' })
    return 0
  } catch (err) {
    if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : 2
    if (!(err instanceof ToldError)) terminal.note(sentenceOf(err))
    return err instanceof UsageError ? 2 : 1
  }
}

const commands = [
  serveCommand,
  adminCommand,
  userCommand,
  orgCommand,
  teamCommand,
  robotCommand,
  repoCommand,
  tokenCommand,
  accessCommand,
  settingsCommand,
  jobsCommand,
  gcCommand,
  fsckCommand,
  auditCommand,
  configCommand,
]

function programOn(terminal: Terminal): Command {
  const program = new Command('stowage')
    .description('A self-hosted package registry.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .option('-V, --version', 'print version, commit and Node')
    .on('option:version', () => {
      terminal.print(versionLine())
      throw new CommanderError(0, 'stowage.version', '')
    })
    .helpCommand(false)
    .showHelpAfterError('Run it with --help for what it takes.')
    .addHelpText('after', examples)
  for (const add of commands) add(program, terminal)
  return program
}

const examples = `
Without a command it serves. Configuration is read from environment variables; "stowage config check" shows it.

Examples:
  $ stowage
  $ PORT=8080 DATA_DIR=/srv/stowage stowage serve
  $ stowage admin create --username jane --email jane@example.com
  $ stowage token create --user jane --name ci --actions read,write`

/** What went wrong, for a person: no stack, no class. */
function sentenceOf(err: unknown): string {
  if (err instanceof ConfigError) return err.message
  const message = err instanceof Error ? err.message : String(err)
  return `stowage: ${message}`
}
