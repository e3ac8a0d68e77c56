import { type Contestant, names } from '../contestants/contestant.ts'
import { longestLoopStopMs } from '../metrics.ts'
import { forgetPeak, memoryOf } from '../processes.ts'
import { publishMany } from '../publishing.ts'
import { below, type Figure } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import { freshPrefix } from './publish.ts'
import type { Row } from './row.ts'

const table = 'One publish of 20 MB'
const largeBytes = 20_000_000
/** Publishes of 20 KB before it: they load what every publish needs. */
const smallOnes = 20

/** What one large publish adds to the memory of a process that has seen none, and how long it stops the event loop. */
export const largePublishRow: Row = {
  id: 'publish-20m',
  title: 'publish of 20 MB: memory added and longest stop of the event loop',
  async run({ rounds, freshStowage, freshVerdaccio }) {
    const stops: number[] = []
    const figures = await alternate(rounds, [
      largePublishTurn(
        names.stowage,
        () => freshStowage(),
        (ms) => stops.push(ms),
      ),
      largePublishTurn(names.verdaccio, freshVerdaccio),
    ])
    const stopped: Figure[] = [{ contestant: names.stowage, samples: stops }]
    const title = 'longest stop of the event loop'
    return [
      { table, title: 'memory added', unit: 'MiB', figures, aim: below(figures, names.stowage, 40, 'MiB') },
      { table, title, unit: 'ms', figures: stopped, aim: below(stopped, names.stowage, 20, 'ms') },
    ]
  },
}

function largePublishTurn(contestant: string, start: () => Promise<Contestant>, onStop?: (ms: number) => void): Turn {
  return {
    contestant,
    async measure() {
      const server = await start()
      try {
        await publish(server, 20_000, smallOnes)
        if (onStop) await longestLoopStopMs(server)
        const before = await memoryOf(server.pid)
        await forgetPeak(server.pid)
        const seconds = await publish(server, largeBytes, 1)
        const after = await memoryOf(server.pid)
        const stop = onStop ? await longestLoopStopMs(server) : undefined
        if (stop !== undefined) onStop?.(stop)
        if (!before || !after) return { value: 0, problem: 'memory is read from /proc, which is not here' }
        return { value: (after.peak - before.resident) / 2 ** 20, beside: { 'took ms': seconds * 1000 } }
      } finally {
        await server.stop()
      }
    },
  }
}

/** Seconds that so many publishes took, one after the other. */
async function publish(to: Contestant, fileBytes: number, count: number): Promise<number> {
  const order = { clients: 1, prefix: freshPrefix(), fileBytes, count, seconds: 60 }
  const { seconds, problem } = await publishMany(to, order)
  if (problem !== undefined) throw new Error(problem)
  return seconds
}
