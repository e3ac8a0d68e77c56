import { join } from 'node:path'
import type { Environment, Reader } from './config/reader.ts'
import { readerOf } from './config/reader.ts'
import * as values from './config/values.ts'

/** Bounds on what requests may use, per process; each is an environment variable, see `readLimits`. */
export interface Limits {
  /** A whole publish body, bytes. */
  readonly maxPublishBytes: number
  /** What of a publish body is not an attachment, and any other JSON body, bytes. */
  readonly maxDocumentBytes: number
  /** An image's manifest, bytes. */
  readonly maxManifestBytes: number
  /** A blob of an image, however many requests bring it, bytes. */
  readonly maxBlobBytes: number
  /** The header section of a request, bytes. */
  readonly maxHeaderBytes: number
  /** Open connections. */
  readonly maxConnections: number
  /** Uploads that run at a time; one more is answered `too_many_requests`. */
  readonly maxConcurrentUploads: number
  /** How long a kept-alive connection waits for its next request. */
  readonly idleConnectionSeconds: number
  /** How long the headers of one request may take. */
  readonly headersSeconds: number
  /** What an upload must bring on average over every `uploadRateWindowSeconds`. */
  readonly minUploadBytesPerSecond: number
  readonly uploadRateWindowSeconds: number
  /** What running requests are given after SIGTERM. */
  readonly shutdownSeconds: number
}

export type MetadataConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongo'; readonly url: string; readonly database: string }

export type BlobConfig =
  | { readonly kind: 'filesystem'; readonly dir: string }
  | {
      readonly kind: 's3'
      /** Absent: the SDK's address for the region. */
      readonly endpoint: string | undefined
      readonly region: string
      readonly bucket: string
      readonly prefix: string
      /** Absent: the SDK's credential chain. */
      readonly keys: { readonly accessKey: string; readonly secretKey: string } | undefined
      readonly forcePathStyle: boolean
      readonly createBucket: boolean
    }

/** The whole configuration; there are no defaults elsewhere. */
export interface Config {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly tls: { readonly certPath: string; readonly keyPath: string } | undefined
  /** An origin, no slash at the end; absent: taken from each request. */
  readonly publicUrl: string | undefined
  /** `address/bits` each. */
  readonly trustedProxies: readonly string[]
  readonly dataDir: string
  readonly workers: number
  readonly metadata: MetadataConfig
  readonly blobs: BlobConfig
  /** Those absent are generated into `dataDir`; with MongoDB both are present. */
  readonly secrets: { readonly jwtSecret: string | undefined; readonly encryptionKey: string | undefined }
  readonly anonymousAccess: boolean
  readonly upstreamCache: { readonly enabled: boolean; readonly expirySeconds: number }
  readonly firstAdmin: { readonly email: string; readonly username: string; readonly password: string } | undefined
  readonly defaultOrganization: string
  readonly metricsToken: string | undefined
  /** `retentionDays` absent: kept for ever. */
  readonly audit: { readonly downloads: boolean; readonly retentionDays: number | undefined }
  /** How long what nothing refers to is kept, for clients that are about to. */
  readonly gcGraceSeconds: number
  readonly logLevel: LogLevel
  /** Memory for computed documents, bytes. */
  readonly cacheBytes: number
  readonly limits: Limits
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Everything that is wrong with the environment, a sentence each, secrets never repeated. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n- ${problems.join('\n- ')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Pure: reads nothing but `env`. Throws `ConfigError` with every problem at once. */
export function loadConfig(env: Environment): Config {
  const read = readerOf(env)
  const dataDir = read.value('DATA_DIR', values.text)
  const config: Config = {
    host: read.value('HOST', values.host),
    port: read.value('PORT', values.count(0, 65_535)),
    tls: readTls(read),
    publicUrl: read.optional('PUBLIC_URL', values.origin),
    trustedProxies: read.optional('TRUSTED_PROXIES', values.cidrs) ?? [],
    dataDir,
    workers: read.value('WORKERS', values.count(1, 64)),
    metadata: readMetadata(read, dataDir),
    blobs: readBlobs(read, dataDir),
    secrets: readSecrets(read),
    anonymousAccess: read.value('ANONYMOUS_ACCESS', values.flag),
    upstreamCache: {
      enabled: read.value('ENABLE_UPSTREAM_CACHE', values.flag),
      expirySeconds: read.value('UPSTREAM_CACHE_EXPIRY', values.duration),
    },
    firstAdmin: readFirstAdmin(read),
    defaultOrganization: read.value('DEFAULT_ORGANIZATION', values.name),
    metricsToken: read.optional('METRICS_TOKEN', values.text),
    audit: {
      downloads: read.value('AUDIT_DOWNLOADS', values.flag),
      retentionDays: read.optional('AUDIT_RETENTION_DAYS', values.count(1, 36_500)),
    },
    // An answer that a blob is there may be an hour old, and its client still has to name it.
    gcGraceSeconds: read.value('GC_GRACE_PERIOD', values.durationFrom('2h', '365d')),
    logLevel: read.value('LOG_LEVEL', values.oneOf(...logLevels)),
    cacheBytes: read.value('CACHE_BYTES', values.size),
    limits: readLimits(read),
  }
  if (read.problems.length > 0) throw new ConfigError(read.problems)
  return config
}

function readLimits(read: Reader): Limits {
  const many = values.count(1, 1_000_000)
  // Longer than this, a timer of Node's would be over at once.
  const wait = values.durationFrom('1s', '24h')
  return {
    maxPublishBytes: read.value('MAX_PUBLISH_BYTES', values.sizeFrom('64KiB')),
    maxDocumentBytes: read.value('MAX_DOCUMENT_BYTES', values.sizeFrom('64KiB')),
    maxManifestBytes: read.value('MAX_MANIFEST_BYTES', values.sizeFrom('4MiB')),
    maxBlobBytes: read.value('MAX_BLOB_BYTES', values.sizeFrom('4MiB')),
    maxHeaderBytes: read.value('MAX_HEADER_BYTES', values.sizeFrom('4KiB')),
    maxConnections: read.value('MAX_CONNECTIONS', many),
    maxConcurrentUploads: read.value('MAX_CONCURRENT_UPLOADS', many),
    idleConnectionSeconds: read.value('IDLE_CONNECTION_TIMEOUT', wait),
    headersSeconds: read.value('HEADERS_TIMEOUT', wait),
    minUploadBytesPerSecond: read.value('MIN_UPLOAD_RATE', values.size),
    uploadRateWindowSeconds: read.value('UPLOAD_RATE_WINDOW', wait),
    shutdownSeconds: read.value('SHUTDOWN_TIMEOUT', values.durationFrom('100ms', '24h')),
  }
}

/** Notes a problem unless both are set or neither is. */
function pairUp(read: Reader, a: Parameters<Reader['isSet']>[0], b: typeof a): void {
  if (read.isSet(a) === read.isSet(b)) return
  const [given, missing] = read.isSet(a) ? [a, b] : [b, a]
  read.problems.push(`${missing} is required when ${given} is set`)
}

function readTls(read: Reader): Config['tls'] {
  pairUp(read, 'TLS_CERT', 'TLS_KEY')
  const certPath = read.optional('TLS_CERT', values.text)
  const keyPath = read.optional('TLS_KEY', values.text)
  return certPath !== undefined && keyPath !== undefined ? { certPath, keyPath } : undefined
}

function readMetadata(read: Reader, dataDir: string): MetadataConfig {
  const url = read.optional('MONGODB_URL', values.mongoUrl)
  const database = read.value('MONGODB_DB', values.databaseName)
  return url === undefined ? { kind: 'sqlite', path: join(dataDir, 'stowage.db') } : { kind: 'mongo', url, database }
}

function readBlobs(read: Reader, dataDir: string): BlobConfig {
  const path = read.value('STORAGE_PATH', values.folder)
  const allowsLocal = read.value('ALLOW_LOCAL_BLOBS', values.flag)
  const isS3 = read.isSet('S3_ENDPOINT') || read.isSet('S3_REGION')
  const s3 = readS3(read, path)
  if (isS3) return s3
  if (read.isSet('S3_ACCESS_KEY') || read.isSet('S3_SECRET_KEY') || read.isSet('S3_BUCKET')) {
    read.problems.push('S3_ENDPOINT or S3_REGION is required when another S3 variable is set')
  }
  if (read.isSet('MONGODB_URL') && !allowsLocal) {
    read.problems.push(
      'S3_ENDPOINT or S3_REGION is required with MONGODB_URL, so that replicas share artifacts; ' +
        'ALLOW_LOCAL_BLOBS=true keeps them in DATA_DIR instead',
    )
  }
  return { kind: 'filesystem', dir: join(dataDir, path) }
}

function readS3(read: Reader, prefix: string): BlobConfig {
  pairUp(read, 'S3_ACCESS_KEY', 'S3_SECRET_KEY')
  const endpoint = read.optional('S3_ENDPOINT', values.origin)
  const accessKey = read.optional('S3_ACCESS_KEY', values.text)
  const secretKey = read.optional('S3_SECRET_KEY', values.text)
  return {
    kind: 's3',
    endpoint,
    region: read.optional('S3_REGION', values.text) ?? 'us-east-1',
    bucket: read.value('S3_BUCKET', values.bucketName),
    prefix,
    keys: accessKey !== undefined && secretKey !== undefined ? { accessKey, secretKey } : undefined,
    forcePathStyle: read.optional('S3_FORCE_PATH_STYLE', values.flag) ?? endpoint !== undefined,
    createBucket: read.value('S3_CREATE_BUCKET', values.flag),
  }
}

function readSecrets(read: Reader): Config['secrets'] {
  for (const name of ['JWT_SECRET', 'AUTH_ENCRYPTION_KEY'] as const) {
    if (read.isSet('MONGODB_URL') && !read.isSet(name)) {
      read.problems.push(
        `${name} is required with MONGODB_URL, so that replicas agree; \`openssl rand -hex 32\` makes one`,
      )
    }
  }
  return {
    jwtSecret: read.optional('JWT_SECRET', values.longSecret),
    encryptionKey: read.optional('AUTH_ENCRYPTION_KEY', values.longSecret),
  }
}

function readFirstAdmin(read: Reader): Config['firstAdmin'] {
  pairUp(read, 'ADMIN_EMAIL', 'ADMIN_PASSWORD')
  const email = read.optional('ADMIN_EMAIL', values.email)
  const password = read.optional('ADMIN_PASSWORD', values.password)
  const username = read.value('ADMIN_USERNAME', values.username)
  return email !== undefined && password !== undefined ? { email, username, password } : undefined
}
