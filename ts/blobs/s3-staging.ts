import { randomUUID } from 'node:crypto'
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3'
import { type HashResult, hashStream } from './hashing.ts'
import { asStoreError } from './s3-client.ts'
import type { S3Keys } from './s3-keys.ts'
import { intoParts, multipartUpload, type Part, sendStream, type UploadTarget } from './s3-multipart.ts'
import { copyObject, deleteObject, putUnlessThere, sizeOfObject } from './s3-objects.ts'
import type { Spool, SpoolPools } from './spool.ts'
import type { BlobInfo, BlobStore, Digest, StagedBlob } from './store.ts'

/** Where a store keeps its blobs. */
export interface Bucket {
  readonly client: S3Client
  readonly bucket: string
  readonly keys: S3Keys
}

/** What becomes of staged bytes. */
interface Staged {
  publish(): Promise<void>
  drop(): Promise<void>
}

/**
 * `BlobStore.stage` for S3. Up to one part is held back, and the commit puts it under its final key; more is uploaded
 * to a staging key as it comes, and the commit copies it on the server.
 */
export function s3Staging(at: Bucket, pools: SpoolPools): BlobStore['stage'] {
  return async (bytes, options = {}) => {
    const hashed = hashStream(bytes, options)
    const parts = intoParts(hashed.pieces, pools)
    try {
      const first = await parts.next()
      if (first.done) throw new Error('a stream has at least one part')
      const { spool, last } = first.value
      const stagingKey = last ? undefined : await streamToStaging(at, first.value, parts)
      const info = hashed.result()
      if (stagingKey) return stagedObject(at, stagingKey, info)
      return { ...info, ...once(inSpool(at, spool, info.digest)) }
    } catch (err) {
      throw asStoreError(err)
    }
  }
}

/** A whole object under a staging key, ready to be copied to its final one, while its ETag is the one given. */
export function stagedObject(at: Bucket, stagingKey: string, info: HashResult, etag?: string): StagedBlob {
  return { ...info, ...once(inStaging(at, stagingKey, info, etag)) }
}

async function streamToStaging({ client, bucket, keys }: Bucket, first: Part, rest: AsyncIterable<Part>) {
  const key = `${keys.staging}${randomUUID()}`
  const send = (target: UploadTarget, sent: CompletedPart[]) => sendStream(client, joined(first, rest), target, sent)
  await multipartUpload(client, { bucket, key }, send).finally(() => first.spool.release())
  return key
}

/** The parts with the one that was taken from their head. */
export async function* joined(first: Part, rest: AsyncIterable<Part>): AsyncGenerator<Part> {
  yield first
  yield* rest
}

function inStaging({ client, bucket, keys }: Bucket, stagingKey: string, info: BlobInfo, etag = ''): Staged {
  const drop = () => deleteObject(client, { bucket, key: stagingKey })
  return {
    drop,
    async publish() {
      const key = keys.ofBlob(info.digest)
      const { sizeBytes } = info
      const isThere = (await sizeOfObject(client, { bucket, key })) === sizeBytes
      if (!isThere) await copyObject(client, { bucket, from: stagingKey, to: key, sizeBytes, etag })
      await drop()
    },
  }
}

function inSpool({ client, bucket, keys }: Bucket, spool: Spool, digest: Digest): Staged {
  const at = { bucket, key: keys.ofBlob(digest) }
  return {
    drop: () => spool.release(),
    async publish() {
      await spool.withBytes((bytes) => putUnlessThere(client, at, bytes))
      await spool.release()
    },
  }
}

/** Remembers a finished commit, so that repeating it does nothing. */
function once({ publish, drop }: Staged): { commit(): Promise<void>; discard(): Promise<void> } {
  let committed = false
  const mapped = (err: unknown) => {
    throw asStoreError(err)
  }
  return {
    async commit() {
      if (!committed) await publish().catch(mapped)
      committed = true
    },
    discard: () => drop().catch(mapped),
  }
}
