import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { S3Keys } from './s3-keys.ts'
import { abortMultipart } from './s3-multipart.ts'
import { deleteObject } from './s3-objects.ts'

/** `BlobStore.sweep` for S3: staging objects, and multipart uploads to staging and to blobs. */
export async function sweepBucket(client: S3Client, bucket: string, keys: S3Keys, olderThanSeconds: number) {
  const newestMs = Date.now() - olderThanSeconds * 1000
  let removed = await sweepObjects(client, bucket, keys.staging, newestMs)
  for (const prefix of [keys.staging, keys.blobs]) removed += await abortUploads(client, bucket, prefix, newestMs)
  return removed
}

async function sweepObjects(client: S3Client, bucket: string, prefix: string, newestMs: number): Promise<number> {
  let removed = 0
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (!Key || !LastModified || LastModified.getTime() > newestMs) continue
      await deleteObject(client, { bucket, key: Key })
      removed++
    }
  }
  return removed
}

/** MinIO lists uploads only by their whole key, so none here; it aborts those of more than a day by itself. */
async function abortUploads(client: S3Client, bucket: string, prefix: string, newestMs: number): Promise<number> {
  let removed = 0
  let page: ListMultipartUploadsCommandOutput | undefined
  do {
    const after = page ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : {}
    page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!Key || !UploadId || !Initiated || Initiated.getTime() > newestMs) continue
      await abortMultipart(client, { Bucket: bucket, Key, UploadId })
      removed++
    }
  } while (page.IsTruncated)
  return removed
}
