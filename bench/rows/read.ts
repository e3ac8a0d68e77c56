import { type Contestant, names } from '../contestants/contestant.ts'
import { drive } from '../load.ts'
import { longestLoopStopMs } from '../metrics.ts'
import { headersFor, type ReadRequest, reads } from '../requests.ts'
import { type Aim, amount, atLeastShare, type Figure, ratio } from '../results.ts'
import { alternate, type Sample, type Turn } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import type { Row } from './row.ts'

/** One row per request, every contestant driven by 32 connections (large files: 8) from one thread. */
export const readRows: readonly Row[] = reads.map((read) => ({
  id: read.id,
  title: read.title,
  async run(setting) {
    const { stowage, twoWorkers, verdaccio, bare } = await setting.field()
    const figures = await alternate(setting.rounds, [
      readTurn(stowage, read, setting.seconds),
      readTurn(twoWorkers, read, setting.seconds),
      readTurn(verdaccio, read, setting.seconds),
      readTurn(bare, read, setting.seconds),
    ])
    const aim = atLeastShare(figures, names.stowage, names.bare, read.share)
    return [{ table: 'Reading', title: read.title, unit: 'requests/s', figures, aim }]
  },
}))

/** A turn of one contestant at one request; `name` when a contestant has several. */
export function readTurn(contestant: Contestant, read: ReadRequest, seconds: number, name = contestant.name): Turn {
  return {
    contestant: name,
    measure: async () => {
      const { result, loopMs } = await load(contestant, read, seconds)
      const beside = { 'p99 ms': result.p99Ms, 'loop stop ms': loopMs }
      return { value: result.requestsPerSecond, beside, ...problemOf(result) }
    },
  }
}

/** The same in megabytes a second. */
function bytesTurn(contestant: Contestant, read: ReadRequest, seconds: number, name: string): Turn {
  return {
    contestant: name,
    measure: async () => {
      const { result } = await load(contestant, read, seconds)
      return { value: result.bytesPerSecond / 1e6, ...problemOf(result) }
    },
  }
}

function problemOf({ problem }: { problem?: string }): Pick<Sample, 'problem'> {
  return problem === undefined ? {} : { problem }
}

async function load(contestant: Contestant, read: ReadRequest, seconds: number) {
  const headers = await headersFor(contestant, read)
  const tellsLoop = contestant.name === names.stowage
  if (tellsLoop) await longestLoopStopMs(contestant)
  const url = contestant.registry + read.path
  const result = await drive({ url, headers, connections: read.connections, seconds })
  return { result, loopMs: tellsLoop ? await longestLoopStopMs(contestant) : undefined }
}

/** Does a large document cost more a byte than a small one? */
export const documentBytesRow: Row = {
  id: 'packument-bytes',
  title: 'bytes a second of a packument of 2,000 versions against one of 100',
  async run(setting: Setting) {
    const { stowage } = await setting.field()
    const small = 'Stowage, 100 versions'
    const large = 'Stowage, 2,000 versions'
    const [hundred, twoThousand] = ['packument-100-identity', 'packument-2000-identity'].map(readById)
    if (!hundred || !twoThousand) return []
    const figures = await alternate(setting.rounds, [
      bytesTurn(stowage, hundred, setting.seconds, small),
      bytesTurn(stowage, twoThousand, setting.seconds, large),
    ])
    return [
      {
        table: 'Large against small documents',
        title: 'packument, identity',
        unit: 'MB/s',
        figures,
        aim: timesAim(figures, large, small, 0.9),
      },
    ]
  },
}

export const readById = (id: string): ReadRequest | undefined => reads.find((read) => read.id === id)

/** At least so many times another's figure. */
function timesAim(figures: readonly Figure[], of: string, to: string, least: number): Aim {
  const reached = ratio(figures, of, to)
  return {
    text: `at least ${least} of it`,
    reached: reached === undefined ? 'not measured' : amount(reached),
    met: reached !== undefined && reached >= least,
  }
}
