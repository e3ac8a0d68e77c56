import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startProcess, waitUntilReady } from '../processes.ts'
import type { BareReply } from './bare-server.ts'
import { type Contestant, names } from './contestant.ts'

/** What another server answered, for the bare server to answer too. */
export interface Reply {
  /** Path and query as the client sends them. */
  readonly path: string
  readonly encoding: 'gzip' | 'identity'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Sent from its file, in pieces; else from memory. */
  readonly streamed: boolean
}

const program = fileURLToPath(new URL('bare-server.ts', import.meta.url))

/** Starts the ceiling: `node:http`, no framework, no checks, the same bytes. */
export async function startBare(replies: readonly Reply[], dir: string): Promise<Contestant> {
  await mkdir(dir, { recursive: true })
  const stored: BareReply[] = []
  for (const [i, { body, ...reply }] of replies.entries()) {
    const file = join(dir, `${i}.bin`)
    await writeFile(file, body)
    stored.push({ ...reply, file })
  }
  const list = join(dir, 'replies.json')
  await writeFile(list, JSON.stringify(stored))
  const port = await freePort()
  const running = startProcess(process.execPath, [program, list, String(port)], {
    cwd: dir,
    env: {},
    logPath: join(dir, 'bare.log'),
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilReady(`${url}/health`, running)
  return { name: names.bare, registry: url, headers: {}, pid: running.pid, stop: running.stop }
}
