import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { openTestFolder } from './stores.ts'

const entry = join(import.meta.dirname, '../../mod.ts')

export const adminName = 'admin'
export const adminPassword = 'correct horse battery'

export type ProcessEnv = Readonly<Record<string, string>>

/** A request as the log tells it. */
export interface LoggedRequest {
  readonly method: string
  readonly url: string
  readonly status: number
}

export interface ServerProcess extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:40123`. */
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** What it printed for the first visitor; absent when there is an administrator. */
  readonly setupLink: string | undefined
  /** A new token of the administrator that may do everything. */
  adminToken(): Promise<string>
  /** Runs a command beside it, on the same stores; resolves to its standard output, rejects unless it ended with 0. */
  command(args: readonly string[], input?: string): Promise<string>
  /** All requests that were answered before this call, in the order of their answers. */
  requests(): Promise<readonly LoggedRequest[]>
  /** All that it wrote so far, both streams. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | string>
  /** kill -9 to the process and its workers, all at once; resolves when the process is gone. */
  kill(): Promise<void>
  /** Resolves to the exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>
}

export interface ServerProcessOptions {
  /** Kept afterwards; absent: a fresh one, removed with the disposal. */
  readonly dataDir?: string
  /** Beside the address and the administrator; an empty value unsets one. */
  readonly env?: ProcessEnv
  /** A program that serves in another way; absent: the server's own. */
  readonly entry?: string
}

/**
 * Starts `stowage serve` on a loopback port of the system's choice, with an administrator and with nothing of this
 * process's environment; resolves when it listens, rejects with what it printed when it ends before.
 */
export async function startServerProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const { dataDir: given, env, entry } = options
  const folder = given === undefined ? await openTestFolder() : undefined
  const dataDir = given ?? join(folder?.path ?? '', 'data')
  const administrator = { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: adminPassword }
  const settings = { DATA_DIR: dataDir, LOG_LEVEL: 'debug', ...administrator, ...env }
  const child = spawnStowage(['serve'], settings, entry)
  const output = collect(child)
  const exited = ending(child)
  const pid = child.pid ?? 0
  const killGroup = () => killAll(pid)
  running.add(killGroup)
  const signal = (name: NodeJS.Signals) => void child.kill(name)

  async function dispose() {
    killGroup()
    await exited
    running.delete(killGroup)
    await folder?.[Symbol.asyncDispose]()
  }
  try {
    const { url, setupLink } = await announced(child, output, exited)
    return {
      url,
      pid,
      dataDir,
      setupLink,
      adminToken: () => newAdminToken(url),
      command: (args, input) => runBeside(args, settings, input),
      requests: () => loggedRequests(url, child, output),
      output,
      signal,
      async stop() {
        signal('SIGTERM')
        return exited
      },
      async kill() {
        killGroup()
        await exited
      },
      exited,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (err) {
    await dispose()
    throw err
  }
}

export interface Ended {
  /** The exit code, or the signal. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of the program to its end, with no variables but these and `input` on standard input. */
export async function runStowage(args: readonly string[], env: ProcessEnv, input = ''): Promise<Ended> {
  const child = spawnStowage(args, env)
  child.stdin?.on('error', () => {}) // It may end without reading.
  child.stdin?.end(input)
  const [stdout, stderr] = [collect(child, ['stdout']), collect(child, ['stderr'])]
  return { code: await ending(child), stdout: stdout(), stderr: stderr() }
}

// A test that is ended itself leaves no server behind.
const running = new Set<() => void>()
process.once('exit', () => {
  for (const kill of running) kill()
})
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))

/** A process group of its own, so that its workers can be killed with it. */
function spawnStowage(args: readonly string[], env: ProcessEnv, program = entry): ChildProcess {
  const { PATH = '' } = process.env
  return spawn(process.execPath, [program, ...args], {
    env: { PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
}

function collect(child: ChildProcess, streams: readonly ('stdout' | 'stderr')[] = ['stdout', 'stderr']): () => string {
  const chunks: Buffer[] = []
  for (const name of streams) child[name]?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

/** `close`, not `exit`: by then all that it wrote has been read. */
async function ending(child: ChildProcess): Promise<number | string> {
  const [code, signal]: (number | string | null)[] = await once(child, 'close')
  return signal ?? code ?? 'nothing'
}

async function announced(child: ChildProcess, output: () => string, exited: Promise<number | string>) {
  const ended = exited.then((code) => {
    throw new Error(`stowage ended with ${code} before it listened: ${output()}`)
  })
  ended.catch(() => {}) // It ends after it listened, too.
  for (;;) {
    const url = fieldOf(output(), 'url')
    if (url !== undefined) return { url, setupLink: fieldOf(output(), 'setupLink') }
    await Promise.race([nextOutput(child), ended])
  }
}

/** The first value of a field in lines of JSON. */
function fieldOf(lines: string, name: string): string | undefined {
  const value = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`).exec(lines)?.[1]
  return value === undefined ? undefined : JSON.parse(value)
}

async function nextOutput({ stdout }: ChildProcess): Promise<void> {
  if (stdout) await once(stdout, 'data')
}

async function newAdminToken(url: string): Promise<string> {
  const authorization = `Basic ${btoa(`${adminName}:${adminPassword}`)}`
  const signIn = `${url}/-/user/org.couchdb.user:${adminName}/-rev/1`
  const answer = await fetch(signIn, { method: 'PUT', headers: { authorization }, body: '{}' })
  if (!answer.ok) throw new Error(`signing in answered ${answer.status}: ${await answer.text()}`)
  const { token }: { token: string } = JSON.parse(await answer.text())
  return token
}

async function runBeside(args: readonly string[], settings: ProcessEnv, input?: string): Promise<string> {
  const { ADMIN_EMAIL: _email, ADMIN_PASSWORD: _password, ...env } = settings as Record<string, string>
  const { code, stdout, stderr } = await runStowage(args, env, input)
  if (code !== 0) throw new Error(`stowage ${args[0]} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}

/** A last request marks the end: an answer is logged after it was sent. */
async function loggedRequests(url: string, child: ChildProcess, output: () => string): Promise<LoggedRequest[]> {
  const mark = `/health?mark=${randomUUID()}`
  await (await fetch(url + mark)).arrayBuffer()
  while (!output().includes(mark)) await nextOutput(child)
  const lines = output()
    .split('\n')
    .filter((line) => line.includes('"status":'))
  const requests: LoggedRequest[] = lines.map((line) => JSON.parse(line))
  return requests.filter((request) => request.method !== undefined && !request.url.startsWith('/health?mark='))
}

function killAll(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All are gone already.
  }
}
