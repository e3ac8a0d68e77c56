import { type Contestant, names } from '../contestants/contestant.ts'
import { longestLoopStopMs } from '../metrics.ts'
import { forgetPeak, memoryOf } from '../processes.ts'
import { publishMany } from '../publishing.ts'
import { atLeast, below, type Figure, type Line } from '../results.ts'
import { alternate, type Sample, type Turn } from '../rounds.ts'
import type { Row } from './row.ts'

let orders = 0

/** Package names that no publish of this run has used. */
export function freshPrefix(): string {
  orders += 1
  return `published-${process.pid}-${orders}`
}

/** New packages of 20 KB as fast as so many clients can. */
export function publishTurn(contestant: Contestant, clients: number, seconds: number, name = contestant.name): Turn {
  return {
    contestant: name,
    measure: async () => {
      const count = Math.ceil(seconds * 1000)
      const order = { clients, prefix: freshPrefix(), fileBytes: 20_000, count, seconds }
      const { published, seconds: took, p99Ms, problem } = await publishMany(contestant, order)
      return { value: published / took, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
    },
  }
}

function publishRow(clients: number, aim: (figures: readonly Figure[]) => Pick<Line, 'aim'>): Row {
  const title = `publish of 20 KB, ${clients} ${clients === 1 ? 'client' : 'clients'}`
  return {
    id: `publish-${clients}`,
    title,
    async run(setting) {
      const { stowage, twoWorkers, verdaccio } = await setting.field()
      const turns = [stowage, twoWorkers, verdaccio].map((each) => publishTurn(each, clients, setting.seconds))
      const figures = await alternate(setting.rounds, turns)
      return [{ table: 'Publishing', title, unit: 'publishes/s', figures, ...aim(figures) }]
    },
  }
}

const largeBytes = 20_000_000

/** What one large publish adds to the memory of a warm process, and how long it stops the event loop. */
const largePublishRow: Row = {
  id: 'publish-20m',
  title: 'publish of 20 MB: memory added and longest stop of the event loop',
  async run(setting) {
    const stowage = await setting.freshStowage()
    const verdaccio = await setting.freshVerdaccio()
    const stops: number[] = []
    try {
      for (const each of [stowage, verdaccio]) await publishLarge(each)
      const figures = await alternate(setting.rounds, [
        largePublishTurn(stowage, (ms) => stops.push(ms)),
        largePublishTurn(verdaccio),
      ])
      const stopFigures: Figure[] = [{ contestant: names.stowage, samples: stops }]
      const aim = below(figures, names.stowage, 40, 'MiB')
      const stopAim = below(stopFigures, names.stowage, 20, 'ms')
      return [
        { table: 'One publish of 20 MB', title: 'memory added', unit: 'MiB', figures, aim },
        {
          table: 'One publish of 20 MB',
          title: 'longest stop of the event loop',
          unit: 'ms',
          figures: stopFigures,
          aim: stopAim,
        },
      ]
    } finally {
      await stowage.stop()
      await verdaccio.stop()
    }
  },
}

function largePublishTurn(contestant: Contestant, onStop?: (ms: number) => void): Turn {
  return {
    contestant: contestant.name,
    async measure(): Promise<Sample> {
      if (onStop) await longestLoopStopMs(contestant)
      const before = await memoryOf(contestant.pid)
      await forgetPeak(contestant.pid)
      const seconds = await publishLarge(contestant)
      const after = await memoryOf(contestant.pid)
      const stop = onStop ? await longestLoopStopMs(contestant) : undefined
      if (stop !== undefined) onStop?.(stop)
      if (!before || !after) return { value: 0, problem: 'memory is read from /proc, which is not here' }
      return { value: Math.max(0, after.peak - before.resident) / 2 ** 20, beside: { 'took ms': seconds * 1000 } }
    },
  }
}

async function publishLarge(contestant: Contestant): Promise<number> {
  const order = { clients: 1, prefix: freshPrefix(), fileBytes: largeBytes, count: 1, seconds: 60 }
  const { seconds, problem } = await publishMany(contestant, order)
  if (problem !== undefined) throw new Error(`${contestant.name}: ${problem}`)
  return seconds
}

export const publishRows: readonly Row[] = [
  publishRow(1, () => ({})),
  publishRow(16, (figures) => ({ aim: atLeast(figures, names.stowage, 300, 'publishes/s') })),
  largePublishRow,
]
