import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'

/** Adds `stowage serve`. */
export function serveCommand(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('serve packages until SIGTERM or SIGINT')
    .addHelpText('after', '\nExample:\n  $ PORT=8080 DATA_DIR=/srv/stowage stowage serve')
    .action(() => terminal.note('not yet'))
}
