import type { Contestant } from '../contestants/contestant.ts'
import { runStowage, startStowage } from '../contestants/stowage.ts'
import type { ReadRequest } from '../requests.ts'
import { atLeastShare, type Line } from '../results.ts'
import { alternate } from '../rounds.ts'
import type { Setting } from '../setting.ts'
import { readById, readTurn } from './read.ts'
import type { Row } from './row.ts'

const withToken = 'with a token'
const anonymous = 'anonymous'
const reads = ['packument-100-identity', 'packument-100-gzip', 'packument-100-304'].map(readById)

/** A request with a date as its condition is never answered from memory: each is authenticated and authorized anew. */
const pastMemory = { 'if-modified-since': new Date(0).toUTCString() }

/** What it costs to know who asks: the same server and the same public repository, with a token and without. */
export const authenticatedRow: Row = {
  id: 'authenticated',
  title: 'packument of a public repository with a token against anonymous',
  async run(setting) {
    const data = await setting.freshStowageData()
    await runStowage(data.dataDir, ['repo', 'set', 'npm/main/npm', '--visibility', 'public'])
    const server = await startStowage(data)
    const lines: Line[] = []
    try {
      for (const read of reads) {
        if (!read) continue
        lines.push(await compared(setting, server, read))
        const title = `${read.title}, never from memory`
        lines.push(await compared(setting, server, { ...read, title }, pastMemory))
      }
    } finally {
      await server.stop()
    }
    return lines
  },
}

async function compared(
  { rounds, seconds }: Setting,
  server: Contestant,
  read: ReadRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<Line> {
  const figures = await alternate(rounds, [
    readTurn({ ...server, name: withToken, headers: { ...server.headers, ...headers } }, read, seconds),
    readTurn({ ...server, name: anonymous, headers }, read, seconds),
  ])
  const aim = atLeastShare(figures, withToken, anonymous, 0.85)
  return { table: 'With a token against anonymous', title: read.title, unit: 'requests/s', figures, aim }
}
