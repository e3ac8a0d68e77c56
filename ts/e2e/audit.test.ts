import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { AuditEntryDocument } from '../metadata/platform-schema.ts'
import * as platformSchema from '../metadata/platform-schema.ts'
import { adminPassword, type ServerProcess, startServerProcess } from '../testing/server-process.ts'
import { openTestFolder } from '../testing/stores.ts'
import { ageIntents, untilCompleted, withStore } from './crashed-store.ts'
import { type NpmRequests, npmRequests } from './npm-requests.ts'

const clients = 12
const versions = Array.from({ length: 120 }, (_, i) => ({
  name: `lib-${i % 24}`,
  version: `1.0.${Math.floor(i / 24)}`,
}))

type Version = (typeof versions)[number]

/** Publishes all, several at a time, and resolves to those that were answered. */
async function publishAll(npm: NpmRequests, onAnswered: (count: number) => void): Promise<Version[]> {
  const answered: Version[] = []
  const queue = versions.values()
  const client = async () => {
    for (const spec of queue) {
      const status = await npm.publish(spec.name, spec.version).catch(() => 0)
      if (status >= 200 && status < 300) onAnswered(answered.push(spec))
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return answered
}

/** As a command beside the server exports them. */
async function entriesOf(server: ServerProcess, action: string): Promise<AuditEntryDocument[]> {
  const [, ...lines] = (await server.command(['audit', 'export', '--action', action])).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line).value)
}

async function assertVerified(server: ServerProcess): Promise<void> {
  const report = JSON.parse(await server.command(['audit', 'verify', '--json']))
  assert.deepEqual(report.findings, [])
  assert.ok(report.entries > 0)
}

const unitOf = ({ targetName, details }: AuditEntryDocument) =>
  `${targetName}@${(details as { units: readonly string[] }).units[0]}`

describe('the audit trail of real processes', { concurrency: true, timeout: 150_000 }, () => {
  for (const workers of ['1', '2']) {
    test(`kill -9 during publishes: each that is there has its one entry, and all verifies (WORKERS=${workers})`, async () => {
      await using folder = await openTestFolder()
      const options = { dataDir: join(folder.path, 'data'), env: { WORKERS: workers } }
      await using first = await startServerProcess(options)
      const token = await first.adminToken()
      let killed: unknown
      const answered = await publishAll(npmRequests(first.url, token), (count) => {
        if (count === 40) killed = wait(Math.random() * 30).then(first.kill)
      })
      await killed
      assert.ok(answered.length < versions.length, 'the server was killed too late')
      await withStore(options.dataDir, ageIntents)

      await using second = await startServerProcess(options)
      await withStore(options.dataDir, untilCompleted)
      const told = (await entriesOf(second, 'package.publish')).map(unitOf)
      assert.equal(new Set(told).size, told.length, 'an entry is there twice')
      for (const { name, version } of answered) {
        assert.ok(told.includes(`${name}@${version}`), `${name}@${version} was answered`)
      }
      await assertEachThereIsTold(npmRequests(second.url, token), told)
      await assertVerified(second)
      assert.equal(await second.stop(), 0)
    })
  }

  test('what a command changes is told as done by whoever ran it, in a stream of its own', async () => {
    await using server = await startServerProcess()
    const password = 'a horse of battery'
    await server.command(['user', 'create', 'jane', '--email', 'jane@example.com', '--password-stdin'], password)
    const made = (await entriesOf(server, 'user.create')).filter(({ targetName }) => targetName === 'jane')
    assert.deepEqual(
      made.map(({ actorKind, outcome, count }) => [actorKind, outcome, count]),
      [['command-line', 'success', 1]],
    )
    assert.notEqual(made[0]?.requestId, '')
    const [administrator] = (await entriesOf(server, 'user.create')).filter(({ targetName }) => targetName === 'admin')
    assert.equal(administrator?.actorKind, 'system')
    assert.notEqual(administrator?.stream, made[0]?.stream)
    const all = await server.command(['audit', 'export'])
    for (const secret of [password, adminPassword]) assert.equal(all.includes(secret), false)
    await assertVerified(server)
  })

  test('heads are signed while the server runs, so that a lost entry is found', async () => {
    await using folder = await openTestFolder()
    const dataDir = join(folder.path, 'data')
    await using server = await startServerProcess({ dataDir })
    await server.adminToken()
    await withStore(dataDir, async (engine) => {
      const deadline = Date.now() + 120_000
      while (
        (await engine.collection(platformSchema.auditCheckpoints).find('bySequence', { limit: 1 })).items.length === 0
      ) {
        assert.ok(Date.now() < deadline, 'no checkpoint was written')
        await wait(500)
      }
      const entries = engine.collection(platformSchema.auditEntries)
      const [last] = (await entries.find('byTime', { order: 'descending', limit: 1 })).items
      await entries.delete(last?.id ?? '')
    })
    await assert.rejects(server.command(['audit', 'verify']), /not as it was written/)
  })
})

async function assertEachThereIsTold(npm: NpmRequests, told: readonly string[]): Promise<void> {
  for (const name of new Set(versions.map((spec) => spec.name))) {
    const packument = await npm.packument(name)
    for (const version of Object.keys(packument?.versions ?? {})) {
      assert.ok(told.includes(`${name}@${version}`), `${name}@${version} is there`)
    }
  }
}
