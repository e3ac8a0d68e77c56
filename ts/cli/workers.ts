import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { isSea } from 'node:sea'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { ToldError } from './terminal.ts'

export interface WorkersOptions {
  readonly count: number
  /** The command line that a worker runs. */
  readonly argv: readonly string[]
  /** Where the entry file is when running from source. */
  readonly entry: string | undefined
  /** Workers that have not ended so long after `stop` are killed. */
  readonly graceSeconds: number
  readonly log: Log
}

export interface Workers {
  /** Asks all to end and waits until they have. */
  stop(): Promise<void>
  /** Kills all at once. */
  kill(): void
  /** Resolves to the address that they listen on; rejects when the first one to end had never listened. */
  readonly listening: Promise<{ readonly port: number }>
}

/** Below this, a worker that ends is started later and later. */
const healthySeconds = 60
const longestDelayMs = 30_000

/** Starts server processes that share one port. One that dies is started again; SIGHUP goes to all. */
export function startWorkers({ count, argv, entry, graceSeconds, log }: WorkersOptions): Workers {
  const state = { stopping: false, listening: false }
  const ready = Promise.withResolvers<{ port: number }>()
  // In the executable there is no file to run: the first argument takes its place.
  const [first = '', ...rest] = argv
  // All accept from one socket. When the primary hands connections out, one on its way to a process that dies is lost:
  // nobody closes it, and its client waits until it gives up.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary(isSea() || entry === undefined ? { exec: first, args: rest } : { exec: entry, args: [...argv] })
  cluster.on('listening', (_worker, { port }) => {
    state.listening = true
    ready.resolve({ port })
  })
  // The first alone: if it cannot serve, nor can the others, and one of them says why.
  void keepRunning(state, log, ready.reject)
  const startOthers = () => {
    for (let slot = 1; slot < count; slot++) void keepRunning(state, log, ready.reject)
  }
  ready.promise.then(startOthers, () => {})
  const all = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  const signal = (name: NodeJS.Signals) => {
    for (const worker of all()) worker.process.kill(name)
  }
  process.on('SIGHUP', () => signal('SIGHUP'))

  return {
    listening: ready.promise,
    kill: () => signal('SIGKILL'),
    async stop() {
      state.stopping = true
      const ended = Promise.all(all().map(ending))
      signal('SIGTERM')
      const late = setTimeout(() => signal('SIGKILL'), graceSeconds * 1000)
      await ended
      clearTimeout(late)
    },
  }
}

/** One place among the workers: forks, waits for the end, waits longer after each early end, forks again. */
async function keepRunning(
  state: { readonly stopping: boolean; readonly listening: boolean },
  log: Log,
  giveUp: (err: Error) => void,
): Promise<void> {
  for (let earlyEnds = 0; !state.stopping; ) {
    const startedAt = performance.now()
    const worker = cluster.fork()
    const code = await ending(worker)
    if (state.stopping) return
    if (!state.listening) return giveUp(earlyEnd(code))
    earlyEnds = performance.now() - startedAt < healthySeconds * 1000 ? earlyEnds + 1 : 0
    const delayMs = Math.min(longestDelayMs, 500 * 2 ** earlyEnds)
    log.error({ pid: worker.process.pid, code, delayMs }, 'A server process ended and is started again')
    await wait(delayMs)
  }
}

/** A process that ends with 1 has said why. */
function earlyEnd(code: number | string): Error {
  const message = `A server process ended with ${code} before it could serve.`
  return code === 1 ? new ToldError(message) : new Error(message)
}

/** Resolves to the exit code, or the signal that ended it. */
async function ending(worker: Worker): Promise<number | string> {
  if (worker.isDead()) return worker.process.exitCode ?? worker.process.signalCode ?? 'an unknown code'
  const [code, signal]: (number | string | null)[] = await once(worker, 'exit')
  return signal ?? code ?? 'an unknown code'
}
