import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { RegistryError } from '../errors.ts'
import { clampRange } from './range.ts'
import { asStoreError, isAbsent, openBucket, type S3Options, s3Client, statusOf } from './s3-client.ts'
import { type S3Keys, s3Keys } from './s3-keys.ts'
import { deleteObject, sizeOfObject } from './s3-objects.ts'
import { s3Staging } from './s3-staging.ts'
import { sweepBucket } from './s3-sweep.ts'
import type { BlobInfo, BlobStore, ByteRange, Digest } from './store.ts'

/**
 * Blobs as objects of one bucket, on anything that speaks S3; `unavailable` when the bucket can be neither opened nor
 * created. Many processes may share it. Failing requests are tried three times, then throw `unavailable`.
 */
export async function s3BlobStore(options: S3Options): Promise<BlobStore> {
  const { bucket } = options
  const client = s3Client(options)
  const keys = s3Keys(options.prefix)
  await openBucket(client, options).catch((err) => {
    client.destroy()
    throw err
  })
  return {
    kind: 's3',
    stage: s3Staging({ client, bucket, keys }),
    read: (digest, range) => mapped(readObject(client, { bucket, key: keys.ofBlob(digest) }, range)),
    async stat(digest) {
      const sizeBytes = await mapped(sizeOfObject(client, { bucket, key: keys.ofBlob(digest) }))
      return sizeBytes === undefined ? undefined : { digest, sizeBytes }
    },
    delete: (digest) => mapped(deleteObject(client, { bucket, key: keys.ofBlob(digest) })),
    list: ({ after, limit = 1000 }) => mapped(listObjects(client, bucket, keys, after, Math.min(limit, 1000))),
    sweep: (olderThanSeconds) => mapped(sweepBucket(client, bucket, keys, olderThanSeconds)),
    localPath: () => undefined,
    async ping() {
      const started = performance.now()
      await ping(client, bucket)
      return { latencyMs: performance.now() - started, version: 'S3 2006-03-01' }
    },
    async close() {
      client.destroy()
    },
  }
}

async function mapped<T>(request: Promise<T>): Promise<T> {
  try {
    return await request
  } catch (err) {
    throw asStoreError(err)
  }
}

async function ping(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
  } catch (cause) {
    throw new RegistryError('unavailable', `The S3 bucket "${bucket}" does not answer`, {}, { cause })
  }
}

async function readObject(
  client: S3Client,
  at: { bucket: string; key: string },
  range: ByteRange | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (range && range.end < range.start) return refuseRange(client, at, range)
  const header = range ? { Range: `bytes=${range.start}-${range.end}` } : {}
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

async function listObjects(
  client: S3Client,
  bucket: string,
  keys: S3Keys,
  after: Digest | undefined,
  limit: number,
): ReturnType<BlobStore['list']> {
  const start = after ? { StartAfter: keys.ofBlob(after) } : {}
  const request = { Bucket: bucket, Prefix: keys.blobs, MaxKeys: limit, ...start }
  const page = await client.send(new ListObjectsV2Command(request))
  const items: BlobInfo[] = []
  for (const { Key = '', Size = 0 } of page.Contents ?? []) {
    const digest = keys.digestOf(Key)
    if (digest) items.push({ digest, sizeBytes: Size })
  }
  const next = items.at(-1)?.digest
  return page.IsTruncated && next ? { items, next } : { items }
}
