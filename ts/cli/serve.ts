import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'

/** Adds `stowage serve`. */
export function serveCommand(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('serve packages until SIGTERM or SIGINT')
    .action(() => terminal.note('not yet'))
}
