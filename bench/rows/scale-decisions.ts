import { askTurn } from '../asking.ts'
import { runClient } from '../clients.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { startStowage } from '../contestants/stowage.ts'
import type { DecisionOrder, DecisionReport } from '../decision-client.ts'
import { drive } from '../load.ts'
import { type PreparedPlatform, packageCounts, preparedPlatform, startAll } from '../platform/prepared.ts'
import type { Ask } from '../platform/seeded.ts'
import type { Figure, Line } from '../results.ts'
import { alternate, type Turn } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { compared } from './compared.ts'
import type { Row } from './row.ts'

const table = 'Permission decisions, few packages against very many'
/** A request with a date as its condition is never answered from memory: each is decided anew. */
const pastMemory = { 'if-modified-since': new Date(0).toUTCString() }

/** What it takes to know whether somebody may read, hot and cold, in a small installation and in a large one. */
export const scaleDecisionsRow: Row = {
  id: 'scale-decisions',
  title: 'permission decisions at 1,000,000 packages against 1,000',
  async run(setting) {
    const { few, many } = packageCounts(setting)
    const sides = [await preparedPlatform(setting, few), await preparedPlatform(setting, many)]
    const servers = await startAll(sides)
    try {
      const asked = asManyCallers(sides)
      const lines = [await hotLine(setting, asked, servers), await manyCallersLine(setting, asked, servers)]
      return [...lines, await coldLine(setting, asked), ...(await gateLines(setting, asked))]
    } finally {
      for (const server of servers) await server.stop()
    }
  },
}

/** A side, and what is asked of it. */
interface Asked {
  readonly side: PreparedPlatform
  /** One of each caller, equally many on both sides: the first use of each token in a minute is a write. */
  readonly asks: readonly Ask[]
}

function asManyCallers(sides: readonly PreparedPlatform[]): Asked[] {
  const each = sides.map(({ platform }) => [...new Map(platform.asks.map((ask) => [ask.token, ask])).values()])
  const count = Math.min(...each.map(({ length }) => length))
  return sides.map((side, i) => ({ side, asks: evenly(each[i] ?? [], count) }))
}

/** So many, spread over all of them. */
function evenly<T>(all: readonly T[], count: number): T[] {
  const step = all.length / count
  return Array.from({ length: count }, (_, i) => all.slice(Math.floor(i * step), Math.floor(i * step) + 1)).flat()
}

/** One caller and one package, again and again. */
async function hotLine(
  { rounds, seconds }: Setting,
  asked: readonly Asked[],
  servers: readonly Contestant[],
): Promise<Line> {
  const turns = servers.map((server, i): Turn => {
    const [question] = questionsAbout(server, asked[i]?.asks ?? [])
    return {
      contestant: server.name,
      async measure() {
        if (!question) throw new Error('There is nothing to ask.')
        const { requestsPerSecond, p99Ms, problem } = await drive({ ...question, connections: 32, seconds })
        return { value: requestsPerSecond, beside: { 'p99 ms': p99Ms }, ...(problem === undefined ? {} : { problem }) }
      },
    }
  })
  return compared(table, 'packument with a token, one caller', 'requests/s', await alternate(rounds, turns))
}

/** Each at another package, after all of them were here before. */
async function manyCallersLine(
  { rounds, seconds }: Setting,
  asked: readonly Asked[],
  servers: readonly Contestant[],
): Promise<Line> {
  const turns = servers.map((server, i) => {
    const questions = questionsAbout(server, asked[i]?.asks ?? [])
    return askTurn(server.name, 'p50Ms', () => ({ questions, clients: 1, seconds }))
  })
  const title = `packument with a token, ${asked[0]?.asks.length} callers in turn, median`
  return compared(table, title, 'ms', await alternate(rounds, turns))
}

/** Each caller and each package for the first time: a server that has just started. */
async function coldLine({ rounds }: Setting, asked: readonly Asked[]): Promise<Line> {
  const turns = asked.map(({ side, asks }): Turn => {
    return {
      contestant: side.name,
      async measure(round) {
        const server = await startStowage(side)
        try {
          const questions = questionsAbout(server, asks)
          const turn = askTurn(side.name, 'p50Ms', () => ({ questions, clients: 1, seconds: 60, once: true }))
          return await turn.measure(round)
        } finally {
          await server.stop()
        }
      },
    }
  })
  const title = 'packument with a token, each for the first time, median'
  return compared(table, title, 'ms', await alternate(rounds, turns))
}

/** The gate by itself. */
async function gateLines({ rounds }: Setting, asked: readonly Asked[]): Promise<Line[]> {
  const reports = new Map<string, DecisionReport[]>(asked.map(({ side }) => [side.name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { side, asks } of asked) {
      const order = { dataDir: side.dataDir, asks }
      reports.get(side.name)?.push(await runClient<DecisionOrder, DecisionReport>('decision-client.ts', order))
    }
  }
  const line = (title: string, of: keyof DecisionReport, reads?: keyof DecisionReport): Line => {
    const figures = [...reports].map(([contestant, own]): Figure => {
      const beside = reads === undefined ? {} : { reads: (own[0]?.[reads] ?? 0).toFixed(1) }
      return { contestant, samples: own.map((report) => report[of]), beside }
    })
    return compared(table, title, 'µs', figures)
  }
  return [
    line('a decision for the first time, by itself', 'coldMicros', 'coldReads'),
    line('a decision again, by itself', 'hotMicros', 'hotReads'),
    line('an explanation, by itself', 'explainMicros'),
  ]
}

function questionsAbout(server: Contestant, asks: readonly Ask[]) {
  const { origin } = new URL(server.registry)
  return asks.map(({ token, organization, repository, packageName }) => ({
    url: `${origin}/npm/${organization}/${repository}/${packageName}`,
    headers: { authorization: `Bearer ${token}`, ...pastMemory },
  }))
}
