import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Environment } from './config/reader.ts'
import type { Config } from './config.ts'
import { ConfigError, loadConfig } from './config.ts'

const secret = 'b7'.repeat(32)
const mongo = { MONGODB_URL: 'mongodb://db.example.com', JWT_SECRET: secret, AUTH_ENCRYPTION_KEY: secret }
const s3 = { S3_ENDPOINT: 'https://s3.example.com' }

const accepted: { name: string; env: Environment; expect: Partial<Config> }[] = [
  {
    name: 'an empty environment is a complete configuration',
    env: {},
    expect: {
      host: '0.0.0.0',
      port: 3000,
      tls: undefined,
      workers: 1,
      metadata: { kind: 'sqlite', path: 'data/stowage.db' },
      blobs: { kind: 'filesystem', dir: 'data/packages' },
      secrets: { jwtSecret: undefined, encryptionKey: undefined },
      anonymousAccess: true,
      upstreamCache: { enabled: true, expirySeconds: 86_400 },
      firstAdmin: undefined,
      defaultOrganization: 'main',
    },
  },
  { name: 'an empty string counts as unset', env: { PORT: '', S3_ENDPOINT: '' }, expect: { port: 3000 } },
  {
    name: 'MONGODB_URL chooses MongoDB',
    env: { ...mongo, ...s3 },
    expect: { metadata: { kind: 'mongo', url: 'mongodb://db.example.com', database: 'stackgallery' } },
  },
  {
    name: 'an S3 endpoint without keys leaves credentials to the SDK',
    env: { ...s3, STORAGE_PATH: 'team/packages' },
    expect: {
      blobs: {
        kind: 's3',
        endpoint: 'https://s3.example.com',
        region: 'us-east-1',
        bucket: 'registry',
        prefix: 'team/packages',
        keys: undefined,
        forcePathStyle: true,
        createBucket: true,
      },
    },
  },
  {
    name: 'a region alone chooses S3 with the bucket in the host name',
    env: { S3_REGION: 'eu-central-1', S3_ACCESS_KEY: 'k', S3_SECRET_KEY: 's', S3_CREATE_BUCKET: 'false' },
    expect: {
      blobs: {
        kind: 's3',
        endpoint: undefined,
        region: 'eu-central-1',
        bucket: 'registry',
        prefix: 'packages',
        keys: { accessKey: 'k', secretKey: 's' },
        forcePathStyle: false,
        createBucket: false,
      },
    },
  },
  {
    name: 'ALLOW_LOCAL_BLOBS keeps artifacts on disk beside MongoDB',
    env: { ...mongo, ALLOW_LOCAL_BLOBS: 'true', DATA_DIR: '/srv/stowage' },
    expect: { blobs: { kind: 'filesystem', dir: '/srv/stowage/packages' } },
  },
  ...['::', '::1', '192.0.2.7', 'localhost', 'registry.example.com', 'my_host', 'fe80::1%eth0'].map((HOST) => ({
    name: `${HOST} as the address to listen on`,
    env: { HOST },
    expect: { host: HOST },
  })),
  {
    name: 'PUBLIC_URL loses its closing slash',
    env: { PUBLIC_URL: 'https://registry.example.com/' },
    expect: { publicUrl: 'https://registry.example.com' },
  },
  {
    name: 'a proxy without a range length is one address',
    env: { TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32' },
    expect: { trustedProxies: ['10.0.0.0/8', '192.0.2.7/32', '2001:db8::/32'] },
  },
  {
    name: 'the first administrator has a default name',
    env: { ADMIN_EMAIL: 'Ops@Example.com', ADMIN_PASSWORD: 'correct horse battery' },
    expect: { firstAdmin: { email: 'ops@example.com', username: 'admin', password: 'correct horse battery' } },
  },
]

describe('loadConfig accepts', () => {
  for (const { name, env, expect } of accepted) {
    test(name, () => {
      const config = loadConfig(env)
      assert.deepEqual(pick(config, Object.keys(expect)), expect)
    })
  }

  test('sizes and durations with units, into limits', () => {
    const { limits } = loadConfig({ MAX_PUBLISH_BYTES: '200MB', MAX_HEADER_BYTES: '16KiB', SHUTDOWN_TIMEOUT: '500ms' })
    assert.deepEqual(
      [limits.maxPublishBytes, limits.maxHeaderBytes, limits.shutdownSeconds],
      [200_000_000, 16_384, 0.5],
    )
  })
})

function pick(config: Config, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)))
}

const refused: { name: string; env: Environment; problems: RegExp[] }[] = [
  { name: 'a port out of range', env: { PORT: '70000' }, problems: [/^PORT must be a whole number from 0 to 65535/] },
  { name: 'a port that is no number', env: { PORT: '0x50' }, problems: [/^PORT must/] },
  { name: 'no worker at all', env: { WORKERS: '0' }, problems: [/^WORKERS must/] },
  {
    name: 'a size without a known unit',
    env: { MAX_PUBLISH_BYTES: '5 parsecs' },
    problems: [/^MAX_PUBLISH_BYTES must/],
  },
  { name: 'a size of nothing', env: { MAX_PUBLISH_BYTES: '0' }, problems: [/^MAX_PUBLISH_BYTES must/] },
  {
    name: 'limits so small that no client gets through',
    env: {
      MAX_PUBLISH_BYTES: '65535',
      MAX_DOCUMENT_BYTES: '63KiB',
      MAX_MANIFEST_BYTES: '1MiB',
      MAX_BLOB_BYTES: '4095KiB',
      MAX_HEADER_BYTES: '4095',
    },
    problems: [
      /^MAX_PUBLISH_BYTES must be at least 64KiB,.* not "65535"$/,
      /^MAX_DOCUMENT_BYTES must be at least 64KiB,.* not "63KiB"$/,
      /^MAX_MANIFEST_BYTES must be at least 4MiB,.* not "1MiB"$/,
      /^MAX_BLOB_BYTES must be at least 4MiB,.* not "4095KiB"$/,
      /^MAX_HEADER_BYTES must be at least 4KiB,.* not "4095"$/,
    ],
  },
  {
    name: 'waits that no client can keep, or no timer',
    env: {
      IDLE_CONNECTION_TIMEOUT: '999ms',
      HEADERS_TIMEOUT: '30d',
      SHUTDOWN_TIMEOUT: '1ms',
      UPLOAD_RATE_WINDOW: '25h',
    },
    problems: [
      /^IDLE_CONNECTION_TIMEOUT must be a duration from 1s to 24h, not "999ms"$/,
      /^HEADERS_TIMEOUT must be a duration from 1s to 24h/,
      /^UPLOAD_RATE_WINDOW must be a duration from 1s to 24h/,
      /^SHUTDOWN_TIMEOUT must be a duration from 100ms to 24h/,
    ],
  },
  ...['[::1]', '127.0.0.1:3000', '127.0.0', '0.0.0.256', 'http://localhost', 'a b', '-a'].map((HOST) => ({
    name: `${HOST} as the address to listen on`,
    env: { HOST },
    problems: [/^HOST must be an address or host name without port and brackets/],
  })),
  { name: 'a duration without a unit', env: { SHUTDOWN_TIMEOUT: '30' }, problems: [/^SHUTDOWN_TIMEOUT must/] },
  { name: 'a flag that is neither', env: { ANONYMOUS_ACCESS: 'maybe' }, problems: [/^ANONYMOUS_ACCESS must/] },
  { name: 'a flag that is neither, where it has no effect', env: { ALLOW_LOCAL_BLOBS: '?' }, problems: [/^ALLOW/] },
  {
    name: 'a public address with a path',
    env: { PUBLIC_URL: 'https://example.com/npm' },
    problems: [/^PUBLIC_URL must/],
  },
  { name: 'a public address without a scheme', env: { PUBLIC_URL: 'example.com' }, problems: [/^PUBLIC_URL must/] },
  {
    name: 'a range longer than the address',
    env: { TRUSTED_PROXIES: '10.0.0.0/33' },
    problems: [/^TRUSTED_PROXIES must/],
  },
  {
    name: 'several wrong proxies, each named',
    env: { TRUSTED_PROXIES: 'proxy.local, 10.0.0.0/8, 10.0.0.0/33,::1/129' },
    problems: [/^TRUSTED_PROXIES must be .*, not "proxy\.local", "10\.0\.0\.0\/33", "::1\/129"$/],
  },
  { name: 'a host name as proxy', env: { TRUSTED_PROXIES: 'proxy.local' }, problems: [/^TRUSTED_PROXIES must/] },
  { name: 'an unknown log level', env: { LOG_LEVEL: 'chatty' }, problems: [/^LOG_LEVEL must be one of trace/] },
  {
    name: 'a certificate without a key',
    env: { TLS_CERT: 'c.pem' },
    problems: [/^TLS_KEY is required when TLS_CERT is set/],
  },
  {
    name: 'a key without a certificate',
    env: { TLS_KEY: 'k.pem' },
    problems: [/^TLS_CERT is required when TLS_KEY is set/],
  },
  {
    name: 'an S3 access key without its secret',
    env: { ...s3, S3_ACCESS_KEY: 'k' },
    problems: [/^S3_SECRET_KEY is required when S3_ACCESS_KEY is set/],
  },
  {
    name: 'a bucket without a service',
    env: { S3_BUCKET: 'team' },
    problems: [/^S3_ENDPOINT or S3_REGION is required/],
  },
  { name: 'an endpoint that is no address', env: { S3_ENDPOINT: 's3' }, problems: [/^S3_ENDPOINT must/] },
  { name: 'a bucket name that S3 refuses', env: { ...s3, S3_BUCKET: 'A_B' }, problems: [/^S3_BUCKET must/] },
  { name: 'a storage path that climbs out', env: { STORAGE_PATH: '../x' }, problems: [/^STORAGE_PATH must/] },
  { name: 'MongoDB without S3', env: mongo, problems: [/ALLOW_LOCAL_BLOBS=true/] },
  {
    name: 'MongoDB without secrets',
    env: { ...s3, MONGODB_URL: 'mongodb://db.example.com' },
    problems: [/^JWT_SECRET is required with MONGODB_URL/, /^AUTH_ENCRYPTION_KEY is required with MONGODB_URL/],
  },
  {
    name: 'an e-mail address without a password',
    env: { ADMIN_EMAIL: 'a@b.example' },
    problems: [/^ADMIN_PASSWORD is/],
  },
  { name: 'a default organization that is no name', env: { DEFAULT_ORGANIZATION: 'A b' }, problems: [/^DEFAULT_ORG/] },
  {
    name: 'several things at once',
    env: { PORT: 'x', LOG_LEVEL: 'x', TLS_CERT: 'x', S3_REGION: 'x', S3_SECRET_KEY: 'x' },
    problems: [/^PORT/, /^TLS_KEY/, /^S3_ACCESS_KEY/, /^LOG_LEVEL/],
  },
]

describe('loadConfig refuses', () => {
  test('a long value without repeating all of it', () => {
    const [problem = ''] = problemsOf({ PORT: '9'.repeat(5000) })
    assert.match(problem, /^PORT must be a whole number from 0 to 65535, not "9{200}…"$/)
  })

  for (const { name, env, problems } of refused) {
    test(name, () => {
      const found = problemsOf(env)
      assert.equal(found.length, problems.length, found.join('\n'))
      for (const [i, pattern] of problems.entries()) assert.match(found[i] ?? '', pattern)
    })
  }

  test('a secret without repeating it', () => {
    const leaky = 'hunter2'
    const env = { JWT_SECRET: leaky, AUTH_ENCRYPTION_KEY: leaky, MONGODB_URL: leaky, ...s3 }
    const found = problemsOf({ ...env, ADMIN_EMAIL: 'a@b.example', ADMIN_PASSWORD: leaky })
    assert.equal(found.length, 4)
    assert.doesNotMatch(found.join('\n'), /hunter2/)
  })
})

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (err) {
    assert.ok(err instanceof ConfigError)
    return err.problems
  }
  return assert.fail('the configuration was accepted')
}
