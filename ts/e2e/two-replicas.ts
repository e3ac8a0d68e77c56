import type { S3Options } from '../blobs/s3-client.ts'
import { mongoSkip, openMongoServer } from '../testing/mongo-server.ts'
import { removeBucket, skipWithoutS3, startS3Server } from '../testing/s3-server.ts'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'

export interface TwoReplicas extends AsyncDisposable {
  readonly servers: readonly [ServerProcess, ServerProcess]
}

/** Why tests with replicas are skipped; `undefined` when they can run. */
export function skipWithoutReplicas(): string | undefined {
  return mongoSkip() ?? skipWithoutS3()
}

/** Two server processes on one fresh MongoDB database and one fresh S3 bucket, all ended and removed by the disposal. */
export async function openTwoReplicas(): Promise<TwoReplicas> {
  await using opened = new AsyncDisposableStack()
  const mongo = opened.use(await openMongoServer())
  const bucket = opened.use(await startS3Server()).newBucket()
  opened.defer(() => removeBucket(bucket))
  const env = { ...replicaEnv(bucket), MONGODB_URL: mongo.url, MONGODB_DB: `stowage-${process.pid}` }
  const servers = [
    opened.use(await startServerProcess({ env })),
    opened.use(await startServerProcess({ env })),
  ] as const
  const kept = opened.move()
  return { servers, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function replicaEnv(bucket: S3Options): Record<string, string> {
  return {
    JWT_SECRET: 'a secret of the replicas, long enough',
    AUTH_ENCRYPTION_KEY: 'another secret of the replicas, long enough',
    S3_ENDPOINT: bucket.endpoint ?? '',
    S3_REGION: bucket.region,
    S3_BUCKET: bucket.bucket,
    S3_ACCESS_KEY: bucket.accessKey ?? '',
    S3_SECRET_KEY: bucket.secretKey ?? '',
  }
}
