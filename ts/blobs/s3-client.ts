import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { CreateBucketCommand, HeadBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { RegistryError } from '../errors.ts'
import { asStorageError, codeOf } from './file-errors.ts'

export interface S3Options {
  /** Absent: the region's own address. */
  readonly endpoint?: string
  readonly region: string
  readonly bucket: string
  /** Before every key, without a slash at its end; may be empty. */
  readonly prefix: string
  /** Without keys the SDK looks for credentials itself (environment, instance role). */
  readonly accessKey?: string
  readonly secretKey?: string
  readonly forcePathStyle: boolean
  readonly createBucket: boolean
}

/** Keep-alive connections to S3; further requests wait for one. */
const maxSockets = 256
const connectTimeoutMs = 5_000
/** Without a byte in either direction. Long, since a slow download pauses its connection. */
const idleTimeoutMs = 120_000

/** A client that also works with servers that know none of the newer checksum headers. */
export function s3Client(options: S3Options): S3Client {
  const { endpoint, region, forcePathStyle, accessKey, secretKey } = options
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint ? { endpoint } : {}),
    ...(accessKey && secretKey ? { credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } } : {}),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      socketTimeout: idleTimeoutMs,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
      // Waiting for a connection is how the pool is bounded, not worth a warning on the console.
      logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    }),
  })
}

/** Makes sure that the bucket is there, creating it where allowed; `unavailable`, in one sentence, otherwise. */
export async function openBucket(client: S3Client, options: S3Options): Promise<void> {
  const { bucket, createBucket, region } = options
  const where = `The S3 bucket "${bucket}" at ${options.endpoint ?? `region ${region}`}`
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
  } catch (err) {
    if (statusOf(err) !== 404) throw unavailable(`${where} cannot be opened (${describe(err)})`, err)
    if (!createBucket) throw unavailable(`${where} does not exist; create it, or allow the server to`, err)
    await makeBucket(client, bucket, region).catch((cause) => {
      throw unavailable(`${where} does not exist and cannot be created (${describe(cause)})`, cause)
    })
  }
}

async function makeBucket(client: S3Client, bucket: string, region: string): Promise<void> {
  const elsewhere =
    region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...elsewhere }))
  } catch (err) {
    // Another replica made it first.
    if (!(err instanceof S3ServiceException && err.name === 'BucketAlreadyOwnedByYou')) throw err
  }
}

/** True when S3 says that there is no such object. */
export function isAbsent(err: unknown): boolean {
  return statusOf(err) === 404
}

/** The HTTP status that S3 answered with; `undefined` when it did not answer. */
export function statusOf(err: unknown): number | undefined {
  return err instanceof S3ServiceException ? err.$metadata.httpStatusCode : undefined
}

/**
 * What a failed request means to callers: `storage_full` (507, or a quota), `unavailable` for no answer, throttling
 * and server faults; errors of the registry's own and S3's other refusals as they came.
 */
export function asStoreError(err: unknown): unknown {
  if (err instanceof S3ServiceException) {
    if (err.$metadata.httpStatusCode === 507 || /quota|storagefull/i.test(err.name)) {
      return new RegistryError('storage_full', `The S3 store is full (${err.name}).`, {}, { cause: err })
    }
    const status = err.$metadata.httpStatusCode ?? 500
    return status >= 500 || status === 429 ? unavailable(`The S3 store failed (${describe(err)})`, err) : err
  }
  return isNetworkError(err)
    ? unavailable(`The S3 store cannot be reached (${describe(err)})`, err)
    : asStorageError(err)
}

/** Only what the SDK's own requests throw: it marks them with `$metadata`; a source's broken socket has none. */
function isNetworkError(err: unknown): boolean {
  return err instanceof Error && '$metadata' in err
}

function unavailable(message: string, cause: unknown): RegistryError {
  return new RegistryError('unavailable', message, {}, { cause })
}

/** A short cause without addresses: `ECONNREFUSED`, `403 Forbidden`. */
function describe(err: unknown): string {
  const status = statusOf(err)
  if (status === 400) return '400: check the name of the bucket and the region'
  if (status === 403) return '403: check the keys and what they allow'
  if (err instanceof S3ServiceException) return status === undefined ? err.name : `${status} ${err.name}`
  return err instanceof Error && 'code' in err ? codeOf(err) : err instanceof Error ? err.name : String(err)
}
