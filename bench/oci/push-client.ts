import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { blobOf, type Seeded, type SeededBlob } from './content.ts'
import { paths } from './image.ts'

/** What the parent writes to stdin, as JSON. */
export interface PushOrder {
  /** What names of images are appended to. */
  readonly registry: string
  readonly headers: Readonly<Record<string, string>>
  readonly image: string
  readonly blobs: readonly Seeded[]
  /** How many are on their way at a time. */
  readonly clients: number
  /** `whole`: one PUT with its length, as containerd does. `streamed`: a PATCH of unknown length, then a PUT, as docker does. */
  readonly how: 'whole' | 'streamed'
  /** Whatever is on its way then is broken off. */
  readonly cutSeconds?: number
}

/** What it prints, as JSON. */
export interface PushReport {
  /** Answered as kept. */
  readonly pushed: number
  /** Handed to the network, those that were broken off too. */
  readonly sentBytes: number
  readonly seconds: number
  readonly p99Ms: number
  readonly problem?: string
}

/** Bytes and digests are made before the clock starts, so that the client does little but send while it runs. */
async function main(): Promise<void> {
  const order: PushOrder = JSON.parse(await text(process.stdin))
  const blobs = blobsOf(order.blobs)
  const push = new Push(order)
  const latencies: number[] = []
  let problem: string | undefined
  const start = performance.now()
  const cut = order.cutSeconds === undefined ? undefined : setTimeout(() => push.breakOff(), order.cutSeconds * 1000)
  const client = async () => {
    for (let blob = blobs.shift(); blob && problem === undefined && !push.isBrokenOff; blob = blobs.shift()) {
      const began = performance.now()
      const said = await push.blob(blob).catch((err: unknown) => (err instanceof Error ? err.message : String(err)))
      if (said === undefined) latencies.push(performance.now() - began)
      else if (!push.isBrokenOff) problem ??= said
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client))
  clearTimeout(cut)
  const seconds = (performance.now() - start) / 1000
  push.end()
  const report: PushReport = {
    pushed: latencies.length,
    sentBytes: push.sentBytes,
    seconds,
    p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0,
    ...(problem === undefined ? {} : { problem }),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** One that is named several times is made once: hashing a gibibyte takes most of a second. */
function blobsOf(seeds: readonly Seeded[]): SeededBlob[] {
  const made = new Map<string, SeededBlob>()
  return seeds.map((seed) => {
    const blob = made.get(seed.seed) ?? blobOf(seed)
    made.set(seed.seed, blob)
    return blob
  })
}

class Push {
  readonly #order: PushOrder
  readonly #agent: Agent
  readonly #cut = new AbortController()
  sentBytes = 0

  constructor(order: PushOrder) {
    this.#order = order
    this.#agent = new Agent({ keepAlive: true, maxSockets: order.clients })
  }

  get isBrokenOff(): boolean {
    return this.#cut.signal.aborted
  }

  breakOff(): void {
    this.#cut.abort()
  }

  end(): void {
    this.#agent.destroy()
  }

  /** What was wrong, if anything. */
  async blob(blob: SeededBlob): Promise<string | undefined> {
    const { registry, image, how } = this.#order
    const opened = await this.#send('POST', `${registry}${paths.uploads(image)}`)
    if (opened.statusCode !== 202) return said('POST', opened)
    let location = await locationOf(opened, registry)
    if (how === 'streamed') {
      const patched = await this.#send('PATCH', location, blob, {})
      if (patched.statusCode !== 202) return said('PATCH', patched)
      location = await locationOf(patched, registry)
    }
    const place = new URL(location)
    place.searchParams.set('digest', blob.digest)
    const body = how === 'whole' ? blob : undefined
    const put = await this.#send('PUT', place.href, body, { 'content-length': String(body?.sizeBytes ?? 0) })
    if (put.statusCode !== 201) return said('PUT', put)
    await text(put)
    return undefined
  }

  #send(
    method: string,
    url: string,
    body?: SeededBlob,
    extra: Record<string, string> = { 'content-length': '0' },
  ): Promise<IncomingMessage> {
    const type = body ? { 'content-type': 'application/octet-stream' } : {}
    const headers = { ...this.#order.headers, ...type, ...extra }
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, agent: this.#agent, headers, signal: this.#cut.signal }, resolve)
      sent.on('error', reject)
      const pieces = body?.pieces()[Symbol.iterator]()
      const write = () => {
        for (let next = pieces?.next(); next && !next.done; next = pieces?.next()) {
          this.sentBytes += next.value.length
          if (!sent.write(next.value)) return void sent.once('drain', write)
        }
        sent.end()
      }
      write()
    })
  }
}

async function locationOf(response: IncomingMessage, base: string): Promise<string> {
  await text(response)
  return new URL(response.headers.location ?? '', base).href
}

async function said(method: string, response: IncomingMessage): Promise<string> {
  return `${method} answered ${response.statusCode} ${(await text(response)).slice(0, 300)}`
}

await main()
