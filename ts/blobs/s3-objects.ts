import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { isAbsent, statusOf } from './s3-client.ts'
import { multipartUpload } from './s3-multipart.ts'

const gib = 1024 ** 3
/** The collector relies on it that what it has given up is not removed later. */
const longestDeleteMs = 60_000

/** The size in bytes of an object, `undefined` when it is absent. */
export async function sizeOfObject(client: S3Client, at: { bucket: string; key: string }): Promise<number | undefined> {
  try {
    return (await client.send(new HeadObjectCommand({ Bucket: at.bucket, Key: at.key }))).ContentLength ?? 0
  } catch (err) {
    if (isAbsent(err)) return undefined
    throw err
  }
}

/** Removes an object, within a minute or not at all; an absent one is success. */
export async function deleteObject(client: S3Client, at: { bucket: string; key: string }): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(longestDeleteMs) }
  await client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: at.key }), options).catch((err) => {
    if (!isAbsent(err)) throw err
  })
}

/**
 * Puts the bytes under a key that names them, unless they are there: 412 says so, and so does 409, a put of the
 * same key at the same moment, once the object exists. Servers without conditional puts answer 501.
 */
export async function putUnlessThere(
  client: S3Client,
  at: { bucket: string; key: string },
  body: Buffer,
): Promise<void> {
  const put = { Bucket: at.bucket, Key: at.key, Body: body, ContentLength: body.byteLength }
  try {
    await client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }))
  } catch (err) {
    const status = statusOf(err)
    if (status === 412) return
    if (status !== 409 && status !== 501) throw err
    if ((await sizeOfObject(client, at)) === undefined) await client.send(new PutObjectCommand(put))
  }
}

export interface CopyRequest {
  readonly bucket: string
  readonly from: string
  readonly to: string
  readonly sizeBytes: number
}

/** Copies on the server: at once up to 5 GiB, S3's limit for one request, in parts of 1 GiB above. */
export async function copyObject(
  client: S3Client,
  request: CopyRequest,
  limits = { atOnceBytes: 5 * gib, partBytes: gib },
): Promise<void> {
  if (request.sizeBytes > limits.atOnceBytes) return copyInParts(client, request, limits.partBytes)
  const { bucket, to } = request
  await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource: sourceOf(request) }))
}

async function copyInParts(client: S3Client, request: CopyRequest, partBytes: number): Promise<void> {
  await multipartUpload(client, { bucket: request.bucket, key: request.to }, async (target, sent) => {
    for (let start = 0; start < request.sizeBytes; start += partBytes) {
      const PartNumber = sent.length + 1
      const CopySourceRange = `bytes=${start}-${Math.min(start + partBytes, request.sizeBytes) - 1}`
      const part = { ...target, PartNumber, CopySourceRange, CopySource: sourceOf(request) }
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand(part))
      sent.push({ PartNumber, ETag: CopyPartResult?.ETag })
    }
  })
}

function sourceOf({ bucket, from }: CopyRequest): string {
  return [bucket, ...from.split('/')].map(encodeURIComponent).join('/')
}
