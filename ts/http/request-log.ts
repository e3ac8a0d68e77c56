import type { Log } from '../log.ts'

/** One answered request. */
export interface Answered {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly seconds: number
  /** What a handler threw, where one did. */
  readonly error?: Error | undefined
}

/** Logs a request by what came of it: reads at debug, writes and refusals at info, faults at error with their cause. */
export function reportAnswer(log: Log, { method, url, status, seconds, error }: Answered): void {
  const level = levelOf(method, status)
  if (!log.isLevelEnabled(level)) return
  const facts = { method, url: pathOf(url), status, ms: Math.round(seconds * 10_000) / 10 }
  if (status >= 500) log[level]({ ...facts, err: error?.cause ?? error }, error?.message ?? 'failed')
  else if (status >= 400) log[level](facts, error?.message ?? 'refused')
  else log[level](facts, 'answered')
}

function levelOf(method: string, status: number): 'debug' | 'info' | 'error' {
  if (status >= 500) return 'error'
  if (status >= 400) return 'info'
  return method === 'GET' || method === 'HEAD' ? 'debug' : 'info'
}

/** The URL without scheme and host, as `c.req.url` has them. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
}
