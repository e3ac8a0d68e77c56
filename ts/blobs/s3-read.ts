import { Readable } from 'node:stream'
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { clampRange } from './range.ts'
import { asStoreError, isAbsent, statusOf } from './s3-client.ts'
import { sizeOfObject } from './s3-objects.ts'
import type { ByteRange } from './store.ts'

/** The result, or what its failure means to callers. */
export async function mapped<T>(request: Promise<T>): Promise<T> {
  try {
    return await request
  } catch (err) {
    throw asStoreError(err)
  }
}

/** An object's bytes, or a range of them; `undefined` when it is absent. With an ETag, 412 for an object of another one. */
export async function readObject(
  client: S3Client,
  at: { bucket: string; key: string; etag?: string },
  range: ByteRange | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (range && range.end < range.start) return refuseRange(client, at, range)
  const ifMatch = at.etag ? { IfMatch: at.etag } : {}
  const header = range ? { Range: `bytes=${range.start}-${range.end}` } : ifMatch
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: at.bucket, Key: at.key, ...header }))
    return Body instanceof Readable ? bodyChunks(Body) : undefined
  } catch (err) {
    if (isAbsent(err)) return undefined
    if (range && statusOf(err) === 416) return refuseRange(client, at, range)
    throw err
  }
}

/** S3 ignores a reversed range and tells no size with a refused one, so that the size is asked for. */
async function refuseRange(
  client: S3Client,
  at: { bucket: string; key: string },
  range: ByteRange,
): Promise<undefined> {
  const sizeBytes = await sizeOfObject(client, at)
  if (sizeBytes !== undefined) clampRange(sizeBytes, range)
}

/** A body whose connection is also freed by a `return` before the first chunk: a generator's would do nothing. */
function bodyChunks(body: Readable): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
  const iterator = {
    next: () => mapped(chunks.next()),
    async return() {
      body.destroy()
      return { done: true as const, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
