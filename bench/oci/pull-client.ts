import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

/** What the parent writes to stdin, as JSON. */
export interface PullOrder {
  readonly url: string
  readonly method: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  /** Each connection asks so often, and no more after so many seconds, whichever ends first. */
  readonly requestsEach: number
  readonly seconds: number
  /** Whether an answer that is still coming then is broken off. */
  readonly cuts?: boolean
}

/** What it prints, as JSON. */
export interface PullReport {
  /** Answered to the end. */
  readonly answered: number
  readonly receivedBytes: number
  readonly seconds: number
  readonly p99Ms: number
  readonly problem?: string
}

const bufferBytes = 1024 * 1024

/**
 * Reads into one buffer and throws away: of all clients this one takes least from the server beside it. And wrk can do
 * neither: it waits for the body of a HEAD, and counts a large answer when it has ended only.
 */
async function main(): Promise<void> {
  const order: PullOrder = JSON.parse(await text(process.stdin))
  const tally: Tally = { latencies: [], receivedBytes: 0, start: performance.now() }
  await Promise.all(Array.from({ length: order.connections }, () => converse(order, tally)))
  const { latencies, receivedBytes, problem } = tally
  const report: PullReport = {
    answered: latencies.length,
    receivedBytes,
    seconds: (performance.now() - tally.start) / 1000,
    p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0,
    ...(problem === undefined ? {} : { problem }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

interface Tally {
  readonly latencies: number[]
  receivedBytes: number
  readonly start: number
  problem?: string
}

/** One connection's requests, one after the other; resolves when it is closed. */
function converse(order: PullOrder, tally: Tally): Promise<void> {
  const { hostname: host, port } = new URL(order.url)
  const buffer = Buffer.allocUnsafe(bufferBytes)
  const answer = new AnswerReader(order.method)
  let began = 0
  let left = order.requestsEach
  const ask = () => {
    const isOver = performance.now() - tally.start > order.seconds * 1000
    if (left === 0 || isOver || tally.problem !== undefined) return void socket.destroy()
    left -= 1
    began = performance.now()
    socket.write(asked)
  }
  const fail = (problem: string) => {
    tally.problem ??= problem
    socket.destroy()
  }
  const receive = (bytes: number): boolean => {
    tally.receivedBytes += bytes
    const said = answer.take(buffer.subarray(0, bytes))
    if (said === 'ended') {
      tally.latencies.push(performance.now() - began)
      ask()
    } else if (said !== 'more') fail(said.problem)
    return true
  }
  const asked = requestOf(order)
  const socket = connect({ host, port: Number(port), noDelay: true, onread: { buffer, callback: receive } })
  const cut = order.cuts ? setTimeout(() => socket.destroy(), order.seconds * 1000) : undefined
  socket.on('connect', ask)
  socket.on('error', (err) => fail(err.message))
  socket.on('end', () => fail('the server closed the connection'))
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearTimeout(cut)
      resolve()
    })
  })
}

/** Finds where the answers of a connection end, each of which says how long it is. */
class AnswerReader {
  readonly #method: PullOrder['method']
  #head = ''
  #missing = 0

  constructor(method: PullOrder['method']) {
    this.#method = method
  }

  take(bytes: Buffer): 'more' | 'ended' | { problem: string } {
    if (this.#missing > 0) this.#missing -= bytes.length
    else {
      this.#head += bytes.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return 'more'
      const length = lengthOf(this.#head.slice(0, end))
      if (length === undefined) return { problem: `answered ${this.#head.slice(0, 200)}` }
      this.#missing = (this.#method === 'HEAD' ? 0 : length) - (this.#head.length - end - 4)
      this.#head = ''
    }
    return this.#missing > 0 ? 'more' : 'ended'
  }
}

function requestOf({ url, method, headers }: PullOrder): string {
  const { pathname, search, host } = new URL(url)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Of the body that follows; `undefined` unless it is a 200 that says so. */
function lengthOf(head: string): number | undefined {
  const length = head.match(/\r\ncontent-length: *(\d+)/i)?.[1]
  return /^HTTP\/1\.1 200 /.test(head) && length !== undefined ? Number(length) : undefined
}

await main()
