import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Limits } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { incomingBytes } from './incoming-bytes.ts'
import { parseJson } from './json.ts'

const unzip = promisify(gunzip)

/** Which of the limits bounds a body; its variable has the same name in capitals. */
export type BodyLimit = 'maxPublishBytes' | 'maxDocumentBytes' | 'maxManifestBytes' | 'maxBlobBytes'

/** A bound that no variable changes. */
export interface FixedLimit {
  readonly maxBytes: number
  /** What is bounded, as a message begins: `A form`. */
  readonly what: string
}

export type BodyLimits = Pick<Limits, BodyLimit | 'minUploadBytesPerSecond' | 'uploadRateWindowSeconds'>

/**
 * The bytes of the request's body as they come. Throws `payload_too_large` (at once when `Content-Length` says so),
 * `upload_too_slow`, `media_type_unsupported` for a `Content-Encoding`, `payload_invalid` when the client goes away.
 */
export function readBody(c: Context, limits: BodyLimits, limit: BodyLimit): AsyncIterable<Uint8Array> {
  const encoding = encodingOf(c)
  if (encoding !== 'identity') throw unsupportedEncoding(encoding, 'none is supported here')
  return boundedBytes(c, limits, limit)
}

/**
 * The JSON value of the request's body, which may be gzipped; the bound holds for both forms. Throws as `readBody`,
 * and `payload_invalid` with line and column for what is no JSON. Content-Type is not looked at.
 */
export async function readJson(
  c: Context,
  limits: BodyLimits,
  limit: BodyLimit = 'maxDocumentBytes',
): Promise<unknown> {
  return parseJson(await readWhole(c, limits, limit))
}

/** The whole body in memory, gunzipped when it is gzipped; throws as `readJson`. For small bodies. */
export async function readWhole(
  c: Context,
  limits: BodyLimits,
  limit: BodyLimit | FixedLimit = 'maxDocumentBytes',
): Promise<Uint8Array> {
  const encoding = encodingOf(c)
  if (encoding !== 'identity' && encoding !== 'gzip') throw unsupportedEncoding(encoding, 'send gzip or none')
  const chunks: Uint8Array[] = []
  for await (const chunk of boundedBytes(c, limits, limit)) chunks.push(chunk)
  const [only] = chunks
  const body = chunks.length === 1 && only ? only : Buffer.concat(chunks)
  return encoding === 'gzip' ? gunzipped(body, bytesOf(limits, limit), limit) : body
}

function encodingOf(c: Context): string {
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() || 'identity'
  return encoding === 'x-gzip' ? 'gzip' : encoding
}

function unsupportedEncoding(encoding: string, instead: string): RegistryError {
  const message = `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported: ${instead}.`
  return new RegistryError('media_type_unsupported', message, { field: 'Content-Encoding' })
}

function bytesOf(limits: BodyLimits, limit: BodyLimit | FixedLimit): number {
  return typeof limit === 'string' ? limits[limit] : limit.maxBytes
}

function boundedBytes(c: Context, limits: BodyLimits, limit: BodyLimit | FixedLimit): AsyncIterable<Uint8Array> {
  const maxBytes = bytesOf(limits, limit)
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes, limit)
  return bounded(sourceOf(c, limits), maxBytes, limit)
}

async function* bounded(source: AsyncIterable<Uint8Array>, maxBytes: number, limit: BodyLimit | FixedLimit) {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    if (total > maxBytes) throw tooLarge(maxBytes, limit)
    yield chunk
  }
}

function sourceOf(c: Context, limits: BodyLimits): AsyncIterable<Uint8Array> {
  const { incoming }: Partial<HttpBindings> = c.env ?? {}
  if (incoming) {
    const bounds = { minBytesPerSecond: limits.minUploadBytesPerSecond, windowSeconds: limits.uploadRateWindowSeconds }
    return incomingBytes(incoming, bounds)
  }
  return webBytes(c.req.raw.body)
}

async function* webBytes(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) yield* body
}

function tooLarge(maxBytes: number, limit: BodyLimit | FixedLimit): RegistryError {
  if (typeof limit !== 'string') {
    return new RegistryError('payload_too_large', `${limit.what} has at most ${maxBytes} bytes. Send less.`)
  }
  const variable = limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return new RegistryError(
    'payload_too_large',
    `The body is larger than ${maxBytes} bytes; ${variable} raises the limit.`,
  )
}

async function gunzipped(body: Uint8Array, maxBytes: number, limit: BodyLimit | FixedLimit): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes })
  } catch (err) {
    if (err instanceof RangeError) throw tooLarge(maxBytes, limit)
    throw new RegistryError('payload_invalid', 'The body is not valid gzip.', { field: 'Content-Encoding' })
  }
}
