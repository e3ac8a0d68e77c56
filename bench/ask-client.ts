import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** One request to ask. */
export interface Question {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What the parent writes to stdin, as JSON. */
export interface AskOrder {
  /** Asked in this order, again from the beginning when all were asked. */
  readonly questions: readonly Question[]
  /** How many are on their way at a time. */
  readonly clients: number
  readonly seconds: number
  /** Ends when each was asked once, or after that time. */
  readonly once?: boolean
}

/** What it prints, as JSON. */
export interface AskReport {
  readonly asked: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly problem?: string
}

/** Measures from the sending of a request to the last byte of its answer, which must be a 200. */
async function main(): Promise<void> {
  const { questions, clients, seconds, once = false }: AskOrder = JSON.parse(await text(process.stdin))
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const latencies: number[] = []
  let problem: string | undefined
  let next = 0
  const start = performance.now()
  const client = async () => {
    while (problem === undefined && performance.now() - start < seconds * 1000) {
      const question = questions[next % questions.length]
      if (!question || (once && next >= questions.length)) return
      next += 1
      const began = performance.now()
      problem ??= await ask(question, agent)
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const found = { asked: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }
  const report: AskReport = { ...found, ...(problem === undefined ? {} : { problem }) }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** What was wrong, if anything. */
function ask({ url, headers }: Question, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response: IncomingMessage) => {
      text(response).then((said) => {
        resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${url} ${said.slice(0, 200)}`)
      }, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

await main()
