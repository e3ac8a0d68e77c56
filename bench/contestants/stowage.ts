import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, runCommand, startProcess, waitUntilReady } from '../processes.ts'
import { type Contestant, names } from './contestant.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = join(root, 'mod.ts')

/** What `npm run compile` leaves; `undefined` when it has not run. */
export function executablePath(): string | undefined {
  const path = join(root, 'dist', 'stowage')
  return existsSync(path) ? path : undefined
}

export interface StowageOptions {
  /** Made by `prepareStowage`. */
  readonly dataDir: string
  readonly token: string
  readonly workers?: 1 | 2
  readonly name?: string
  /** Starts this file instead of the source. */
  readonly executable?: string | undefined
  /** For node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[]
  /** What is set beside the address and the folder; nothing, unless it is what a row is about. */
  readonly env?: Readonly<Record<string, string>>
}

/** The administrator that `prepareStowage` makes. */
export const administrator = { username: 'admin', password: 'only for this measurement' } as const

/** Starts Stowage as anybody would: every setting but the address and the folder is the default. */
export async function startStowage(options: StowageOptions): Promise<Contestant> {
  const { dataDir, token, workers = 1, executable, nodeOptions = [], env = {} } = options
  const port = await freePort()
  const [command, args] = executable ? [executable, []] : [process.execPath, [...nodeOptions, source]]
  const running = startProcess(command, [...args, 'serve'], {
    cwd: dataDir,
    env: { ...environment(dataDir), PORT: String(port), WORKERS: String(workers), ...env },
    logPath: join(dataDir, `server-${port}.log`),
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilReady(`${url}/health`, running)
  return {
    name: options.name ?? (workers === 2 ? names.twoWorkers : names.stowage),
    registry: `${url}/npm/main/npm`,
    headers: { authorization: `Bearer ${token}` },
    pid: running.pid,
    stop: running.stop,
  }
}

/** Makes a data folder with an administrator, and a token of his that may read and write. */
export async function prepareStowage(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const port = await freePort()
  const server = startProcess(process.execPath, [source, 'serve'], {
    cwd: dataDir,
    env: {
      ...environment(dataDir),
      PORT: String(port),
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_PASSWORD: administrator.password,
    },
    logPath: join(dataDir, `server-${port}.log`),
  })
  try {
    await waitUntilReady(`http://127.0.0.1:${port}/health`, server)
    const user = ['--user', administrator.username]
    const create = ['token', 'create', ...user, '--name', 'bench', '--actions', 'read,write', '--json']
    return JSON.parse(await runStowage(dataDir, create)).token
  } finally {
    await server.stop()
  }
}

/** The public repository that `prepareImageStowage` makes, as names of images begin. */
export const imageRepository = 'main/bench'

/** Makes a data folder with a public repository for images, and a token that may do everything there. */
export async function prepareImageStowage(dataDir: string): Promise<string> {
  await prepareStowage(dataDir)
  await runStowage(dataDir, ['repo', 'create', `oci/${imageRepository}`, '--visibility', 'public'])
  const user = ['--user', administrator.username]
  const create = ['token', 'create', ...user, '--name', 'images', '--actions', 'read,write,delete', '--json']
  return JSON.parse(await runStowage(dataDir, create)).token
}

/** Runs a command of `stowage` on a data folder, a server running on it or not; resolves to what it prints. */
export function runStowage(dataDir: string, args: readonly string[]): Promise<string> {
  return runCommand(process.execPath, [source, ...args], { cwd: dataDir, env: environment(dataDir) })
}

function environment(dataDir: string): Record<string, string> {
  return { HOME: dataDir, HOST: '127.0.0.1', DATA_DIR: dataDir }
}
