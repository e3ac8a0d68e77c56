import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { skipUnless } from './backends.ts'
import { canMount, withOwnMounts } from './own-mounts.ts'
import { openTestFolder } from './stores.ts'

/** Where `scripts/setup-test-tools.sh` unpacks Docker's engine, containerd and their clients. */
export const engineFolder = join(import.meta.dirname, '../../.cache/docker/usr')

export interface DockerEngine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly host: string
  /** The socket of its containerd. */
  readonly containerd: string
}

/** The reason to skip tests of Docker's engine, `undefined` when it can be started. */
export function skipWithoutDockerEngine(): string | undefined {
  const isThere = existsSync(join(engineFolder, 'sbin/dockerd'))
  return (
    skipUnless(isThere, 'there is no .cache/docker (scripts/setup-test-tools.sh)') ??
    skipUnless(canMount(), "Docker's engine is started by root alone, where it may mount")
  )
}

/** An engine without images that runs no containers: it changes no network, and all that it keeps goes with it. */
export async function startDockerEngine(): Promise<DockerEngine> {
  const folder = await openTestFolder()
  const at = (path: string) => join(folder.path, path)
  for (const path of ['etc', 'run', 'var']) await mkdir(at(path))
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')]
  const network = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false']
  const host = `unix://${at('docker.sock')}`
  const args = ['--host', host, ...places, ...network, '--storage-driver=vfs']
  const [first = '', ...rest] = [...withOwnMounts, join(engineFolder, 'sbin/dockerd'), ...args]
  const path = [join(engineFolder, 'bin'), join(engineFolder, 'sbin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(
    ':',
  )
  const child = spawn(first, rest, { env: { PATH: path, HOME: folder.path }, stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => void child.kill('SIGKILL') // Its containerd goes with it.
  process.once('exit', kill)
  const ended = once(child, 'close')
  const dispose = async () => {
    child.kill('SIGTERM')
    await ended
    process.off('exit', kill)
    await folder[Symbol.asyncDispose]()
  }
  try {
    await listening(child)
  } catch (err) {
    await dispose()
    throw err
  }
  return { host, containerd: at('exec/containerd/containerd.sock'), [Symbol.asyncDispose]: dispose }
}

/** Rejects with what it wrote if it ends instead. */
async function listening(child: ChildProcess): Promise<void> {
  let said = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`dockerd ended with ${code}:\n${said}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('API listen on')) resolve()
    })
  })
  await ready
}
