import { fileURLToPath } from 'node:url'
import { runCommand } from './processes.ts'

/** One request, repeated by every connection as fast as it is answered. */
export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  readonly requestsPerSecond: number
  readonly bytesPerSecond: number
  readonly p99Ms: number
  /** What went wrong, in words; the figures count for nothing then. */
  readonly problem?: string
}

const script = fileURLToPath(new URL('wrk-summary.lua', import.meta.url))

/** Drives one server with wrk on one thread. A run that answered fewer requests than connections is done longer. */
export async function drive(load: Load): Promise<LoadResult> {
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const shape = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '60s', '-s', script]
  const output = await runCommand('wrk', [...shape, ...headers, load.url], { cwd: '/' })
  const { requests, result } = readSummary(output)
  if (result.problem === undefined && requests < load.connections && load.seconds < 30) {
    return drive({ ...load, seconds: load.seconds * 3 })
  }
  return result
}

/** Reads what wrk-summary.lua prints. Throws when it is not there. */
export function readSummary(output: string): { requests: number; result: LoadResult } {
  const line = output.split('\n').findLast((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`wrk printed no summary:\n${output}`)
  const said: Record<string, number> = JSON.parse(line)
  const { requests = 0, microseconds = 0, bytes = 0, p99 = 0 } = said
  const failures = ['connect', 'read', 'write', 'status', 'timeout'].filter((kind) => (said[kind] ?? 0) > 0)
  const seconds = microseconds / 1e6
  return {
    requests,
    result: {
      requestsPerSecond: requests / seconds,
      bytesPerSecond: bytes / seconds,
      p99Ms: p99 / 1000,
      ...(failures.length > 0 ? { problem: failures.map((kind) => `${said[kind]} ${kind} errors`).join(', ') } : {}),
    },
  }
}
