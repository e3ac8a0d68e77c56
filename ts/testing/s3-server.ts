import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { S3Options } from '../blobs/s3-client.ts'
import { skipUnless } from './backends.ts'

const binary = join(import.meta.dirname, '../../.cache/bin/versitygw')
const env = process.env

export interface S3Server extends AsyncDisposable {
  /** Options for a store in a bucket that does not exist yet; `prefix` is `packages`. */
  newBucket(): S3Options
}

/** The reason to skip tests of S3, `undefined` when a server can be started or TEST_S3_ENDPOINT names one. */
export function skipWithoutS3(): string | undefined {
  const available = Boolean(env['TEST_S3_ENDPOINT']) || existsSync(binary)
  return skipUnless(available, 'there is no .cache/bin/versitygw (scripts/setup-test-tools.sh) and no TEST_S3_ENDPOINT')
}

/**
 * The server of TEST_S3_ENDPOINT (with TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY, TEST_S3_REGION), or one of our own on a
 * loopback port with its data in a temporary directory, stopped and removed by its disposal.
 */
export async function startS3Server(): Promise<S3Server> {
  const keys = { accessKey: env['TEST_S3_ACCESS_KEY'] ?? 'test', secretKey: env['TEST_S3_SECRET_KEY'] ?? randomUUID() }
  const region = env['TEST_S3_REGION'] ?? 'us-east-1'
  const own = env['TEST_S3_ENDPOINT'] ? undefined : await startOwn(keys)
  const endpoint = own?.endpoint ?? env['TEST_S3_ENDPOINT'] ?? ''
  return {
    newBucket: () => ({
      endpoint,
      region,
      bucket: `stowage-test-${randomUUID()}`,
      prefix: 'packages',
      ...keys,
      forcePathStyle: true,
      createBucket: true,
    }),
    async [Symbol.asyncDispose]() {
      await own?.stop()
    },
  }
}

/** Removes a test's bucket with all that is in it. */
export async function removeBucket(options: S3Options): Promise<void> {
  const client = clientFor(options)
  const Bucket = options.bucket
  for (let more = true; more; ) {
    const page = await client.send(new ListObjectsV2Command({ Bucket }))
    for (const { Key } of page.Contents ?? []) await client.send(new DeleteObjectCommand({ Bucket, Key }))
    more = page.IsTruncated ?? false
  }
  await client.send(new DeleteBucketCommand({ Bucket }))
  client.destroy()
}

/** A plain client, to arrange and to see what the store's own interface does not show. */
export function clientFor(options: S3Options): S3Client {
  const { endpoint = '', region, forcePathStyle, accessKey = '', secretKey = '' } = options
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
  return new S3Client({ endpoint, region, forcePathStyle, credentials })
}

async function startOwn(keys: { accessKey: string; secretKey: string }) {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-s3-'))
  const port = await freePort()
  const args = ['--quiet', '--keep-alive', '--health', '/health', '--port', `127.0.0.1:${port}`, 'posix', dir]
  const secrets = { ROOT_ACCESS_KEY: keys.accessKey, ROOT_SECRET_KEY: keys.secretKey }
  const server = spawn(binary, args, { stdio: 'ignore', env: { ...env, ...secrets } })
  const kill = () => server.kill()
  process.once('exit', kill)
  const endpoint = `http://127.0.0.1:${port}`
  await untilHealthy(server, `${endpoint}/health`)
  return {
    endpoint,
    async stop() {
      process.off('exit', kill)
      server.kill()
      await once(server, 'exit')
      await rm(dir, { recursive: true })
    },
  }
}

/** The server takes port 0 but does not tell which it got. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function untilHealthy(server: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`versitygw ended with ${server.exitCode} while starting`)
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
