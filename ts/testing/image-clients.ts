import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { skipUnless } from './backends.ts'
import { type Client, type ClientHome, openClientHome } from './clients.ts'
import { engineFolder, skipWithoutDockerEngine } from './docker-engine.ts'
import { canMount, withOwnMounts } from './own-mounts.ts'

/** Built with Go in a pinned version, or a package of Debian in the version that it has. */
export type ImageClientName = 'crane' | 'regctl' | 'helm' | 'cosign' | 'skopeo' | 'podman' | 'buildah'

const root = join(import.meta.dirname, '../..')
const ownNode = dirname(process.execPath)

/** A client of image registries, as `scripts/setup-test-tools.sh` installs it. */
export function imageClient(name: ImageClientName): Client {
  const tools: { go: { name: string; version: string }[] } = JSON.parse(
    readFileSync(join(root, 'scripts/test-tools.json'), 'utf8'),
  )
  const pinned = tools.go.find((tool) => tool.name === name)
  const program = pinned ? join(root, '.cache/bin', name) : `/usr/bin/${name}`
  const skip = skipUnless(existsSync(program), `there is no ${name} (scripts/setup-test-tools.sh)`)
  const version = skip === undefined ? (pinned?.version.slice(1) ?? versionOf(program)) : 'none'
  return { name, version, program, nodeFolder: ownNode, skip, variables: isolation, through: pinned ? [] : ownMounts() }
}

/** The Docker CLI of this machine, or the one unpacked for the tests: without an engine it signs in and makes manifests. */
export function dockerWithoutEngine(): Client {
  const programs = ['/usr/local/bin/docker', '/usr/bin/docker', join(engineFolder, 'bin/docker')]
  const program = programs.find((path) => existsSync(path))
  const skip = skipUnless(program !== undefined, 'there is no docker (scripts/setup-test-tools.sh)')
  const version = program === undefined ? 'none' : versionOf(program)
  return { name: 'docker', version, program: program ?? 'docker', nodeFolder: ownNode, skip, variables: isolation }
}

/** A client of `startDockerEngine`, unpacked with it. */
export function engineClient(name: 'docker' | 'ctr'): Client {
  const program = join(engineFolder, 'bin', name)
  const skip = skipWithoutDockerEngine()
  const version = skip === undefined ? versionOf(program) : 'none'
  return { name, version, program, nodeFolder: ownNode, skip, variables: isolation }
}

/**
 * Debian's clients keep caches and locks below /var and /run when root runs them, whatever they are told: they see those
 * of their home there. Others than root have all in their home.
 */
function ownMounts(): readonly string[] {
  return canMount() ? withOwnMounts : []
}

/**
 * As Debian's programs say it: `skopeo version 1.9.3`, `buildah version 1.28.2 (image-spec …)`,
 * `Docker version 20.10.24+dfsg1, build …`, `ctr github.com/containerd/containerd 1.6.20~ds1`.
 */
function versionOf(program: string): string {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' })
  return /\d+(\.\d+)+/.exec(said)?.[0] ?? said.trim()
}

/** An empty home whose images are taken from any registry; see `openClientHome`. */
export async function openImageHome(client: Client): Promise<ClientHome> {
  const home = await openClientHome(client)
  await home.write('.config/containers/policy.json', { default: [{ type: 'insecureAcceptAnything' }] })
  await home.write('.config/containers/registries.conf', 'unqualified-search-registries = []\n')
  await home.write('storage.conf', storageConf(home.path))
  await home.write('containers.conf', `[network]\nnetwork_config_dir = "${home.path}/networks"\n`)
  for (const folder of ['run', 'var/tmp']) await mkdir(join(home.path, folder), { recursive: true })
  return home
}

/** Plain folders for layers, which every file system and container lets one make. */
function storageConf(home: string): string {
  return [
    '[storage]',
    'driver = "vfs"',
    `graphroot = "${home}/containers/root"`,
    `runroot = "${home}/containers/run"`,
  ].join('\n')
}

/** All that they keep is below the home; nobody outside of this machine is reached. */
function isolation(home: string): Record<string, string> {
  return {
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local/share'),
    DOCKER_HOST: 'unix:///nowhere',
    DOCKER_CONFIG: join(home, 'docker'),
    REGISTRY_AUTH_FILE: join(home, 'auth.json'),
    CONTAINERS_CONF: join(home, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(home, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: join(home, '.config/containers/registries.conf'),
    BUILDAH_ISOLATION: 'chroot',
    REGCTL_CONFIG: join(home, 'regctl.json'),
    HELM_CONFIG_HOME: join(home, 'helm/config'),
    HELM_CACHE_HOME: join(home, 'helm/cache'),
    HELM_DATA_HOME: join(home, 'helm/data'),
    TUF_ROOT: join(home, 'tuf'),
    COSIGN_PASSWORD: '',
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
  }
}
