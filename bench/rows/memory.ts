import { setTimeout as wait } from 'node:timers/promises'
import { type Contestant, names } from '../contestants/contestant.ts'
import { executablePath } from '../contestants/stowage.ts'
import { drive } from '../load.ts'
import { forgetPeak, memoryOf } from '../processes.ts'
import { headersFor, type ReadRequest } from '../requests.ts'
import { below, type Figure, type Line } from '../results.ts'
import type { Setting } from '../setting.ts'
import { readById } from './read.ts'
import type { Row } from './row.ts'

const settleMs = 2_000

/** Resident memory of a fresh process: idle, the peak of 100 downloads at a time, and after them. */
export const memoryRow: Row = {
  id: 'memory',
  title: 'resident memory idle, during 100 parallel downloads of 20 MB, and after',
  async run(setting) {
    const executable = executablePath()
    const starts = [() => setting.freshStowage(), setting.freshVerdaccio]
    if (executable) starts.push(() => setting.freshStowage({ executable, name: names.executable }))
    const measured: Measured[] = []
    for (let round = 0; round < setting.rounds; round++) {
      for (const start of starts) measured.push(await measure(setting, await start()))
    }
    const line = (title: string, of: keyof Measured['mebibytes'], bound?: number): Line => {
      const contestants = new Set(measured.map((each) => each.contestant))
      const figures = [...contestants].map((name) => figureOf(name, of, measured))
      const judged = executable ? names.executable : names.stowage
      const aim = bound === undefined ? {} : { aim: below(figures, judged, bound, 'MiB') }
      return { table: 'Memory', title, unit: 'MiB', figures, ...aim }
    }
    return [
      line('idle', 'idle', 120),
      line('peak during 100 downloads of 20 MB', 'during'),
      line('after them', 'after', 200),
    ]
  },
}

interface Measured {
  readonly contestant: string
  readonly mebibytes: { readonly idle: number; readonly during: number; readonly after: number }
  readonly problem?: string | undefined
}

async function measure(setting: Setting, contestant: Contestant): Promise<Measured> {
  try {
    await wait(settleMs)
    const idle = await mebibytes(contestant.pid, 'resident')
    await forgetPeak(contestant.pid)
    const problem = await downloadAtOnce(contestant, Math.max(setting.seconds, 5))
    const during = await mebibytes(contestant.pid, 'peak')
    await wait(settleMs)
    const after = await mebibytes(contestant.pid, 'resident')
    return { contestant: contestant.name, mebibytes: { idle, during, after }, problem }
  } finally {
    await contestant.stop()
  }
}

async function downloadAtOnce(contestant: Contestant, seconds: number): Promise<string | undefined> {
  const read: ReadRequest | undefined = readById('tarball-20m')
  if (!read) return 'no such file'
  const headers = await headersFor(contestant, read)
  const { problem } = await drive({ url: contestant.registry + read.path, headers, connections: 100, seconds })
  return problem
}

async function mebibytes(pid: number, of: 'resident' | 'peak'): Promise<number> {
  const memory = await memoryOf(pid)
  return (memory?.[of] ?? Number.NaN) / 2 ** 20
}

function figureOf(contestant: string, of: keyof Measured['mebibytes'], measured: readonly Measured[]): Figure {
  const own = measured.filter((each) => each.contestant === contestant)
  const samples = own.map((each) => each.mebibytes[of])
  const said = own.find((each) => each.problem !== undefined)?.problem
  const problem = samples.some(Number.isNaN) ? 'memory is read from /proc, which is not here' : said
  return { contestant, samples, ...(problem === undefined ? {} : { problem }) }
}
