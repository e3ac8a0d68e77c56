import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { jobHistory } from '../jobs/job-history.ts'
import type { JobDocument } from '../metadata/platform-schema.ts'
import { openMetadata } from './open-stores.ts'
import { printTable } from './table.ts'
import type { Terminal } from './terminal.ts'

interface Options {
  readonly json?: true
}

/** Adds `stowage jobs`. */
export function jobsCommand(program: Command, terminal: Terminal): void {
  program
    .command('jobs')
    .description('list what servers do again and again: when it ran last, where, how it ended, or when it runs first')
    .option('--json', 'print it as JSON')
    .addHelpText('after', hint)
    .action((options: Options) => listJobs(options, terminal))
}

const hint = `
Of runs that end like the one before, one in five minutes is kept. GET /api/v1/admin/jobs of a running server knows more.

Example:
  $ stowage jobs`

async function listJobs(options: Options, terminal: Terminal): Promise<void> {
  const engine = await openMetadata(loadConfig(terminal.env).metadata)
  try {
    const rows = (await jobHistory(engine).list()).map(factsOf)
    printTable(terminal, rows, ['name', 'startedAt', 'outcome', 'durationMs', 'firstAt', 'process', 'error'], options)
  } finally {
    await engine.close()
  }
}

function factsOf({ name, firstAt, last, running }: JobDocument) {
  const isRunning = running !== undefined && running.until > Date.now()
  return {
    name,
    startedAt: last && new Date(last.startedAt),
    outcome: last?.outcome,
    firstAt: firstAt && new Date(firstAt),
    durationMs: last?.durationMs,
    process: last?.process,
    error: last?.error,
    isRunning,
  }
}
