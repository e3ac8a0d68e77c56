import cluster from 'node:cluster'
import type { Command } from 'commander'
import { type Config, loadConfig } from '../config.ts'
import { reachableUrl } from '../http/server.ts'
import { createLog, type Log } from '../log.ts'
import { announce } from './banner.ts'
import { gatherMetrics } from './cluster-metrics.ts'
import { prepareInstallation, startProcess } from './server.ts'
import { exitOnSignals } from './stop-signals.ts'
import type { Terminal } from './terminal.ts'
import { type Build, readBuild } from './version.ts'
import { startWorkers } from './workers.ts'

/** Adds `stowage serve`. */
export function serveCommand(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('serve packages until SIGTERM or SIGINT')
    .addHelpText('after', '\nExample:\n  $ PORT=8080 DATA_DIR=/srv/stowage stowage serve')
    .action(async () => {
      const config = loadConfig(terminal.env)
      const isTerminal = Boolean(process.stdout.isTTY)
      const log = createLog({ level: config.logLevel, pretty: isTerminal })
      const build = readBuild()
      if (cluster.isWorker) return serveAsWorker(config, build, log)
      if (config.workers > 1) return serveWithWorkers(config, build, log, isTerminal)
      return serveAlone(config, build, log, isTerminal)
    })
}

async function serveAlone(config: Config, build: Build, log: Log, isTerminal: boolean): Promise<void> {
  const running = await startProcess({ config, build, log, prepares: true })
  stopWith(running.close, log)
  announce({ build, url: running.url, setupLink: linkOf(config, running.url, running.setupSecret) }, isTerminal, log)
}

async function serveAsWorker(config: Config, build: Build, log: Log): Promise<void> {
  const running = await startProcess({ config, build, log, prepares: false })
  stopWith(running.close, log)
}

/** This process prepares the start and keeps the others running; it serves nothing itself. */
async function serveWithWorkers(config: Config, build: Build, log: Log, isTerminal: boolean): Promise<void> {
  const setupSecret = await prepareInstallation(config, log)
  gatherMetrics((err) => log.error({ err }, 'The metrics of all processes could not be gathered'))
  const workers = startWorkers({
    count: config.workers,
    argv: ['serve'],
    entry: process.argv[1],
    graceSeconds: config.limits.shutdownSeconds + 5,
    log,
  })
  exitOnSignals({
    stop: () => workers.stop(),
    abandon: () => workers.kill(),
    reportError: (err) => log.error({ err }, 'The server did not end orderly'),
  })
  const { port } = await workers.listening
  const url = reachableUrl({ ...config, port })
  announce({ build, url, setupLink: linkOf(config, url, setupSecret) }, isTerminal, log)
}

function stopWith(close: () => Promise<void>, log: Log): void {
  exitOnSignals({
    stop(signal) {
      log.info({ signal }, 'Stopping: what runs may finish')
      return close()
    },
    abandon: () => {},
    reportError: (err) => log.error({ err }, 'The server did not end orderly'),
  })
}

/** The setup link at the address that people use. */
function linkOf({ publicUrl }: Config, url: string, secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : `${publicUrl ?? url}/ui/setup?token=${encodeURIComponent(secret)}`
}
