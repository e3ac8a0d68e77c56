import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../errors.ts'
import { type ProgressBounds, ProgressRule } from './progress.ts'

const mib = 1024 * 1024

/** What running bodies share of memory for bytes that came ahead of their consumers, at least 64 KiB each. */
const sharedAheadBytes = 4 * mib
/** With the chunk that comes on top no more than 1 MiB: longer pieces are hashed in parts, which cannot be freed. */
const mostAheadBytes = mib - 64 * 1024

let running = 0

/**
 * The body of a node request in pieces of what has come since the last one, which are the consumer's alone; little is
 * read ahead of it. Throws `upload_too_slow` by the progress rule and `payload_invalid` when the client goes away.
 * Ending early leaves the request open, so that an answer can still be written; the rest is drained after it.
 */
export async function* incomingBytes(incoming: IncomingMessage, bounds: ProgressBounds): AsyncGenerator<Uint8Array> {
  const rule = new ProgressRule(bounds)
  using received = new Received(incoming)
  for (;;) {
    const piece = received.take()
    if (piece) {
      rule.received(piece.length, 0)
      yield piece
    } else if (incoming.readableEnded) {
      return
    } else if (incoming.destroyed) {
      throw goneError()
    } else {
      const from = performance.now()
      await received.change(rule.remainingMs(), bounds)
      rule.received(0, performance.now() - from)
    }
  }
}

/** Gathers chunks as they come: reading them from a paused request would copy them, too, and leave them as garbage. */
class Received implements Disposable {
  readonly #incoming: IncomingMessage
  #chunks: Buffer[] = []
  #sizeBytes = 0
  #wake = () => {}

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming
    running++
    incoming.on('data', this.#add).on('end', this.#changed).on('close', this.#changed).on('error', this.#changed)
  }

  /** All that has come, `undefined` when nothing has. */
  take(): Buffer | undefined {
    const chunks = this.#chunks
    if (chunks.length === 0) return undefined
    const piece = joined(chunks, this.#sizeBytes)
    this.#chunks = []
    this.#sizeBytes = 0
    if (this.#incoming.isPaused()) this.#incoming.resume()
    return piece
  }

  /** Resolves when more came or the body ended or failed; throws `upload_too_slow`. */
  async change(withinMs: number, bounds: ProgressBounds): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(slowError(bounds)), Math.max(withinMs, 0))
    this.#wake = resolve
    try {
      await promise
    } finally {
      clearTimeout(timer)
    }
  }

  [Symbol.dispose](): void {
    running--
    const { complete } = this.#incoming
    this.#incoming.off('data', this.#add).off('end', this.#changed).off('close', this.#changed)
    this.#incoming.off('error', this.#changed)
    if (!complete) this.#incoming.pause()
    else if (!this.#incoming.readableEnded) this.#incoming.resume()
  }

  readonly #changed = () => this.#wake()

  readonly #add = (chunk: Buffer) => {
    this.#chunks.push(chunk)
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes >= Math.min(mostAheadBytes, Math.max(mib / 16, sharedAheadBytes / running)))
      this.#incoming.pause()
    this.#wake()
  }
}

/** One piece of memory of its own. That of the chunks is freed: as garbage it would have node collect all the time. */
function joined(chunks: readonly Buffer[], sizeBytes: number): Buffer | undefined {
  if (chunks.length === 1) return chunks[0]
  const whole = Buffer.allocUnsafeSlow(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
    if (isAlone(chunk)) chunk.buffer.transfer(0)
  }
  return whole
}

/** Node makes each chunk of a body anew; small ones may share their memory with other things. */
function isAlone(chunk: Buffer): chunk is Buffer<ArrayBuffer> {
  return chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer
}

function goneError(): RegistryError {
  return new RegistryError('payload_invalid', 'The connection closed before the whole body had come')
}

function slowError({ minBytesPerSecond, windowSeconds }: ProgressBounds): RegistryError {
  const message =
    `The upload brought less than ${minBytesPerSecond} bytes a second over ${windowSeconds} seconds ` +
    '(MIN_UPLOAD_RATE, UPLOAD_RATE_WINDOW); send it again over a faster connection'
  return new RegistryError('upload_too_slow', message)
}
