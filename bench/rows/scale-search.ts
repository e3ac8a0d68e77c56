import { askTurn, questionsOf } from '../asking.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { type PreparedPlatform, packageCounts, preparedPlatform, startAll } from '../platform/prepared.ts'
import { type SearchKind, searchKinds } from '../platform/searches.ts'
import { amount, type Figure, type Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { median } from '../statistics.ts'
import type { Row } from './row.ts'

const mostMs = 50

/** Search over HTTP at the full number of packages, as several kinds of callers. */
export const scaleSearchRow: Row = {
  id: 'scale-search',
  title: 'search at 1,000,000 packages',
  async run(setting) {
    const side = await preparedPlatform(setting, packageCounts(setting).many)
    const [server] = await startAll([side])
    if (!server) return []
    try {
      return await linesOf(setting, side, server)
    } finally {
      await server.stop()
    }
  },
}

async function linesOf(setting: Setting, side: PreparedPlatform, server: Contestant): Promise<Line[]> {
  const kinds = searchKinds(side.platform)
  const callers = callersOf(side)
  const lines: Line[] = []
  for (const kind of kinds) lines.push(await line(setting, server, callers, { ...kind, clients: 1 }))
  const paths = mixed(kinds.map((kind) => kind.paths))
  lines.push(await line(setting, server, callers, { title: 'all of these, 4 clients', paths, clients: 4 }))
  return lines
}

interface Searches extends SearchKind {
  readonly clients: number
}

/** Tokens by who it is; anonymous has none. */
function callersOf({ token, platform }: PreparedPlatform): Map<string, string | undefined> {
  const { ofThree, ofThousand } = platform.callers
  return new Map([
    ['anonymous', undefined],
    ['member of 3 organizations', ofThree.token],
    [`member of ${amount(Math.min(1000, platform.size.organizations))}`, ofThousand.token],
    ['platform admin', token],
  ])
}

async function line(
  { rounds, seconds, quick }: Setting,
  server: Contestant,
  callers: ReadonlyMap<string, string | undefined>,
  { title, paths, clients }: Searches,
): Promise<Line> {
  const { origin } = new URL(server.registry)
  const turns = [...callers].map(([name, token]) =>
    askTurn(name, 'p95Ms', () => ({ questions: questionsOf(origin, paths, token), clients, seconds })),
  )
  const figures = await alternate(rounds, turns)
  const table = `Search at ${amount(packageCounts({ quick }).many)} packages, 95th percentile`
  return { table, title, unit: 'ms', figures, aim: everyBelow(figures) }
}

/** The slowest caller's figure decides. */
function everyBelow(figures: readonly Figure[]): NonNullable<Line['aim']> {
  const worst = Math.max(...figures.map(({ samples, problem }) => (problem ? NaN : (median(samples) ?? NaN))))
  return { text: `under ${mostMs} ms`, reached: `${amount(worst)} ms`, met: worst < mostMs }
}

/** One of each in turn. */
function mixed(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, i) => lists.map((list) => list[i % list.length] ?? '')).flat()
}
