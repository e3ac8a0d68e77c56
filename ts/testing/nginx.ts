import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { skipUnless } from './backends.ts'

const binary = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((path) => existsSync(path))

export interface Nginx extends AsyncDisposable {
  /** `https://127.0.0.1:port`, with a certificate of its own making. */
  readonly url: string
}

/** The reason to skip tests of the documented proxy, `undefined` when nginx is installed. */
export function skipWithoutNginx(): string | undefined {
  return skipUnless(binary !== undefined, 'there is no nginx (scripts/setup-test-tools.sh)')
}

/**
 * Runs `docs/nginx.conf` in front of a server on a loopback port. Nothing in it is changed but addresses and the files
 * of the certificate. Its temporary folders cannot be written, so whatever it would keep on disk fails.
 */
export async function startNginx(upstreamPort: number): Promise<Nginx> {
  const dir = mkdtempSync(join(tmpdir(), 'stowage-nginx-'))
  const port = await freePort()
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(dir, 'site.key')]
  const certificate = ['req', '-x509', ...key, '-out', join(dir, 'site.crt'), '-days', '1', '-subj', '/CN=localhost']
  execFileSync('openssl', certificate, { stdio: 'ignore' })
  writeFileSync(join(dir, 'site.conf'), siteConfig(dir, port, upstreamPort))
  writeFileSync(join(dir, 'nginx.conf'), mainConfig(dir))
  const child = spawn(binary ?? 'nginx', ['-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilListening(child, port)
  return {
    url: `https://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function siteConfig(dir: string, port: number, upstreamPort: number): string {
  const documented = readFileSync(join(import.meta.dirname, '../../docs/nginx.conf'), 'utf8')
  const changes: readonly (readonly [string, string])[] = [
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${upstreamPort};`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['/etc/ssl/registry.example.com.crt', join(dir, 'site.crt')],
    ['/etc/ssl/registry.example.com.key', join(dir, 'site.key')],
  ]
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`docs/nginx.conf has no ${from}`)
    return text.replace(from, to)
  }, documented)
}

function mainConfig(dir: string): string {
  const forbidden = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${dir}/${of};`)
  return `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr error;
events {}
http { access_log off; ${forbidden.join(' ')} include ${dir}/site.conf; }
`
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode} while starting`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
