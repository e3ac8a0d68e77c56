import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BlobProcess } from './blob-process.ts'
import type { ChildStores } from './upload-child.ts'

/** Runs `upload-child.ts`, which says what the commands do. */
export function startUploadProcess(
  command: 'stall' | 'many',
  stores: ChildStores,
  ...args: (string | number)[]
): BlobProcess {
  const file = join(import.meta.dirname, 'upload-child.ts')
  const all = [file, command, JSON.stringify(stores), ...args.map(String)]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  return {
    async result() {
      for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
      throw new Error(`the process for "${command}" ended without a result`)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
