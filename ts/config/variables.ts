/** What `config check` and the README's table say of a variable. */
export interface Variable {
  /** As it would be written; absent: unset means what `meaning` says. */
  readonly default?: string
  /** One line, Markdown. */
  readonly meaning: string
  /** Masked wherever it is shown. */
  readonly secret?: true
}

/** Every environment variable that Stowage reads, in the order in which they are explained. */
export const variables = {
  HOST: { default: '0.0.0.0', meaning: 'Address to listen on.' },
  PORT: { default: '3000', meaning: 'Port to listen on; `0` takes a free one.' },
  TLS_CERT: { meaning: 'Certificate file (PEM) for HTTPS; read again on SIGHUP. Needs `TLS_KEY`.' },
  TLS_KEY: { meaning: 'Private key file (PEM) for HTTPS. Needs `TLS_CERT`.' },
  PUBLIC_URL: {
    meaning: 'Address that clients use, such as `https://registry.example.com`; else taken from each request.',
  },
  TRUSTED_PROXIES: {
    meaning: 'Addresses or CIDR ranges, comma-separated, whose `X-Forwarded-*` headers are believed.',
  },
  DATA_DIR: { default: './data', meaning: 'Folder of the embedded database, of artifacts and of generated secrets.' },
  WORKERS: { default: '1', meaning: 'Server processes that share the port and the store.' },
  MONGODB_URL: { secret: true, meaning: 'Keeps metadata in MongoDB instead of the embedded SQLite file.' },
  MONGODB_DB: { default: 'stackgallery', meaning: 'Database in MongoDB.' },
  S3_ENDPOINT: { meaning: 'Address of an S3 service; this or `S3_REGION` keeps artifacts in S3 instead of on disk.' },
  S3_REGION: { meaning: 'Region of the S3 service; `us-east-1` when only `S3_ENDPOINT` is set.' },
  S3_BUCKET: { default: 'registry', meaning: 'Bucket for artifacts.' },
  S3_ACCESS_KEY: { meaning: "Access key; without keys the AWS SDK's own credential chain is asked." },
  S3_SECRET_KEY: { secret: true, meaning: 'What belongs to `S3_ACCESS_KEY`.' },
  S3_FORCE_PATH_STYLE: { meaning: 'Bucket in the path instead of the host name; true when `S3_ENDPOINT` is set.' },
  S3_CREATE_BUCKET: { default: 'true', meaning: 'Makes the bucket at start when it is missing.' },
  STORAGE_PATH: { default: 'packages', meaning: 'Folder of artifacts below `DATA_DIR`, or their key prefix in S3.' },
  ALLOW_LOCAL_BLOBS: {
    default: 'false',
    meaning: 'Allows artifacts on disk beside MongoDB: right for one replica, or a disk that all share.',
  },
  JWT_SECRET: {
    secret: true,
    meaning: 'Signs sessions, at least 32 characters; generated into `DATA_DIR`, required with MongoDB.',
  },
  AUTH_ENCRYPTION_KEY: {
    secret: true,
    meaning: 'Encrypts stored secrets, at least 32 characters; generated into `DATA_DIR`, required with MongoDB.',
  },
  ANONYMOUS_ACCESS: {
    default: 'true',
    meaning: "Whether public repositories can be read without signing in; `false` wins over the platform's setting.",
  },
  ENABLE_UPSTREAM_CACHE: { default: 'true', meaning: 'Whether what comes from upstream registries is kept.' },
  UPSTREAM_CACHE_EXPIRY: { default: '24h', meaning: 'How long a kept upstream index counts as fresh.' },
  ADMIN_EMAIL: { meaning: 'Makes the first administrator at start. Needs `ADMIN_PASSWORD`.' },
  ADMIN_USERNAME: { default: 'admin', meaning: "The first administrator's name." },
  ADMIN_PASSWORD: { secret: true, meaning: "The first administrator's password. Needs `ADMIN_EMAIL`." },
  DEFAULT_ORGANIZATION: { default: 'main', meaning: 'Organization made at first start; unscoped names belong to it.' },
  METRICS_TOKEN: { secret: true, meaning: 'Bearer token for `/metrics`; without it only loopback may read them.' },
  AUDIT_DOWNLOADS: { default: 'false', meaning: 'Whether every download is an entry of the audit trail, too.' },
  AUDIT_RETENTION_DAYS: { meaning: 'Days that entries of the audit trail are kept; else for ever.' },
  GC_GRACE_PERIOD: {
    default: '24h',
    meaning: 'How long artifacts that nothing refers to are kept before the garbage collection removes them.',
  },
  LOG_LEVEL: { default: 'info', meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.' },
  CACHE_BYTES: {
    default: '48MiB',
    meaning: 'Memory that one process gives to computed documents and small artifacts.',
  },
  MAX_PUBLISH_BYTES: { default: '256MiB', meaning: 'Largest publish body.' },
  MAX_DOCUMENT_BYTES: { default: '32MiB', meaning: 'Largest JSON body, attachments of a publish not counted.' },
  MAX_MANIFEST_BYTES: {
    default: '4MiB',
    meaning: 'Largest manifest of an image; registries must take 4 MiB at least.',
  },
  MAX_BLOB_BYTES: { default: '100GiB', meaning: 'Largest blob of an image, in however many requests it comes.' },
  MAX_HEADER_BYTES: { default: '32KiB', meaning: 'Largest header section of a request.' },
  MAX_CONNECTIONS: { default: '10000', meaning: 'Open connections of one process.' },
  MAX_CONCURRENT_UPLOADS: {
    default: '64',
    meaning: 'Uploads that one process takes at a time; more are asked to wait.',
  },
  IDLE_CONNECTION_TIMEOUT: { default: '75s', meaning: 'How long a connection may wait for its next request.' },
  HEADERS_TIMEOUT: { default: '30s', meaning: 'How long the headers of a request may take.' },
  MIN_UPLOAD_RATE: { default: '1KiB', meaning: 'Bytes a second that an upload must bring, averaged over the window.' },
  UPLOAD_RATE_WINDOW: { default: '60s', meaning: 'Window of `MIN_UPLOAD_RATE`.' },
  SHUTDOWN_TIMEOUT: { default: '30s', meaning: 'How long running requests may take to finish after SIGTERM.' },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables

/** The same table with the literal types forgotten. */
export const allVariables: readonly (readonly [name: string, variable: Variable])[] = Object.entries(variables)
