import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { distOf, type GeneratedPackage } from '../packages.ts'
import { freePort, startProcess, waitUntilReady } from '../processes.ts'
import { type Contestant, names } from './contestant.ts'

const program = fileURLToPath(new URL('../node_modules/verdaccio/bin/verdaccio', import.meta.url))

/** Everybody may do everything and only warnings are logged: the least work that Verdaccio can have. */
const config = (dir: string) => `
storage: ${join(dir, 'storage')}
auth: {htpasswd: {file: ${join(dir, 'htpasswd')}}}
packages: {'**': {access: $all, publish: $all, unpublish: $all}}
web: {enable: false}
max_body_size: 200mb
log: {type: stdout, format: json, level: warn}
`

/** Starts Verdaccio on this very Node; packages that `storeInVerdaccio` wrote to `dir` are there. */
export async function startVerdaccio(dir: string): Promise<Contestant> {
  await mkdir(join(dir, 'storage'), { recursive: true })
  const configPath = join(dir, 'config.yaml')
  await writeFile(configPath, config(dir))
  const port = await freePort()
  const running = startProcess(process.execPath, [program, '-c', configPath, '-l', `127.0.0.1:${port}`], {
    cwd: dir,
    env: { HOME: dir },
    logPath: join(dir, 'verdaccio.log'),
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilReady(`${url}/-/ping`, running)
  return { name: names.verdaccio, registry: url, headers: {}, pid: running.pid, stop: running.stop }
}

/** Writes versions of one package into Verdaccio's own storage format: thousands of publishes would take minutes. */
export async function storeInVerdaccio(dir: string, versions: readonly GeneratedPackage[]): Promise<void> {
  const name = versions[0]?.name ?? ''
  const folder = join(dir, 'storage', name)
  await mkdir(folder, { recursive: true })
  const time = new Date(0).toISOString()
  const document = {
    _id: name,
    _rev: '1-0000000000000000',
    name,
    'dist-tags': { latest: versions.at(-1)?.version },
    time: Object.fromEntries([['created', time], ['modified', time], ...versions.map((each) => [each.version, time])]),
    versions: Object.fromEntries(versions.map((each) => [each.version, versionDocument(each)])),
    users: {},
    _uplinks: {},
    _distfiles: {},
    _attachments: Object.fromEntries(
      versions.map((each) => [fileName(each), { shasum: distOf(each.tarball).shasum, version: each.version }]),
    ),
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(document, null, 2))
  for (const each of versions) await writeFile(join(folder, fileName(each)), each.tarball)
}

const fileName = ({ name, version }: GeneratedPackage) => `${name}-${version}.tgz`

function versionDocument(each: GeneratedPackage): object {
  const tarball = `http://registry.example.com/${each.name}/-/${fileName(each)}`
  return { ...each.manifest, _id: `${each.name}@${each.version}`, dist: { ...distOf(each.tarball), tarball } }
}
