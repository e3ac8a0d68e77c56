import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { skipUnless } from './backends.ts'
import { openTestFolder } from './stores.ts'

export interface MongoServer extends AsyncDisposable {
  readonly url: string
  /** Where the server started here keeps its databases, one SQLite file each; absent for a server given by URL. */
  readonly folder?: string
}

const program = fileURLToPath(new URL('../../.cache/nx-27017/bin/nx-27017', import.meta.url))
const startMs = 20_000

/** Why tests on MongoDB are skipped, or `undefined` when they can run. */
export function mongoSkip(): string | undefined {
  const available = process.env['TEST_MONGODB_URL'] !== undefined || existsSync(program)
  return skipUnless(available, 'neither TEST_MONGODB_URL is set nor scripts/setup-mongo-test-server.sh was run')
}

/** The server of TEST_MONGODB_URL, or one started for this test on a loopback port and ended when disposed of. */
export async function openMongoServer(): Promise<MongoServer> {
  const given = process.env['TEST_MONGODB_URL']
  if (given) return { url: given, async [Symbol.asyncDispose]() {} }
  return startMongoServer()
}

async function startMongoServer(): Promise<MongoServer> {
  const folder = await openTestFolder()
  const port = await freePort()
  const files = [
    '--data-dir',
    folder.path,
    '--log-file',
    join(folder.path, 'log'),
    '--pid-file',
    join(folder.path, 'pid'),
  ]
  const server = spawn(program, [...files, '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' })
  const ended = once(server, 'exit')
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=2000`
  const opened = {
    url,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL')
      await ended
      await folder[Symbol.asyncDispose]()
    },
  }
  try {
    await answering(url, () => server.exitCode === null)
    return opened
  } catch (err) {
    await opened[Symbol.asyncDispose]()
    throw err
  }
}

async function answering(url: string, isRunning: () => boolean): Promise<void> {
  const end = Date.now() + startMs
  for (;;) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 200 })
    try {
      await client.db('admin').command({ ping: 1 })
      return
    } catch (err) {
      if (!isRunning() || Date.now() > end) throw err
      await setTimeout(20)
    } finally {
      await client.close()
    }
  }
}

/** The test server says no port that it chose itself, so one is chosen for it. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port on the loopback interface')
  return address.port
}
