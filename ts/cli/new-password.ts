import { askHidden, readLine, type Terminal, UsageError } from './terminal.ts'

/** A password for somebody: the first line of standard input, or asked for twice. Throws `UsageError` without both. */
export async function newPassword(terminal: Terminal, { passwordStdin }: { passwordStdin?: true }): Promise<string> {
  if (passwordStdin) return readLine(terminal)
  if (terminal.isInteractive) return askTwice(terminal)
  throw new UsageError('there is no terminal to ask on; --password-stdin must be given.')
}

/** Asks on an interactive terminal, hidden, until both answers are the same. */
export async function askTwice(terminal: Terminal): Promise<string> {
  for (;;) {
    const password = await askHidden(terminal, 'Password')
    if (password === (await askHidden(terminal, 'Password again'))) return password
    terminal.note('The two differ; try again.')
  }
}
