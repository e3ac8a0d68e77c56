import type { Contestant } from '../contestants/contestant.ts'
import { startStowage } from '../contestants/stowage.ts'
import { type PreparedPlatform, packageCounts, preparedPlatform, startAll } from '../platform/prepared.ts'
import { memoryOf } from '../processes.ts'
import type { Line } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { compared } from './compared.ts'
import { publishTurn } from './publish.ts'
import { readById, readTurn } from './read.ts'
import type { Row } from './row.ts'
import { startTurn } from './start.ts'

const table = 'Few packages against very many'

/** The same figures of two installations that differ in nothing but their size. */
export const scaleRow: Row = {
  id: 'scale-figures',
  title: 'starting, memory, reading and publishing at 1,000,000 packages against 1,000',
  async run(setting) {
    const { few, many } = packageCounts(setting)
    const sides = [await preparedPlatform(setting, few), await preparedPlatform(setting, many)]
    const lines = [await startLine(setting, sides)]
    const servers = await startAll(sides)
    try {
      lines.push(...(await linesOf(setting, servers)))
    } finally {
      for (const server of servers) await server.stop()
    }
    return lines
  },
}

async function startLine(setting: Setting, sides: readonly PreparedPlatform[]): Promise<Line> {
  const turns = sides.map((side) => startTurn(side.name, () => startStowage(side)))
  return compared(table, 'process start to the first answer', 's', await alternate(setting.rounds, turns))
}

/** Memory first, before anything was asked of the servers. */
async function linesOf(setting: Setting, servers: readonly Contestant[]): Promise<Line[]> {
  const { rounds, seconds } = setting
  const lines = [compared(table, 'memory idle', 'MiB', await alternate(rounds, servers.map(memoryTurn)))]
  for (const id of ['packument-100-identity', 'packument-100-gzip', 'packument-100-304', 'tarball-20k']) {
    const read = readById(id)
    if (!read) continue
    const figures = await alternate(
      rounds,
      servers.map((server) => readTurn(server, read, seconds)),
    )
    lines.push(compared(table, read.title, 'requests/s', figures))
  }
  for (const clients of [1, 16]) {
    const figures = await alternate(
      rounds,
      servers.map((server) => publishTurn(server, clients, seconds)),
    )
    lines.push(compared(table, `publish of 20 KB, clients: ${clients}`, 'publishes/s', figures))
  }
  const after = await alternate(rounds, servers.map(memoryTurn))
  return [...lines, compared(table, 'memory after all of this', 'MiB', after)]
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
