import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What the parent writes to stdin, as JSON. */
export interface RequestOrder {
  readonly method: 'PUT' | 'POST' | 'DELETE'
  /** Each is asked once, in this order, until the seconds are over. */
  readonly urls: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Sent with each. */
  readonly body?: string
  /** The only right answer. */
  readonly status: number
  /** How many are on their way at a time. */
  readonly clients: number
  readonly seconds: number
}

/** What it prints, as JSON. */
export interface RequestReport {
  readonly answered: number
  readonly seconds: number
  readonly p99Ms: number
  readonly problem?: string
}

/** Changes something with every request, over kept connections. */
async function main(): Promise<void> {
  const order: RequestOrder = JSON.parse(await text(process.stdin))
  const agent = new Agent({ keepAlive: true, maxSockets: order.clients })
  const latencies: number[] = []
  let problem: string | undefined
  let next = 0
  const start = performance.now()
  const client = async () => {
    while (problem === undefined && performance.now() - start < order.seconds * 1000) {
      const url = order.urls[next++]
      if (url === undefined) return
      const began = performance.now()
      problem ??= await send(order, agent, url)
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client))
  const seconds = (performance.now() - start) / 1000
  agent.destroy()
  const report: RequestReport = {
    answered: latencies.length,
    seconds,
    p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0,
    ...(problem === undefined ? {} : { problem }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** What was wrong, if anything. */
function send(order: RequestOrder, agent: Agent, url: string): Promise<string | undefined> {
  const { method, status, body = '' } = order
  const headers = { ...order.headers, 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, async (response) => {
      const said = await text(response)
      const isRight = response.statusCode === status
      resolve(isRight ? undefined : `${method} ${url} answered ${response.statusCode} ${said.slice(0, 300)}`)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

await main()
