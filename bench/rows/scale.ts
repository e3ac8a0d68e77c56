import { fileURLToPath } from 'node:url'
import type { Contestant } from '../contestants/contestant.ts'
import { startStowage } from '../contestants/stowage.ts'
import { loaded } from '../loaded.ts'
import { memoryOf, runCommand } from '../processes.ts'
import { type Aim, amount, type Figure, type Line, ratio, type Unit } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { publishTurn } from './publish.ts'
import { readById, readTurn } from './read.ts'
import type { Row } from './row.ts'
import { startTurn } from './start.ts'

const few = 1_000
const many = 100_000
const manyWhenQuick = 10_000
const allowed = 1.2

const seedProgram = fileURLToPath(new URL('../seed.ts', import.meta.url))

interface Side {
  readonly name: string
  readonly data: { readonly dataDir: string; readonly token: string }
}

/** The same figures of two installations that differ in nothing but the number of packages. */
export const scaleRow: Row = {
  id: 'scale',
  title: 'every figure at 100,000 packages against 1,000',
  async run(setting) {
    const sides: Side[] = []
    for (const count of [few, setting.quick ? manyWhenQuick : many]) sides.push(await seeded(setting, count))
    const lines = [await startLine(setting, sides)]
    const servers: Contestant[] = []
    try {
      for (const { name, data } of sides) servers.push(await startStowage({ ...data, name }))
      lines.push(...(await linesOf(setting, servers)))
    } finally {
      for (const server of servers) await server.stop()
    }
    return lines
  },
}

async function seeded(setting: Setting, count: number): Promise<Side> {
  const data = await setting.freshStowageData()
  setting.report(`Publishing ${amount(count)} packages`)
  await runCommand(process.execPath, [seedProgram, data.dataDir, loaded.smallFile, String(count)], { cwd: '/' })
  return { name: `${amount(count)} packages`, data }
}

async function startLine(setting: Setting, sides: readonly Side[]): Promise<Line> {
  const turns = sides.map(({ name, data }) => startTurn(name, () => startStowage({ ...data, name })))
  return compared('process start to the first answer', 's', await alternate(setting.rounds, turns))
}

/** Memory first, before anything was asked of the servers. */
async function linesOf(setting: Setting, servers: readonly Contestant[]): Promise<Line[]> {
  const { rounds, seconds } = setting
  const lines = [compared('memory idle', 'MiB', await alternate(rounds, servers.map(memoryTurn)))]
  for (const id of ['packument-100-identity', 'packument-100-gzip', 'packument-100-304', 'tarball-20k']) {
    const read = readById(id)
    if (!read) continue
    const figures = await alternate(
      rounds,
      servers.map((server) => readTurn(server, read, seconds)),
    )
    lines.push(compared(read.title, 'requests/s', figures))
  }
  for (const clients of [1, 16]) {
    const figures = await alternate(
      rounds,
      servers.map((server) => publishTurn(server, clients, seconds)),
    )
    lines.push(compared(`publish of 20 KB, clients: ${clients}`, 'publishes/s', figures))
  }
  return lines
}

function memoryTurn(server: Contestant): Turn {
  return {
    contestant: server.name,
    async measure() {
      const memory = await memoryOf(server.pid)
      return memory ? { value: memory.resident / 2 ** 20 } : { value: 0, problem: 'no /proc here' }
    },
  }
}

function compared(title: string, unit: Unit, figures: readonly Figure[]): Line {
  return { table: 'Many packages', title, unit, figures, aim: within(unit, figures) }
}

/** How many times worse it is with many packages: a rate falls, a time or a size grows. */
function within(unit: Unit, [small, large]: readonly Figure[]): Aim {
  const isRate = unit.endsWith('/s')
  const [of, to] = isRate ? [small, large] : [large, small]
  const worse = of && to ? ratio([of, to], of.contestant, to.contestant) : undefined
  return {
    text: `within ${allowed} times`,
    reached: worse === undefined ? 'not measured' : `${worse.toFixed(2)} times`,
    met: worse !== undefined && worse <= allowed,
  }
}
