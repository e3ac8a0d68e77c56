import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../errors.ts'
import { type ProgressBounds, ProgressRule } from './progress.ts'

/**
 * The body of a node request, piece by piece, nothing read ahead of the consumer beyond node's own buffer. Throws
 * `upload_too_slow` by the progress rule and `payload_invalid` when the client goes away. Ending early leaves the
 * request open, so that an answer can still be written; the rest is drained after it.
 */
export async function* incomingBytes(incoming: IncomingMessage, bounds: ProgressBounds): AsyncGenerator<Uint8Array> {
  const rule = new ProgressRule(bounds)
  for (;;) {
    const chunk: Buffer | null = incoming.read()
    if (chunk !== null) {
      rule.received(chunk.length, 0)
      yield chunk
    } else if (incoming.readableEnded) {
      return
    } else if (incoming.destroyed) {
      throw goneError()
    } else {
      const from = performance.now()
      await readiness(incoming, rule.remainingMs(), bounds)
      rule.received(0, performance.now() - from)
    }
  }
}

function goneError(): RegistryError {
  return new RegistryError('payload_invalid', 'The connection closed before the whole body had come')
}

/** Resolves when there is something to read or the body ended or failed. */
function readiness(incoming: IncomingMessage, withinMs: number, bounds: ProgressBounds): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (err?: RegistryError) => {
      clearTimeout(timer)
      incoming.off('readable', ready).off('end', ready).off('close', ready).off('error', failed)
      if (err) reject(err)
      else resolve()
    }
    const ready = () => settle()
    const failed = () => settle(goneError())
    const timer = setTimeout(() => settle(slowError(bounds)), Math.max(withinMs, 0))
    incoming.on('readable', ready).on('end', ready).on('close', ready).on('error', failed)
  })
}

function slowError({ minBytesPerSecond, windowSeconds }: ProgressBounds): RegistryError {
  const message =
    `The upload brought less than ${minBytesPerSecond} bytes a second over ${windowSeconds} seconds ` +
    '(MIN_UPLOAD_RATE, UPLOAD_RATE_WINDOW); send it again over a faster connection'
  return new RegistryError('upload_too_slow', message)
}
