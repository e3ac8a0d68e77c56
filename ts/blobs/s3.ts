import { performance } from 'node:perf_hooks'
import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { RegistryError } from '../errors.ts'
import { openBucket, type S3Options, s3Client } from './s3-client.ts'
import { type S3Keys, s3Keys } from './s3-keys.ts'
import { copyObject, deleteObject, sizeOfObject } from './s3-objects.ts'
import { mapped, readObject } from './s3-read.ts'
import { s3Staging } from './s3-staging.ts'
import { sweepBucket } from './s3-sweep.ts'
import { s3Uploads } from './s3-uploads.ts'
import { spoolPools } from './spool.ts'
import type { BlobInfo, BlobStore, Digest } from './store.ts'

/** Small, so that many fit into memory; S3's least for a part is 5 MiB. */
const partBytes = 6 * 1024 * 1024

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
  const at = { client, bucket, keys }
  const pools = spoolPools(partBytes)
  const stage = s3Staging(at, pools)
  return {
    kind: 's3',
    uploads: s3Uploads(at, pools, stage),
    stage,
    read: (digest, range) => mapped(readObject(client, { bucket, key: keys.ofBlob(digest) }, range)),
    async stat(digest) {
      const sizeBytes = await mapped(sizeOfObject(client, { bucket, key: keys.ofBlob(digest) }))
      return sizeBytes === undefined ? undefined : { digest, sizeBytes }
    },
    async delete(digest, confirm) {
      await mapped(deleteObject(client, { bucket, key: keys.ofBlob(digest) }))
      await confirm?.()
    },
    quarantine: (digest) => mapped(quarantineObject(client, bucket, keys, digest)),
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

async function quarantineObject(
  client: S3Client,
  bucket: string,
  keys: S3Keys,
  digest: Digest,
): Promise<string | undefined> {
  const from = keys.ofBlob(digest)
  const sizeBytes = await sizeOfObject(client, { bucket, key: from })
  if (sizeBytes === undefined) return undefined
  const to = keys.inQuarantine(digest)
  await copyObject(client, { bucket, from, to, sizeBytes })
  return `s3://${bucket}/${to}`
}

async function ping(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
  } catch (cause) {
    throw new RegistryError('unavailable', `The S3 bucket "${bucket}" does not answer`, {}, { cause })
  }
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
