import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { generatePackage, publishBody } from './packages.ts'

/** What the parent writes to stdin, as JSON. */
export interface PublishOrder {
  readonly registry: string
  readonly headers: Readonly<Record<string, string>>
  /** How many publishes are on their way at a time. */
  readonly clients: number
  /** Names are made from it: no two orders for one server share it. */
  readonly prefix: string
  readonly fileBytes: number
  /** Ends after so many publishes or seconds, whichever comes first. */
  readonly count: number
  readonly seconds: number
  /** How long each client waits after a publish; default: not at all. */
  readonly pauseMs?: number
}

/** What it prints, as JSON. */
export interface PublishReport {
  readonly published: number
  readonly seconds: number
  readonly p99Ms: number
  readonly problem?: string
}

/** Bodies are made before the clock starts, so that only the server works while it runs. */
async function main(): Promise<void> {
  const order: PublishOrder = JSON.parse(await textOf(process.stdin))
  const agent = new Agent({ keepAlive: true, maxSockets: order.clients })
  const bodies = Array.from({ length: order.count }, (_, i) => {
    const name = `${order.prefix}-${i}`
    return { name, body: publishBody(generatePackage(name, '1.0.0', order.fileBytes)) }
  })
  const latencies: number[] = []
  let problem: string | undefined
  const start = performance.now()
  const client = async () => {
    while (problem === undefined && performance.now() - start < order.seconds * 1000) {
      const next = bodies.shift()
      if (!next) return
      const began = performance.now()
      const said = await put(order, agent, next.name, next.body)
      if (said !== undefined) problem ??= said
      else latencies.push(performance.now() - began)
      if (order.pauseMs) await wait(order.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client))
  const seconds = (performance.now() - start) / 1000
  agent.destroy()
  const report: PublishReport = {
    published: latencies.length,
    seconds,
    p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0,
    ...(problem === undefined ? {} : { problem }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** What was wrong, if anything. */
function put(order: PublishOrder, agent: Agent, name: string, body: Buffer): Promise<string | undefined> {
  const headers = { ...order.headers, 'content-type': 'application/json', 'content-length': body.length }
  return new Promise((resolve, reject) => {
    const sent = request(`${order.registry}/${name}`, { method: 'PUT', agent, headers }, async (response) => {
      const said = await textOf(response)
      const status = response.statusCode ?? 0
      resolve(status === 200 || status === 201 ? undefined : `${status} ${said.slice(0, 300)}`)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

await main()
