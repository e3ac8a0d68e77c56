import { type Contestant, names } from '../contestants/contestant.ts'
import { loopDelayP99Ms } from '../metrics.ts'
import { below, type Line } from '../results.ts'
import type { Sample, Turn } from '../rounds.ts'

const table = "Delay of Stowage's event loop meanwhile, 99th percentile"
const aimMs = 10

/** What the event loop of one process of Stowage waited while it was measured. */
export interface LoopWatch {
  /** A turn of a contestant, during which its loop is watched. */
  turn(contestant: Contestant, measure: (round: number) => Promise<Sample>): Turn
  /** Measures; what the contestant's loop waited meanwhile is kept when it is one process of Stowage, run from source. */
  during(contestant: Contestant, measure: () => Promise<Sample>): Promise<Sample>
  /** The line of what was kept, none when nothing was. */
  line(title: string): readonly Line[]
}

/** One for each line of a table, whose title it shares. */
export function watchLoop(): LoopWatch {
  const samples: number[] = []
  const during: LoopWatch['during'] = async (contestant, measure) => {
    if (contestant.name !== names.stowage) return measure()
    await loopDelayP99Ms(contestant)
    const sample = await measure()
    const delay = await loopDelayP99Ms(contestant)
    if (delay !== undefined) samples.push(delay)
    return sample
  }
  return {
    turn: (contestant, measure) => ({
      contestant: contestant.name,
      measure: (round) => during(contestant, () => measure(round)),
    }),
    during,
    line(title) {
      const figures = [{ contestant: names.stowage, samples }]
      const aim = below(figures, names.stowage, aimMs, 'ms')
      return samples.length === 0 ? [] : [{ table, title, unit: 'ms', figures, aim }]
    },
  }
}
