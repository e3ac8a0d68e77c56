import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { answerBytes, completeHeaders, exchangeOf } from './answer.ts'
import type { ByteRange, ByteSource } from './byte-source.ts'
import { isNotModified } from './conditional.ts'
import { type Remembering, rememberAnswer, withoutContent } from './hot-answers.ts'
import { requestedRange } from './range.ts'
import { openExisting, writeChunks, writeFile } from './write-body.ts'

/** Up to this size bytes are gathered before they are sent, in one write. */
const smallBytes = 1024 * 1024

export interface SendableBlob<Name extends string = string> {
  readonly blobs: ByteSource<Name>
  readonly digest: Name
  readonly sizeBytes: number
  readonly contentType: string
  /** In quotes; as the bytes never change, the digest will do. */
  readonly etag: string
  readonly lastModified?: Date
  /** Offered as the name to save under. */
  readonly filename?: string
  /** Default `no-cache`. */
  readonly cacheControl?: string
  /** Further headers, lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** As with documents; looked at for whole answers of at most 1 MiB. */
  readonly remember?: Remembering
  /** Thrown in place of `unavailable` where clients can bring lost bytes again: they should hear that it is not here. */
  readonly whenMissing?: () => RegistryError
  /** HEAD, too, is answered 200 only when the bytes are there; for small ones, since they are read. */
  readonly readsForHead?: true
}

/**
 * Answers with a blob: 200, 206 for one range, 304, the headers alone to HEAD; resolves when the client has it all
 * or has gone. Throws `range_invalid`, and `unavailable` when bytes are missing: somebody has a record of them, so the
 * store is at fault and not the client. When that shows in the middle of an answer, the connection is cut. Bytes go straight to node's response, at most two chunks waiting; without one
 * (tests) they become a web stream.
 */
export async function sendBlob<Name extends string>(c: Context, blob: SendableBlob<Name>): Promise<Response> {
  const headers = blobHeaders(blob, exchangeOf(c).https)
  const ifModifiedSince = c.req.header('if-modified-since')
  if (isNotModified({ ifNoneMatch: c.req.header('if-none-match'), ifModifiedSince }, blob)) {
    return answerBytes(c, 304, withoutContent(headers), undefined)
  }
  const asked = { range: c.req.header('range'), ifRange: c.req.header('if-range') }
  const range = c.req.method === 'HEAD' ? undefined : requestedRange(asked, blob.sizeBytes, blob.etag)
  if (range) Object.assign(headers, rangeHeaders(range, blob.sizeBytes))
  const status = range ? 206 : 200
  if (c.req.method === 'HEAD') {
    const isWorthIt = blob.remember && !blob.remember.getOnly && blob.sizeBytes <= smallBytes
    if (isWorthIt || blob.readsForHead) await gatheredWhole(c, blob, headers)
    return answerBytes(c, 200, headers, undefined)
  }
  const bytes = range ? range.end - range.start + 1 : blob.sizeBytes
  if (bytes > smallBytes) return sendLarge(c, status, headers, blob, range)
  const body = range
    ? await gathered(c, await opened(c, blob, range), bytes, blob)
    : await gatheredWhole(c, blob, headers)
  return answerBytes(c, status, headers, body)
}

/** All the bytes, and with them the answer remembered, if it may be. */
async function gatheredWhole<Name extends string>(
  c: Context,
  blob: SendableBlob<Name>,
  headers: Record<string, string>,
) {
  const body = await gathered(c, await opened(c, blob, undefined), blob.sizeBytes, blob)
  if (blob.remember) rememberAnswer(c, { ...blob.remember, headers: { ...headers }, body, etag: blob.etag })
  return body
}

function blobHeaders(blob: SendableBlob, https: boolean): Record<string, string> {
  const own: Record<string, string> = {
    'content-type': blob.contentType,
    'content-length': String(blob.sizeBytes),
    etag: blob.etag,
    'cache-control': blob.cacheControl ?? 'no-cache',
    'accept-ranges': 'bytes',
  }
  if (blob.lastModified) own['last-modified'] = blob.lastModified.toUTCString()
  if (blob.filename !== undefined) own['content-disposition'] = attachment(blob.filename)
  return completeHeaders({ ...own, ...blob.headers }, https)
}

function rangeHeaders({ start, end }: ByteRange, sizeBytes: number): Record<string, string> {
  return { 'content-range': `bytes ${start}-${end}/${sizeBytes}`, 'content-length': String(end - start + 1) }
}

/** RFC 6266: an ASCII form for old clients, the exact name beside it when they differ. */
function attachment(filename: string): string {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact =
    ascii === filename ? '' : `; filename*=UTF-8''${encodeURIComponent(filename).replace(/['()*]/g, escape)}`
  return `attachment; filename="${ascii}"${exact}`
}

async function opened<Name extends string>(
  c: Context,
  blob: SendableBlob<Name>,
  range: ByteRange | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  return (await blob.blobs.read(blob.digest, range)) ?? missing(c, blob)
}

function missing(c: Context, blob: SendableBlob, what = `The store has no bytes for ${blob.digest}`): never {
  const { digest, whenMissing } = blob
  const message = 'The bytes of this file are missing in the store; the administrator of this server must restore them.'
  if (!whenMissing) throw new RegistryError('unavailable', message, {}, { cause: new Error(what) })
  // By its status the answer is a client's fault, which is not logged as one of the store's.
  logOf(c)?.error({ digest }, `${what}; \`stowage fsck\` tells which files need them`)
  throw whenMissing()
}

function logOf(c: Context): Log | undefined {
  return c.get('log')
}

/** A client that was promised more bytes than come would wait for them. */
async function gathered(
  c: Context,
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  blob: SendableBlob,
): Promise<Buffer<ArrayBuffer>> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  const found = all.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (found !== sizeBytes) missing(c, blob, `The store has ${found} bytes for ${sizeBytes} of ${blob.digest}`)
  const [only] = all
  if (all.length === 1 && only?.buffer instanceof ArrayBuffer) {
    return Buffer.from(only.buffer, only.byteOffset, only.byteLength)
  }
  return Buffer.concat(all)
}

async function sendLarge<Name extends string>(
  c: Context,
  status: 200 | 206,
  headers: Record<string, string>,
  blob: SendableBlob<Name>,
  range: ByteRange | undefined,
): Promise<Response> {
  const { outgoing, requestId } = exchangeOf(c)
  if (requestId !== undefined) headers['x-request-id'] = requestId
  if (!outgoing) return new Response(ReadableStream.from(await opened(c, blob, range)), { status, headers })
  const path = blob.blobs.localPath(blob.digest)
  const { start, end } = range ?? { start: 0, end: blob.sizeBytes - 1 }
  const bytes = end - start + 1
  if (path === undefined) {
    const chunks = await opened(c, blob, range)
    await writeAnswer(c, outgoing, status, headers, blob.digest, () => writeChunks(outgoing, chunks, bytes))
  } else {
    await using file = (await openExisting(path)) ?? missing(c, blob)
    await writeAnswer(c, outgoing, status, headers, blob.digest, () => writeFile(outgoing, file, { start, end }))
  }
  return RESPONSE_ALREADY_SENT
}

async function writeAnswer(
  c: Context,
  outgoing: ServerResponse,
  status: 200 | 206,
  headers: Record<string, string>,
  digest: string,
  writeBody: () => Promise<void>,
): Promise<void> {
  outgoing.writeHead(status, headers)
  try {
    await writeBody()
    outgoing.end()
  } catch (err) {
    // The status is gone already: a cut connection is the only way left to say that bytes are missing.
    logOf(c)?.error({ err, digest }, 'Reading a blob failed in the middle of an answer')
    outgoing.destroy()
  }
}
