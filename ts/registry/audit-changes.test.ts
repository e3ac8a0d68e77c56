import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AuditTrail, createAuditTrail } from '../access/audit/audit-trail.ts'
import { witnessing } from '../access/audit/witness.ts'
import type { AuditEntryDocument } from '../metadata/platform-schema.ts'
import { secretsInMemory } from '../testing/access.ts'
import { aPublish, openTestRegistry, type TestRegistry } from '../testing/registry.ts'
import { registryAudit } from './audit-changes.ts'
import type { PublishStep } from './publish-request.ts'
import { createRegistry, type Registry } from './registry.ts'

/** A store with its trail, and registries of further processes that tell it. */
async function setUp() {
  const t = await openTestRegistry()
  const { engine, blobs } = t
  const trail = createAuditTrail({ engine, secretSetting: secretsInMemory(), process: 'a test' })
  const opened: Registry[] = []
  const open = (told: Pick<AuditTrail, 'record' | 'query'>, onStep?: (step: PublishStep) => void) => {
    const describe = () => ({ description: '', keywords: [], authors: [] })
    const audit = registryAudit(told)
    const registry = createRegistry({
      engine,
      blobs,
      describe,
      keepsTombstones: () => true,
      documentCacheBytes: 1,
      audit,
      ...(onStep && { onStep }),
    })
    opened.push(registry)
    return registry
  }
  return {
    t,
    trail,
    open,
    registry: open(trail),
    async entries(): Promise<AuditEntryDocument[]> {
      return (await trail.query({ order: 'ascending' })).items.map(({ value }) => value)
    },
    async [Symbol.asyncDispose]() {
      for (const registry of opened) await registry.settled()
      await t[Symbol.asyncDispose]()
    },
  }
}

const isCompleted = ({ details }: AuditEntryDocument) => (details as { completed?: true }).completed === true
const complete = (registry: Registry) => registry.completeUnfinished(Date.now() + 1)

async function publishAs(registry: Registry, t: TestRegistry, requestId: string) {
  const request = await aPublish(t, 'lib', '1.0.0', { requestId })
  return registry.publish(request)
}

describe('a publisher that dies', () => {
  const steps: [step: PublishStep, entries: 0 | 1, byTheJob: boolean][] = [
    ['policies', 0, false],
    ['blobs-kept', 0, false],
    ['files-referenced', 0, false],
    ['unit-inserted', 1, true],
    ['package-swapped', 1, true],
    ['finished', 1, false],
  ]
  for (const [step, count, byTheJob] of steps) {
    test(`after "${step}" leaves ${count} entry when the job has completed it, twice`, async () => {
      await using s = await setUp()
      const dying = s.open(s.trail, (at) => {
        if (at === step) throw new Error('the process died')
      })
      await assert.rejects(publishAs(dying, s.t, 'request-1'), /the process died/)
      await complete(s.registry)
      await complete(s.registry)
      const entries = await s.entries()
      assert.equal(entries.length, count)
      for (const entry of entries) {
        assert.equal(entry.action, 'package.publish')
        assert.deepEqual([entry.actorId, entry.actorName, entry.requestId], ['usr_test', 'tess', 'request-1'])
        assert.equal(isCompleted(entry), byTheJob)
      }
      assert.equal(await s.t.intents(), 0)
    })
  }

  test('with a trail that cannot be written is not answered, and its entry is written by the job', async () => {
    await using s = await setUp()
    const record = () => Promise.reject(new Error('the disk is full'))
    const failing = s.open({ record, query: s.trail.query })
    await assert.rejects(publishAs(failing, s.t, 'request-1'), /the disk is full/)
    assert.deepEqual(await s.entries(), [])
    await complete(s.registry)
    const [entry] = await s.entries()
    assert.ok(entry && isCompleted(entry))
  })
})

test('an edit whose entry was lost is told by the job, once, at the time of the edit', async () => {
  await using s = await setUp()
  const { package: pkg } = await publishAs(s.registry, s.t, 'request-1')
  const failing = s.open({ record: () => Promise.reject(new Error('the disk is full')), query: s.trail.query })
  const author = { actor: 'usr_jane', requestId: 'request-2' }
  const tagged = failing.edit(pkg, { kind: 'tag' }, author, ({ marks }) => ({ tags: [['next', '1.0.0']], marks }))
  await assert.rejects(tagged, /the disk is full/)
  await complete(s.registry)
  await complete(s.registry)
  const [, entry, ...more] = await s.entries()
  assert.deepEqual(more, [])
  assert.deepEqual([entry?.action, entry?.actorId, entry?.requestId], ['package.tag', 'usr_jane', 'request-2'])
  assert.ok(entry && isCompleted(entry))
  const logged = await s.registry.changes.after(s.t.repository.id, 1)
  assert.equal(entry.at, logged[0]?.at)
})

test('a process that was stopped for long and comes back tells nothing that the job has told', async () => {
  await using s = await setUp()
  const { package: pkg } = await publishAs(s.t.registry, s.t, 'request-1')
  const change = {
    kind: 'publish' as const,
    package: pkg,
    unitKeys: ['1.0.0'],
    actor: 'usr_test',
    requestId: 'request-1',
    at: Date.now() - 60_000,
  }
  const audit = registryAudit(s.trail)
  await audit.change({ ...change, isCompletion: true })
  await audit.change(change)
  const entries = await s.entries()
  assert.deepEqual(entries.map(isCompleted), [true])
  await audit.change({ ...change, requestId: 'request-2' })
  assert.equal((await s.entries()).length, 2)
})

test('who did it and from where is what the witness of the same request saw', async () => {
  await using s = await setUp()
  const actor = { kind: 'user', id: 'usr_test', name: 'tess', tokenId: 'tok_1' }
  const asking = { requestId: 'request-1', address: '192.0.2.7', userAgent: 'npm/12' }
  await witnessing(asking, actor, () => publishAs(s.registry, s.t, 'request-1'))
  const [entry] = await s.entries()
  assert.deepEqual([entry?.tokenId, entry?.address, entry?.userAgent], ['tok_1', '192.0.2.7', 'npm/12'])
})
