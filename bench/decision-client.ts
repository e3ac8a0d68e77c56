import type { Access } from '../ts/access/access.ts'
import { createAccess } from '../ts/access/create-access.ts'
import type { Principal } from '../ts/access/principal.ts'
import { loadConfig } from '../ts/config.ts'
import { collections, schemaVersion } from '../ts/metadata/schema.ts'
import { openSqliteEngine } from '../ts/metadata/sqlite.ts'
import { timedEngine } from '../ts/metadata/timed-engine.ts'
import type { Ask } from './platform/seeded.ts'
import { median } from './statistics.ts'

/** What the parent writes to stdin, as JSON. */
export interface DecisionOrder {
  readonly dataDir: string
  readonly asks: readonly Ask[]
}

/** What it prints, as JSON: the median of a decision that is made for the first time, and again. */
export interface DecisionReport {
  readonly coldMicros: number
  readonly hotMicros: number
  readonly explainMicros: number
  /** Reads of the store, the mean. */
  readonly coldReads: number
  readonly hotReads: number
}

/** Each ask's decision by a gate of its own that remembers nothing at first, with nothing else around it. */
async function main(): Promise<void> {
  const { dataDir, asks }: DecisionOrder = JSON.parse(await textOf(process.stdin))
  const { metadata } = loadConfig({ DATA_DIR: dataDir })
  if (metadata.kind !== 'sqlite') throw new Error('This is for the embedded store.')
  const opened = await openSqliteEngine({ path: metadata.path, collections, schemaVersion, readOnly: true })
  let reads = 0
  const engine = timedEngine(opened, () => {
    reads += 1
  })
  const freshAccess = () =>
    createAccess({
      engine,
      passwords: { hash: refuse, verify: refuse, remembers: () => false, close: async () => {} },
      reservedNames: new Set(),
      defaultOrganization: 'main',
      anonymousAccess: true,
      jwtSecret: 'not used here, as nobody signs in',
      reportError() {},
    })
  const principals = await principalsOf(freshAccess(), asks)
  const timed = async (samples: Samples, decide: () => Promise<unknown>) => {
    const before = reads
    const began = performance.now()
    await decide()
    samples.micros.push((performance.now() - began) * 1000)
    samples.reads += reads - before
  }
  const [cold, hot, explained] = [noSamples(), noSamples(), noSamples()]
  for (const ask of asks) {
    const principal = principals.get(ask.token)
    if (!principal) throw new Error(`Nobody has the token of ${ask.packageName}`)
    const access = freshAccess()
    const enter = () => access.enter(principal, 'read', addressOf(ask), ask.packageName)
    const explain = async () => access.explain(principal, 'delete', await enter(), ask.packageName)
    await timed(cold, enter)
    await timed(hot, enter)
    await timed(explained, explain)
  }
  const report: DecisionReport = {
    coldMicros: median(cold.micros) ?? 0,
    hotMicros: median(hot.micros) ?? 0,
    explainMicros: median(explained.micros) ?? 0,
    coldReads: cold.reads / asks.length,
    hotReads: hot.reads / asks.length,
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
  await engine.close()
}

interface Samples {
  readonly micros: number[]
  reads: number
}

const noSamples = (): Samples => ({ micros: [], reads: 0 })

/** By their tokens, loaded past the gate's memory. */
async function principalsOf(access: Access, asks: readonly Ask[]): Promise<Map<string, Principal>> {
  const principals = new Map<string, Principal>()
  for (const { token } of asks) {
    const record = principals.has(token) ? undefined : await access.tokens.find(token)
    const user = record && (await access.users.get(record.value.userId))
    if (user) principals.set(token, { kind: 'user', user })
  }
  return principals
}

function addressOf({ organization, repository }: Ask) {
  return { protocol: 'npm', organization, repository }
}

async function refuse(): Promise<never> {
  throw new Error('Nobody signs in here.')
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

await main()
