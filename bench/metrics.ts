import type { Contestant } from './contestants/contestant.ts'

/** The samples of a Prometheus text, summed over their labels. */
export function readMetrics(text: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const line of text.split('\n')) {
    const found = line.match(/^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)/)
    if (!found?.[1]) continue
    sums.set(found[1], (sums.get(found[1]) ?? 0) + Number(found[2]))
  }
  return sums
}

const longestStop = 'nodejs_eventloop_lag_max_seconds'
const delayP99 = 'nodejs_eventloop_lag_p99_seconds'
/** What prom-client's measuring timer waits for by itself, and counts in. */
const timerMs = 10

/**
 * Milliseconds of the longest stop of Stowage's event loop since either of these was last asked: asking starts both
 * anew. `undefined` of a server that does not tell.
 */
export function longestLoopStopMs(contestant: Pick<Contestant, 'registry'>): Promise<number | undefined> {
  return loopDelayMs(contestant, longestStop)
}

/** The same of the delay that 99 % of the loop's turns stay below. */
export function loopDelayP99Ms(contestant: Pick<Contestant, 'registry'>): Promise<number | undefined> {
  return loopDelayMs(contestant, delayP99)
}

async function loopDelayMs(contestant: Pick<Contestant, 'registry'>, metric: string): Promise<number | undefined> {
  const response = await fetch(new URL('/metrics', contestant.registry))
  const seconds = readMetrics(await response.text()).get(metric)
  return response.ok && seconds !== undefined ? Math.max(0, seconds * 1000 - timerMs) : undefined
}
