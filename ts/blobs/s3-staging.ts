import { randomUUID } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { hashStream } from './hashing.ts'
import { asStoreError } from './s3-client.ts'
import type { S3Keys } from './s3-keys.ts'
import { intoParts, multipartUpload, type Part, sendStream } from './s3-multipart.ts'
import { copyObject, deleteObject, putUnlessThere, sizeOfObject } from './s3-objects.ts'
import { type Spool, spoolPools } from './spool.ts'
import type { BlobInfo, BlobStore, Digest } from './store.ts'

/** Small, so that many fit into memory; S3's least for a part is 5 MiB. */
const partBytes = 6 * 1024 * 1024

interface Bucket {
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
export function s3Staging(at: Bucket): BlobStore['stage'] {
  const pools = spoolPools(partBytes)
  return async (bytes, options = {}) => {
    const hashed = hashStream(bytes, options)
    const parts = intoParts(hashed.pieces, pools)
    try {
      const first = await parts.next()
      if (first.done) throw new Error('a stream has at least one part')
      const { spool, last } = first.value
      const stagingKey = last ? undefined : await streamToStaging(at, joined(first.value, parts))
      const info = hashed.result()
      return { ...info, ...once(stagingKey ? inStaging(at, stagingKey, info) : inSpool(at, spool, info.digest)) }
    } catch (err) {
      throw asStoreError(err)
    }
  }
}

async function streamToStaging({ client, bucket, keys }: Bucket, parts: AsyncIterable<Part>): Promise<string> {
  const key = `${keys.staging}${randomUUID()}`
  await multipartUpload(client, { bucket, key }, (target, sent) => sendStream(client, parts, target, sent))
  return key
}

async function* joined(first: Part, rest: AsyncIterable<Part>): AsyncGenerator<Part> {
  yield first
  yield* rest
}

function inStaging({ client, bucket, keys }: Bucket, stagingKey: string, info: BlobInfo): Staged {
  const drop = () => deleteObject(client, { bucket, key: stagingKey })
  return {
    drop,
    async publish() {
      const key = keys.ofBlob(info.digest)
      const there = (await sizeOfObject(client, { bucket, key })) !== undefined
      if (!there) await copyObject(client, { bucket, from: stagingKey, to: key, sizeBytes: info.sizeBytes })
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
