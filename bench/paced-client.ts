import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { longestLoopStopMs } from './metrics.ts'

/** What the parent writes to stdin, as JSON. */
export interface PacedOrder {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** A request is sent when it is due, whether those before it were answered or not. */
  readonly requestsPerSecond: number
  readonly seconds: number
}

/** What it prints, as JSON. A latency counts from when the request was due. */
export interface PacedReport {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestMs: number
  /** Of the server's event loop meanwhile. */
  readonly loopStopMs?: number | undefined
  readonly problem?: string
}

const warmUps = 100

/** Asks at an even pace that leaves the server idle most of the time: what each request waits for is then others' work. */
async function main(): Promise<void> {
  const order: PacedOrder = JSON.parse(await text(process.stdin))
  const agent = new Agent({ keepAlive: true })
  // What starting costs, here and there, belongs to no request.
  for (let i = 0; i < warmUps; i++) await get(order, agent)
  await longestLoopStopMs({ registry: order.url })
  const everyMs = 1000 / order.requestsPerSecond
  const count = Math.round(order.seconds * order.requestsPerSecond)
  const latencies: number[] = []
  let problem: string | undefined
  const start = performance.now()
  const one = async (number: number) => {
    const dueAt = start + number * everyMs
    await wait(Math.max(0, dueAt - performance.now()))
    const status = await get(order, agent)
    if (status !== 200) problem ??= `answered ${status}`
    latencies.push(performance.now() - dueAt)
  }
  await Promise.all(Array.from({ length: count }, (_, number) => one(number)))
  agent.destroy()
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  const report: PacedReport = {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    longestMs: sorted.at(-1) ?? 0,
    loopStopMs: await longestLoopStopMs({ registry: order.url }),
    ...(problem === undefined ? {} : { problem }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

function get({ url, headers }: PacedOrder, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: { ...headers } }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

await main()
