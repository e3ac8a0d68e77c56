import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as schema from '../metadata/schema.ts'
import { openSqliteEngine } from '../metadata/sqlite.ts'
import { type ProcessEnv, runStowage, startServerProcess } from '../testing/server-process.ts'
import { openSmallDisk, skipWithoutMounts } from '../testing/small-disk.ts'
import { openTestFolder } from '../testing/stores.ts'

/** Nothing listens there: the port is reserved and no test may have it. */
const nowhere = '127.0.0.1:1'
const secrets = { JWT_SECRET: 'j'.repeat(40), AUTH_ENCRYPTION_KEY: 'e'.repeat(40) }
const s3 = { S3_ENDPOINT: `http://${nowhere}`, S3_ACCESS_KEY: 'some-key', S3_SECRET_KEY: 'some-secret-key' }
const mongo = { MONGODB_URL: `mongodb://jane:hunter22@${nowhere}/?serverSelectionTimeoutMS=300` }

/** The start ends with 1, one sentence on standard error, no stack, no secret; within twenty seconds. */
async function assertRefused(env: ProcessEnv, sentence: RegExp): Promise<void> {
  for (const WORKERS of ['1', '2']) {
    const startedAt = performance.now()
    const { code, stdout, stderr } = await runStowage(['serve'], { ...env, WORKERS })
    assert.equal(code, 1, stdout + stderr)
    // With workers the last word is that none could start.
    assert.match(stderr, /^stowage: [^\n]+\n(stowage: A server process ended with 1 before it could serve\.\n)?$/)
    assert.match(stderr, sentence)
    assert.doesNotMatch(stdout + stderr, /\n\s+at |node:internal|hunter22|some-secret-key/)
    assert.ok(performance.now() - startedAt < 20_000)
  }
}

describe('a start that cannot be is refused with one sentence', { concurrency: 2 }, () => {
  test('DATA_DIR is a file', async () => {
    await using folder = await openTestFolder()
    const DATA_DIR = join(folder.path, 'data')
    await writeFile(DATA_DIR, 'no folder')
    await assertRefused({ DATA_DIR }, /data/)
  })

  test('DATA_DIR is read-only', { skip: skipWithoutMounts() ?? false }, async () => {
    using disk = openSmallDisk(4)
    disk.makeReadOnly()
    await assertRefused({ DATA_DIR: join(disk.path, 'data') }, /read-only|cannot be (written|made)/)
  })

  test('DATA_DIR of a running installation became read-only', { skip: skipWithoutMounts() ?? false }, async () => {
    using disk = openSmallDisk(32)
    await using server = await startServerProcess({ dataDir: disk.path })
    assert.equal(await server.stop(), 0)
    disk.makeReadOnly()
    await assertRefused({ DATA_DIR: disk.path }, /must exist and be writable by this user/)
  })

  test('the port is in use', async () => {
    await using server = await startServerProcess()
    await using folder = await openTestFolder()
    const { port } = new URL(server.url)
    await assertRefused({ DATA_DIR: folder.path, PORT: port }, /another process uses the port/)
  })

  test('the store is of a newer release', async () => {
    await using folder = await openTestFolder()
    await mkdir(folder.path, { recursive: true })
    const { collections, schemaVersion } = schema
    const newer = { path: join(folder.path, 'stowage.db'), collections, schemaVersion: schemaVersion + 1 }
    await (await openSqliteEngine(newer)).close()
    await assertRefused({ DATA_DIR: folder.path }, /newer than/)
  })

  test('MongoDB cannot be reached', async () => {
    await using folder = await openTestFolder()
    await assertRefused(
      { DATA_DIR: folder.path, ...secrets, ...mongo, ...s3 },
      /MongoDB at 127\.0\.0\.1:1 cannot be reached/,
    )
  })

  test('S3 cannot be reached', async () => {
    await using folder = await openTestFolder()
    await assertRefused({ DATA_DIR: folder.path, ...s3 }, /S3|127\.0\.0\.1:1/)
  })

  test('MongoDB without the secrets that replicas share', async () => {
    const { code, stderr } = await runStowage(['serve'], { ...mongo, ...s3 })
    assert.equal(code, 1)
    for (const name of Object.keys(secrets)) {
      assert.match(stderr, new RegExp(`^- ${name} is required with MONGODB_URL, so that replicas agree`, 'm'))
    }
    assert.doesNotMatch(stderr, /\n\s+at |hunter22/)
  })
})
