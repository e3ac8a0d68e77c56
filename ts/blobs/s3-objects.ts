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

export interface ObjectFacts {
  readonly sizeBytes: number
  /** Another one for other bytes, though not for equal bytes always the same. */
  readonly etag: string
}

/** What S3 tells of an object, `undefined` when it is absent. */
export async function factsOfObject(
  client: S3Client,
  at: { bucket: string; key: string },
): Promise<ObjectFacts | undefined> {
  try {
    const { ContentLength, ETag } = await client.send(new HeadObjectCommand({ Bucket: at.bucket, Key: at.key }))
    return { sizeBytes: ContentLength ?? 0, etag: ETag ?? '' }
  } catch (err) {
    if (isAbsent(err)) return undefined
    throw err
  }
}

/** The size in bytes of an object, `undefined` when it is absent. */
export async function sizeOfObject(client: S3Client, at: { bucket: string; key: string }): Promise<number | undefined> {
  return (await factsOfObject(client, at))?.sizeBytes
}

/**
 * Removes an object, within a minute or not at all; an absent one is success. The minute counts until the request is
 * handed to the socket, after a pause of the process or between attempts as well. What remains: a process that is stopped
 * for minutes in the very moment between this look at the clock and the write, and a request that the network or S3
 * itself delays for so long. S3 knows no removal that is bound to a time or to who wrote the object.
 */
export async function deleteObject(
  client: S3Client,
  at: { bucket: string; key: string },
  longestMs = longestDeleteMs,
): Promise<void> {
  const startedAt = performance.now()
  const command = new DeleteObjectCommand({ Bucket: at.bucket, Key: at.key })
  command.middlewareStack.add(
    (send) => (request) => {
      if (performance.now() - startedAt >= longestMs) throw new Error('This removal comes too late')
      return send(request)
    },
    { step: 'deserialize', priority: 'low' },
  )
  await client.send(command, { abortSignal: AbortSignal.timeout(longestMs) }).catch((err) => {
    if (!isAbsent(err)) throw err
  })
}

/**
 * Puts the bytes under a key that names them, unless as many are there: 412 says that some are, and 409 that the same key
 * is put at the same moment. Servers without conditional puts answer 501.
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
    if (status !== 412 && status !== 409 && status !== 501) throw err
    if ((await sizeOfObject(client, at)) !== body.byteLength) await client.send(new PutObjectCommand(put))
  }
}

export interface CopyRequest {
  readonly bucket: string
  readonly from: string
  readonly to: string
  readonly sizeBytes: number
  /** Absent: whatever is there is copied. Else 412 for an object that is another by now. */
  readonly etag?: string
}

/** Copies on the server: at once up to 5 GiB, S3's limit for one request, in parts of 1 GiB above. */
export async function copyObject(
  client: S3Client,
  request: CopyRequest,
  limits = { atOnceBytes: 5 * gib, partBytes: gib },
): Promise<void> {
  if (request.sizeBytes > limits.atOnceBytes) return copyInParts(client, request, limits.partBytes)
  const { bucket, to } = request
  await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, ...sourceOf(request) }))
}

async function copyInParts(client: S3Client, request: CopyRequest, partBytes: number): Promise<void> {
  await multipartUpload(client, { bucket: request.bucket, key: request.to }, async (target, sent) => {
    for (let start = 0; start < request.sizeBytes; start += partBytes) {
      const PartNumber = sent.length + 1
      const CopySourceRange = `bytes=${start}-${Math.min(start + partBytes, request.sizeBytes) - 1}`
      const part = { ...target, PartNumber, CopySourceRange, ...sourceOf(request) }
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand(part))
      sent.push({ PartNumber, ETag: CopyPartResult?.ETag })
    }
  })
}

function sourceOf({ bucket, from, etag }: CopyRequest): { CopySource: string; CopySourceIfMatch?: string } {
  const CopySource = [bucket, ...from.split('/')].map(encodeURIComponent).join('/')
  return { CopySource, ...(etag && { CopySourceIfMatch: etag }) }
}
