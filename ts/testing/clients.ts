import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { skipUnless } from './backends.ts'
import { openTestFolder } from './stores.ts'

export type ClientName = 'npm' | 'pnpm' | 'yarn' | 'bun' | 'deno'

/** A package manager, or another client, of one version. */
export interface Client {
  readonly name: string
  readonly version: string
  /** Its program: a script for Node, or an executable. */
  readonly program: string
  /** Where the Node is that runs it and its scripts. */
  readonly nodeFolder: string
  /** Why suites with it are skipped; absent when it is installed. */
  readonly skip: string | undefined
  /** What its environment has besides, in a home with this path. */
  readonly variables?: (home: string) => Readonly<Record<string, string>>
  /** The program and first arguments that start it; absent: nothing stands before it. */
  readonly through?: readonly string[]
}

/** What a run of a client came to. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A machine of one person: a home, with caches and settings of its own, and folders to work in. */
export interface ClientHome extends AsyncDisposable {
  readonly client: Client
  readonly path: string
  /** Writes a file below the home, its folders included. */
  write(file: string, content: string | object): Promise<void>
  /** Makes a folder below the home with these files; values that are no text are written as JSON. */
  folder(name: string, files: Readonly<Record<string, string | object>>): Promise<string>
  /** Runs the client in a folder, whatever it comes to. */
  run(folder: string, args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Runs it, and throws what it printed unless it succeeded. Resolves to its standard output. */
  ok(folder: string, args: readonly string[], options?: RunOptions): Promise<string>
  /** Runs it, and throws unless it failed. Resolves to all that it printed. */
  fails(folder: string, args: readonly string[], options?: RunOptions): Promise<string>
}

export interface RunOptions {
  /** What it is told, one after the other, each when it asks: when its output ends with a colon. */
  readonly answers?: readonly string[]
  /** All of its standard input. */
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Told of each piece of output as it comes. */
  readonly onOutput?: (text: string) => void
}

const root = join(import.meta.dirname, '../..')
const ownNode = dirname(process.execPath)
const deadlineMs = 120_000

/** The pinned client whose version starts so, as `scripts/setup-test-tools.sh` installs it. */
export function pinnedClient(name: ClientName, major: number): Client {
  const tools: { clients: { name: string; version: string }[] } = JSON.parse(
    readFileSync(join(root, 'scripts/test-tools.json'), 'utf8'),
  )
  const version = tools.clients.find((tool) => tool.name === name && tool.version.startsWith(`${major}.`))?.version
  if (version === undefined) throw new Error(`scripts/test-tools.json has no ${name} ${major}`)
  const program = join(root, `.cache/clients/${name}-${version}/bin/${name}`)
  const skip = skipUnless(existsSync(program), `there is no ${name} ${version} (scripts/setup-test-tools.sh)`)
  return { name, version, program: skip === undefined ? realpathSync(program) : program, nodeFolder: ownNode, skip }
}

/** The npm that this machine has, with the Node that it has. */
export function machineNpm(): Client {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const nodeFolder = folders.find((folder) => existsSync(join(folder, 'node'))) ?? ownNode
  const link = folders.map((folder) => join(folder, 'npm')).find((program) => existsSync(program))
  const skip = skipUnless(link !== undefined, 'this machine has no npm')
  const program = link === undefined ? 'npm' : realpathSync(link)
  return { name: 'npm', version: link === undefined ? 'none' : versionBeside(program), program, nodeFolder, skip }
}

/** Of the package.json above `bin/npm-cli.js`. */
function versionBeside(program: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(dirname(program), '../package.json'), 'utf8'))
  return version
}

/** An empty home for this client, removed when disposed of. Nothing of this machine's settings is seen in it. */
export async function openClientHome(client: Client): Promise<ClientHome> {
  const opened = await openTestFolder()
  const path = realpathSync(opened.path)
  const write = async (file: string, content: string | object) => {
    await mkdir(dirname(join(path, file)), { recursive: true })
    await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  await mkdir(join(path, 'tmp'))
  const run = (folder: string, args: readonly string[], options: RunOptions = {}) =>
    runClient(client, path, folder, args, options)
  return {
    client,
    path,
    write,
    async folder(name, files) {
      for (const [file, content] of Object.entries(files)) await write(join(name, file), content)
      return join(path, name)
    },
    run,
    async ok(folder, args, options) {
      const ran = await run(folder, args, options)
      if (ran.code !== 0)
        throw new Error(`${spelled(client, args)} ended with ${ran.code}:\n${ran.stdout}${ran.stderr}`)
      return ran.stdout
    },
    async fails(folder, args, options) {
      const { code, stdout, stderr } = await run(folder, args, options)
      if (code === 0) throw new Error(`${spelled(client, args)} succeeded, and should not:\n${stdout}${stderr}`)
      return stdout + stderr
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

function spelled({ name, version }: Client, args: readonly string[]): string {
  return `${name} ${version}: ${name} ${args.join(' ')}`
}

async function runClient(
  client: Client,
  home: string,
  folder: string,
  args: readonly string[],
  { answers = [], input = '', env, onOutput }: RunOptions,
): Promise<Ran> {
  const options = {
    cwd: folder,
    env: { ...isolation(client, home), ...client.variables?.(home), ...env },
    timeout: deadlineMs,
  }
  const child = spawnClient(client, args, options)
  const out = { stdout: '', stderr: '' }
  const unsaid = [...answers]
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text
      onOutput?.(text)
      if (unsaid.length > 0 && /:\s*$/.test(text)) child.stdin.write(`${unsaid.shift()}\n`)
    })
  }
  child.stdin.on('error', () => {}) // It may end without reading.
  if (answers.length === 0) child.stdin.end(input)
  await once(child, 'close')
  if (child.signalCode !== null) {
    throw new Error(`${spelled(client, args)} was ended by ${child.signalCode}:\n${out.stdout}${out.stderr}`)
  }
  return { code: child.exitCode, ...out }
}

function spawnClient(
  { program, nodeFolder, through = [] }: Client,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio,
) {
  const interpreter = /\.c?js$/.test(program) ? [join(nodeFolder, 'node')] : []
  const [first = '', ...rest] = [...through, ...interpreter, program, ...args]
  return spawn(first, rest, options)
}

/** The whole environment of a client: what it keeps is below its home, and it asks nobody about newer versions. */
function isolation({ name, version, nodeFolder }: Client, home: string): Record<string, string> {
  // For root, Yarn 1 keeps its cache outside of the home; to Yarn 4 the variable means another folder.
  const yarn1 = name === 'yarn' && version.startsWith('1.') ? { YARN_CACHE_FOLDER: join(home, 'yarn-cache') } : {}
  return {
    ...yarn1,
    PATH: [nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    NO_COLOR: '1',
    NO_UPDATE_NOTIFIER: '1',
    npm_config_update_notifier: 'false',
    npm_config_prefix: join(home, 'prefix'),
    npm_config_fund: 'false',
    DENO_DIR: join(home, 'deno'),
    DENO_NO_UPDATE_CHECK: '1',
    DO_NOT_TRACK: '1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_GLOBAL_CACHE: 'true',
    YARN_ENABLE_HARDENED_MODE: '0',
  }
}
