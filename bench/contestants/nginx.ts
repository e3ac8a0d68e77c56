import { existsSync } from 'node:fs'
import { link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freePort, startProcess, waitUntilReady } from '../processes.ts'
import { type Contestant, names } from './contestant.ts'

const binary = ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find((path) => existsSync(path))

/** Its workers, started by root, would be somebody who may not read the temporary folder. */
const user = process.getuid?.() === 0 ? 'user root;' : ''

/** As anybody would set it up for files: as many workers as processors, and bytes from file to socket by the kernel. */
const config = (dir: string, port: number, mediaType: string) => `
daemon off; ${user} worker_processes auto; pid ${dir}/pid; error_log stderr error;
events {}
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${dir}/${of};`).join(' ')}
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port}; root ${dir}/files;
    location /health { return 200; }
    location ~ /manifests/ { default_type ${mediaType}; }
  }
}
`

/** A server of files, and how a file comes to an address of it. */
export interface StaticServer extends Contestant {
  /** The file itself, not a copy; `path` begins with a slash and follows `registry`. */
  serve(file: string, path: string): Promise<void>
}

/** Starts nginx as the ceiling of pulls; `undefined` where it is not installed. */
export async function startNginx(
  dir: string,
  repository: string,
  manifestMediaType: string,
): Promise<StaticServer | undefined> {
  if (binary === undefined) return undefined
  const port = await freePort()
  const root = join(dir, 'files', 'v2', repository)
  await mkdir(root, { recursive: true })
  const configPath = join(dir, 'nginx.conf')
  await writeFile(configPath, config(dir, port, manifestMediaType))
  const running = startProcess(binary, ['-e', 'stderr', '-p', dir, '-c', configPath], {
    cwd: dir,
    env: {},
    logPath: join(dir, 'nginx.log'),
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilReady(`${url}/health`, running)
  const registry = `${url}/v2/${repository}`
  return {
    name: names.nginx,
    registry,
    headers: {},
    pid: running.pid,
    stop: running.stop,
    async serve(file, path) {
      const place = join(root, path)
      await mkdir(dirname(place), { recursive: true })
      await link(file, place)
    },
  }
}
