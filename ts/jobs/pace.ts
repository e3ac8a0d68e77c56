import { setTimeout as delay } from 'node:timers/promises'

const longestRestMs = 30_000

/**
 * What a long walk calls between its pages: waits so many times as long as was worked since the last time, unless that
 * was next to nothing. `restShare` 9 leaves nine tenths of a processor to requests. A stop ends the wait.
 */
export function paced(signal: AbortSignal, restShare: number): () => Promise<void> {
  let since = performance.now()
  return async () => {
    const workedMs = performance.now() - since
    if (workedMs <= 5) return
    const restMs = Math.min(workedMs * restShare, longestRestMs)
    await delay(restMs, undefined, { signal }).catch(() => {})
    since = performance.now()
  }
}
