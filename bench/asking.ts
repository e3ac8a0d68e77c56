import type { AskOrder, AskReport, Question } from './ask-client.ts'
import { runClient } from './clients.ts'
import type { Turn } from './rounds.ts'

/** Which of the latencies is the figure; the others stand beside it. */
export type Percentile = 'p50Ms' | 'p95Ms'

/** A turn of asking from a process of its own; `order` is called at each turn. */
export function askTurn(contestant: string, figure: Percentile, order: () => AskOrder | Promise<AskOrder>): Turn {
  return {
    contestant,
    async measure() {
      const report = await runClient<AskOrder, AskReport>('ask-client.ts', await order())
      const { p50Ms, p95Ms, p99Ms, asked, problem } = report
      const other = figure === 'p50Ms' ? { 'p95 ms': p95Ms } : { 'p50 ms': p50Ms }
      const beside = { ...other, 'p99 ms': p99Ms, asked }
      return { value: report[figure], beside, ...(problem === undefined ? {} : { problem }) }
    },
  }
}

/** The same questions to a path each, with a token or without. */
export function questionsOf(origin: string, paths: readonly string[], token?: string): Question[] {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return paths.map((path) => ({ url: `${origin}${path}`, headers }))
}
