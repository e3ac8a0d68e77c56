import { existsSync, readFileSync } from 'node:fs'

/** The most memory this process had. `resourceUsage` would tell its parent's, when that was more before the exec. */
export function peakMib(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS
  return Math.round(Number(kib) / 1024)
}
