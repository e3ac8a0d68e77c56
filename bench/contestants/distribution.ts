import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startProcess, waitUntilReady } from '../processes.ts'
import { type Contestant, names } from './contestant.ts'

const installed = fileURLToPath(new URL('../../.cache/bin', import.meta.url))

/** Nobody is asked who he is, and only errors are logged: the least work that it can have. */
const config = (dir: string, port: number) => `
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: ${join(dir, 'storage')}}
  delete: {enabled: true}
catalog: {maxentries: 100000}
http: {addr: '127.0.0.1:${port}'}
`

/** Starts distribution's registry on a folder of its own; images are named below `repository`, as with the others. */
export async function startDistribution(dir: string, repository: string): Promise<Contestant> {
  const program = distributionPath()
  await mkdir(dir, { recursive: true })
  const port = await freePort()
  const configPath = join(dir, 'config.yml')
  await writeFile(configPath, config(dir, port))
  const running = startProcess(program, ['serve', configPath], {
    cwd: dir,
    // It would look for a collector of traces.
    env: { HOME: dir, OTEL_TRACES_EXPORTER: 'none' },
    logPath: join(dir, 'registry.log'),
  })
  const url = `http://127.0.0.1:${port}/v2/`
  await waitUntilReady(url, running)
  return { name: names.distribution, registry: url + repository, headers: {}, pid: running.pid, stop: running.stop }
}

/** Throws with what to do when it is neither where the setup script leaves it nor in the PATH. */
function distributionPath(): string {
  const folders = [installed, ...(process.env['PATH'] ?? '').split(delimiter)]
  const path = folders.map((folder) => join(folder, 'registry')).find((each) => existsSync(each))
  if (path === undefined) {
    throw new Error("Images are compared with distribution's `registry`: scripts/setup-test-tools.sh installs it.")
  }
  return path
}
