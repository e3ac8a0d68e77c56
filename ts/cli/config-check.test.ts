import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from './config-check.ts'

const secrets = {
  MONGODB_URL: 'mongodb://stowage:hunter2@db.example.com',
  S3_SECRET_KEY: 'hunter2',
  JWT_SECRET: 'hunter2'.repeat(8),
  AUTH_ENCRYPTION_KEY: 'hunter2'.repeat(8),
  ADMIN_PASSWORD: 'hunter2hunter2',
  METRICS_TOKEN: 'hunter2',
}

test('secrets are masked', async () => {
  const report = await checkConfig(secrets)
  assert.doesNotMatch(JSON.stringify(report), /hunter2/)
  const masked = report.variables.filter(({ value }) => value === '********').map(({ name }) => name)
  assert.deepEqual(masked.sort(), Object.keys(secrets).sort())
})

test('a value is told apart from a default and from nothing', async () => {
  const { variables } = await checkConfig({ PORT: '8080' })
  const rows = variables.filter(({ name }) => ['PORT', 'HOST', 'PUBLIC_URL'].includes(name))
  assert.deepEqual(rows, [
    { name: 'HOST', value: '0.0.0.0', origin: 'default' },
    { name: 'PORT', value: '8080', origin: 'environment' },
    { name: 'PUBLIC_URL', origin: 'unset' },
  ])
})

test('every problem is listed', async () => {
  const { problems } = await checkConfig({ PORT: 'x', LOG_LEVEL: 'x', TLS_CERT: 'c.pem' })
  assert.equal(problems.length, 3)
})

test('a variable that is nearly one of ours is pointed out', async () => {
  const cases = { MONGO_URL: 'MONGODB_URL', MAX_PUBLISH_BYTE: 'MAX_PUBLISH_BYTES', S3_ACCESS_KEY_ID: 'S3_ACCESS_KEY' }
  for (const [slip, meant] of Object.entries(cases)) {
    const { warnings } = await checkConfig({ [slip]: 'x' })
    assert.deepEqual(warnings, [`${slip} is set but means nothing to Stowage; ${meant} may be meant`])
  }
})

test('variables of other programs are left alone', async () => {
  const env = {
    PATH: '/bin',
    HOME: '/root',
    HOSTNAME: 'x',
    LANG: 'C',
    NODE_ENV: 'production',
    AWS_REGION: 'x',
    PWD: '/',
  }
  assert.deepEqual((await checkConfig(env)).warnings, [])
})

test('what cannot work on this machine is a problem beside those of the values', async () => {
  const missing = join(import.meta.dirname, 'none.pem')
  const { problems } = await checkConfig({ HOST: '192.0.2.1', PORT: 'x', TLS_CERT: missing, TLS_KEY: missing })
  const told = [/^PORT must/, /^TLS_CERT cannot be read/, /^TLS_KEY cannot be read/, /^HOST "192\.0\.2\.1" cannot be/]
  assert.equal(problems.length, told.length, problems.join('\n'))
  for (const [i, pattern] of told.entries()) assert.match(problems[i] ?? '', pattern)
})

test('an address of this machine is none, and one that is misspelt is told once', async () => {
  assert.deepEqual((await checkConfig({ HOST: '127.0.0.1' })).problems, [])
  assert.equal((await checkConfig({ HOST: '127.0.0.1:80' })).problems.length, 1)
})
