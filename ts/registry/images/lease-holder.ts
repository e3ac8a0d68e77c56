import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** This process since its start: process ids are given again, in containers always the same one. */
const start = randomUUID()

/** A new holder of a lease: this host, this process, its start, and the request. */
export function leaseHolder(): string {
  return [hostname(), process.pid, start, randomUUID()].join('/')
}

/**
 * Was the process that made the holder killed? True only of this host's: no such process is there, or this one has its id
 * now. Hosts that are called alike may be mistaken for one, so the one before may still write.
 */
export function isHolderDead(holder: string): boolean {
  const [host, pid, itsStart] = holder.split('/')
  if (host !== hostname() || !/^[1-9]\d*$/.test(pid ?? '')) return false
  return Number(pid) === process.pid ? itsStart !== start : !isRunning(Number(pid))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (err) {
    return !(err instanceof Error && 'code' in err && err.code === 'ESRCH')
  }
}
