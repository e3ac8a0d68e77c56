import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { filesystemBlobStore } from '../blobs/filesystem.ts'
import type { MetadataEngine } from '../metadata/engine.ts'
import * as packageSchema from '../metadata/package-schema.ts'
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { ageIntents, untilCompleted, withStore } from './crashed-store.ts'
import { type NpmRequests, npmRequests } from './npm-requests.ts'

const packageCount = 40
const versionsEach = 5
const clients = 16

interface Spec {
  readonly name: string
  readonly version: string
}

/** 200 publishes; those of one package follow each other closely, so that they race. */
const specs: readonly Spec[] = Array.from({ length: packageCount * versionsEach }, (_, i) => ({
  name: `crash-${Math.floor(i / versionsEach)}`,
  version: `1.0.${i % versionsEach}`,
}))

/** Publishes all, several at a time; a lost connection or a refusal ends only that publish. */
async function publishAll(npm: NpmRequests, onAnswered: (spec: Spec) => void): Promise<void> {
  const queue = specs.values()
  const client = async () => {
    for (const spec of queue) {
      const status = await npm.publish(spec.name, spec.version).catch(() => 0)
      if (status >= 200 && status < 300) onAnswered(spec)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
}

/** Publishes until `count` are answered, soon after does that to the server, and resolves to all that were answered. */
async function publishUntil(npm: NpmRequests, count: number, blow: () => unknown): Promise<readonly Spec[]> {
  const answered: Spec[] = []
  let done: unknown
  await publishAll(npm, (spec) => {
    answered.push(spec)
    // Right after an answer the other publishes are mostly at the same step: any moment shall do.
    if (answered.length === count) done = wait(Math.random() * 30).then(blow)
  })
  await done
  return answered
}

/** All that a client can see is whole; resolves to how many versions there are. */
async function assertNothingHalf(npm: NpmRequests): Promise<number> {
  let versions = 0
  for (let i = 0; i < packageCount; i++) {
    const packument = await npm.packument(`crash-${i}`)
    if (!packument) continue
    for (const version of Object.keys(packument.versions)) await npm.assertInstallable(`crash-${i}`, version)
    for (const [tag, version] of Object.entries(packument['dist-tags'])) {
      assert.ok(packument.versions[version], `crash-${i}: tag ${tag} points at ${version}, which is not there`)
    }
    versions += Object.keys(packument.versions).length
  }
  return versions
}

/** The log has an entry for each visible version, numbered without a hole. */
async function assertLogComplete(engine: MetadataEngine, versions: number): Promise<void> {
  const { items } = await engine.collection(packageSchema.changes).find('bySequence', { limit: 1000 })
  assert.deepEqual(
    items.map(({ value }) => value.sequence),
    Array.from({ length: versions }, (_, i) => i + 1),
  )
}

/** What the dead process left is bounded, and the sweep knows it. */
async function assertSweepable(dataDir: string): Promise<void> {
  const dir = join(dataDir, 'packages')
  const store = await filesystemBlobStore({ dir })
  const swept = await store.sweep(-60)
  await store.close()
  assert.ok(swept <= clients, `${swept} files were left in staging`)
  assert.deepEqual(await readdir(join(dir, 'staging')), [])
}

// Together: most of the time goes by waiting for the completion job.
describe('kill -9 during 200 publishes', { concurrency: true, timeout: 90_000 }, () => {
  for (const workers of ['1', '2']) {
    test(`loses no answered one and shows no half one (WORKERS=${workers})`, async () => {
      await using folder = await openTestFolder()
      const options = { dataDir: join(folder.path, 'data'), env: { WORKERS: workers } }
      await using first = await startServerProcess(options)
      const token = await first.adminToken()
      const answered = await publishUntil(npmRequests(first.url, token), 60, first.kill)
      assert.ok(answered.length < specs.length, 'the server was killed too late')
      await assertSweepable(options.dataDir)
      await withStore(options.dataDir, ageIntents)

      await using second = await startServerProcess(options)
      const npm = npmRequests(second.url, token)
      for (const { name, version } of answered) await npm.assertInstallable(name, version)
      await assertNothingHalf(npm)
      await withStore(options.dataDir, async (engine) => {
        await untilCompleted(engine)
        await assertLogComplete(engine, await assertNothingHalf(npm))
      })
      await publishAll(npm, () => {})
      assert.equal(await assertNothingHalf(npm), specs.length)
      assert.equal(await second.stop(), 0)
    })
  }

  test('to one worker loses no answered one, and the others go on', async () => {
    await using server = await startServerProcess({ env: { WORKERS: '2' } })
    await untilWorkersAnswer(server)
    const npm = npmRequests(server.url, await server.adminToken())
    const answered = await publishUntil(npm, 60, async () => process.kill(await aWorkerOf(server), 'SIGKILL'))
    assert.ok(answered.length > specs.length / 2, `${answered.length} publishes were answered`)
    for (const { name, version } of answered) await npm.assertInstallable(name, version)
    await assertNothingHalf(npm)
  })
})

test('a worker that is killed leaves no client without an end of its connection', { timeout: 90_000 }, async () => {
  await using server = await startServerProcess({ env: { WORKERS: '2' } })
  await untilWorkersAnswer(server)
  let answers = 0
  const connectUntil = async (count: number) => {
    while (answers < count) if (await isAnswered(server.url)) answers++
  }
  await Promise.all(Array.from({ length: 16 }, () => connectUntil(1000)))
  const others = Array.from({ length: 16 }, () => connectUntil(2000))
  process.kill(await aWorkerOf(server), 'SIGKILL')
  await Promise.all(others)
})

/** Asks over a connection of its own; rejects when that neither answers nor ends. */
async function isAnswered(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setTimeout(10_000)
  socket.write('GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  socket.on('timeout', () => socket.destroy(new Error('the connection has no end')))
  socket.on('error', (err: NodeJS.ErrnoException) => (err.code ? resolve(false) : reject(err)))
  socket.on('data', () => resolve(true))
  socket.on('close', () => resolve(false))
  return await promise
}

async function aWorkerOf({ pid }: ServerProcess): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return Number(children.split(' ')[0])
}

/** The server announces itself when the first listens; a port that the system chose is lost with the last. */
async function untilWorkersAnswer(server: ServerProcess): Promise<void> {
  const deadline = Date.now() + 30_000
  const processes = () => new Set([...server.output().matchAll(/"requestId":"(.{8})-/g)].map(([, first]) => first))
  while (processes().size < 2) {
    assert.ok(Date.now() < deadline, 'not every worker answers')
    await Promise.all(Array.from({ length: 16 }, () => isAnswered(server.url)))
  }
}
