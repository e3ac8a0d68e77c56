import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChildStore } from './blob-child.ts'

export interface BlobProcess {
  /** The result that the process prints; it throws when the process ends without. */
  result(): Promise<Record<string, unknown>>
  /** Ends it at once, with no chance to tidy up. */
  kill(): Promise<void>
}

/** Runs `blob-child.ts`, which says what the commands do; `largestFileKib` limits the files that it may write. */
export function startBlobProcess(
  command: 'store' | 'read' | 'stage' | 'fill',
  store: ChildStore,
  argument: string | number,
  limits: { largestFileKib?: number } = {},
): BlobProcess {
  const args = [join(import.meta.dirname, 'blob-child.ts'), command, JSON.stringify(store), String(argument)]
  const limited = ['-c', `ulimit -f ${limits.largestFileKib}; exec "$0" "$@"`, process.execPath, ...args]
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = limits.largestFileKib
    ? spawn('bash', limited, { stdio: [...stdio] })
    : spawn(process.execPath, args, { stdio: [...stdio] })
  const ended = once(child, 'exit')
  return {
    async result() {
      if (child.stdout) for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
      throw new Error(`the process for "${command}" ended without a result`)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
