import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'

/** A server that the bench started. */
export interface Running {
  readonly pid: number
  /** SIGTERM, then SIGKILL after ten seconds; resolves when it is gone. Repeatable. */
  stop(): Promise<void>
  /** Throws, with the end of its log, when the process is gone. */
  check(): void
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Takes stdout and stderr: a file costs the reader nothing while the server is measured. */
  readonly logPath: string
}

const started = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})

/** Starts a process whose whole environment is `env` and the PATH. */
export function startProcess(command: string, args: readonly string[], options: StartOptions): Running {
  const log = openSync(options.logPath, 'a')
  const env = { PATH: process.env['PATH'], ...options.env }
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ['ignore', log, log] })
  closeSync(log)
  started.add(child)
  const exited = once(child, 'exit').finally(() => started.delete(child))
  // A command that cannot be run is reported by `check`.
  exited.catch(() => {})
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  return {
    pid: child.pid ?? 0,
    check() {
      if (isGone()) throw new Error(`${command} ${args.join(' ')} has ended:\n${lastLines(options.logPath)}`)
    },
    async stop() {
      if (isGone()) return
      const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
      child.kill('SIGTERM')
      await exited.finally(() => clearTimeout(kill))
    },
  }
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').split('\n').slice(-15).join('\n')
}

/**
 * Runs a command to its end; throws with what it printed when it fails. Resolves to its stdout. `showsErrors`: what it
 * says on stderr is shown as it comes.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>>; showsErrors?: boolean },
): Promise<string> {
  const env = options.env ? { PATH: process.env['PATH'], ...options.env } : process.env
  const child = spawn(command, args, {
    cwd: options.cwd,
    env,
    stdio: ['ignore', 'pipe', options.showsErrors ? 'inherit' : 'pipe'],
  })
  started.add(child)
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout?.on('data', (piece) => output.push(piece))
  child.stderr?.on('data', (piece) => errors.push(piece))
  const [code] = await once(child, 'close').finally(() => started.delete(child))
  if (code === 0) return Buffer.concat(output).toString()
  const said = Buffer.concat([...output, ...errors]).toString()
  throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said.slice(-3000)}`)
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || !address) throw new Error('No free port')
  return address.port
}

/** Waits until a GET answers 200; throws when the process has ended or 60 seconds have passed. */
export async function waitUntilReady(url: string, process_: Running): Promise<void> {
  const { hostname, port } = new URL(url)
  const until = Date.now() + 60_000
  while (Date.now() < until) {
    process_.check()
    if ((await accepts(hostname, Number(port))) && (await answers(url))) return
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  throw new Error(`No 200 from ${url} within a minute`)
}

function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).then((is) => {
    socket.destroy()
    return is === true
  })
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}

/** Resident and peak resident memory, bytes; `undefined` where there is no /proc. */
export async function memoryOf(pid: number): Promise<{ resident: number; peak: number } | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  const field = (name: string) => Number(status?.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1]) * 1024
  return status === undefined ? undefined : { resident: field('VmRSS'), peak: field('VmHWM') }
}

/** Makes the peak start anew from what is resident now. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {})
}
