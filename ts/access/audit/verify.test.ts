import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Stored } from '../../metadata/engine.ts'
import type { AuditEntryDocument } from '../../metadata/platform-schema.ts'
import * as signInSchema from '../../metadata/sign-in-schema.ts'
import { type MongoServer, mongoSkip, openMongoServer } from '../../testing/mongo-server.ts'
import { chainHash } from './canonical.ts'
import { checkpointId } from './checkpoints.ts'
import { checkpointsId, entryId } from './store.ts'
import { anEntry, openMongoTrailEngine, openTestTrail, type TestTrail } from './testing.ts'

interface Tampering {
  readonly name: string
  /** What somebody does to the store after two checkpoints, of entries 1 to 4 and 5 to 8. */
  tamper(test: TestTrail, stream: string): Promise<void>
  /** `kind sequence` of each finding that must be there. */
  readonly found: readonly string[]
}

async function entry({ store }: TestTrail, stream: string, sequence: number): Promise<Stored<AuditEntryDocument>> {
  const found = await store.entries.get(entryId(stream, sequence))
  assert.ok(found)
  return found
}

async function rewrite(test: TestTrail, stream: string, sequence: number, change: Partial<AuditEntryDocument>) {
  const { id, revision, value } = await entry(test, stream, sequence)
  await test.store.entries.update(id, revision, { ...value, ...change })
}

/** Changes an entry and chains all that follow anew, as somebody does who has read the code. */
async function rewriteChain(test: TestTrail, stream: string, from: number, to: number) {
  let previous = ''
  for (let sequence = from; sequence <= to; sequence++) {
    await rewrite(test, stream, sequence, sequence === from ? { actorName: 'mallory' } : { previous })
    previous = chainHash((await entry(test, stream, sequence)).value)
  }
}

const tamperings: readonly Tampering[] = [
  {
    name: 'a changed entry',
    tamper: (test, stream) => rewrite(test, stream, 3, { actorName: 'mallory' }),
    found: ['changed 3'],
  },
  {
    name: 'a changed last entry',
    tamper: (test, stream) => rewrite(test, stream, 8, { outcome: 'failed' }),
    found: ['changed 8'],
  },
  {
    name: 'a missing entry',
    tamper: ({ store }, stream) => store.entries.delete(entryId(stream, 3)),
    found: ['missing 3'],
  },
  {
    name: 'a missing first entry',
    tamper: ({ store }, stream) => store.entries.delete(entryId(stream, 1)),
    found: ['missing 1'],
  },
  {
    name: 'two entries that changed places',
    async tamper(test, stream) {
      const [three, four] = [await entry(test, stream, 3), await entry(test, stream, 4)]
      await test.store.entries.delete(three.id)
      await test.store.entries.update(four.id, four.revision, { ...three.value, sequence: 4 })
      await test.store.entries.insert(three.id, { ...four.value, sequence: 3 })
    },
    found: ['reordered 3', 'changed 4'],
  },
  {
    name: 'two entries whose numbers were exchanged',
    async tamper(test, stream) {
      await rewrite(test, stream, 3, { sequence: 300 })
      await rewrite(test, stream, 4, { sequence: 3 })
      await rewrite(test, stream, 3, { sequence: 4 })
    },
    found: ['reordered 4', 'reordered 3'],
  },
  {
    name: 'a tail that was cut off',
    async tamper({ store }, stream) {
      for (const sequence of [7, 8]) await store.entries.delete(entryId(stream, sequence))
    },
    found: ['missing 8', 'cut 8'],
  },
  {
    name: 'a tail that was cut off, and the record of the stream set back to match',
    async tamper({ store }, stream) {
      for (const sequence of [5, 6, 7, 8]) await store.entries.delete(entryId(stream, sequence))
      const record = await store.streams.get(stream)
      assert.ok(record)
      await store.streams.update(stream, record.revision, { ...record.value, sequence: 4, checkpoint: 1 })
    },
    found: ['missing 8'],
  },
  {
    name: 'a record of a stream that was set back',
    async tamper({ store }, stream) {
      const record = await store.streams.get(stream)
      assert.ok(record)
      await store.streams.update(stream, record.revision, { ...record.value, sequence: 0, checkpoint: 0 })
    },
    found: ['changed 4'],
  },
  {
    name: 'a stream whose record is lost',
    tamper: ({ store }, stream) => store.streams.delete(stream),
    found: ['lost undefined'],
  },
  {
    name: 'a stream that is lost with all its entries',
    async tamper({ store }, stream) {
      for (let sequence = 1; sequence <= 8; sequence++) await store.entries.delete(entryId(stream, sequence))
      await store.streams.delete(stream)
    },
    found: ['lost undefined'],
  },
  {
    name: 'an entry changed and everything behind it chained anew',
    tamper: (test, stream) => rewriteChain(test, stream, 2, 8),
    found: ['changed 4', 'changed 8'],
  },
  {
    name: 'an end that was chained anew before it was signed',
    async tamper(test, stream) {
      await Promise.all([1, 2].map(() => test.trail.record(anEntry())))
      await rewriteChain(test, stream, 6, 10)
      await test.another().checkpoint()
    },
    found: ['changed 8'],
  },
  {
    name: 'a changed checkpoint',
    async tamper({ store }) {
      const known = await store.checkpoints.get(checkpointId(1))
      assert.ok(known)
      await store.checkpoints.update(known.id, known.revision, { ...known.value, heads: [] })
    },
    found: ['forged 1', 'changed 1'],
  },
  {
    name: 'a missing checkpoint',
    tamper: ({ store }) => store.checkpoints.delete(checkpointId(1)),
    found: ['missing 1'],
  },
  {
    name: 'a missing last checkpoint',
    tamper: ({ store }) => store.checkpoints.delete(checkpointId(2)),
    found: ['cut 2'],
  },
  {
    name: 'entries that are said to be removed by retention, and were not',
    async tamper({ store }, stream) {
      for (const sequence of [1, 2]) await store.entries.delete(entryId(stream, sequence))
      const record = await store.streams.get(stream)
      const hash = (await store.entries.get(entryId(stream, 3)))?.value.previous ?? ''
      assert.ok(record)
      const base = { sequence: 2, hash, at: 0, keyId: (await store.key()).keyId, signature: 'AAAA' }
      await store.streams.update(stream, record.revision, { ...record.value, base })
    },
    found: ['forged 2'],
  },
]

function tamperingTests(kind: string, open: () => Promise<TestTrail>, skip?: string) {
  describe(`verification finds, on ${kind},`, { ...(skip !== undefined && { skip }) }, () => {
    for (const { name, tamper, found } of tamperings) {
      test(name, async () => {
        await using opened = await open()
        await opened.recordAndSign(4)
        await opened.recordAndSign(4)
        assert.deepEqual((await opened.trail.verify()).findings, [])
        const [stream] = (await opened.store.streams.find('byStream', {})).items
        assert.ok(stream)
        await tamper(opened, stream.id)
        const { findings } = await opened.trail.verify()
        const kinds = findings.map((finding) => `${finding.kind} ${finding.sequence}`)
        for (const each of found) assert.ok(kinds.includes(each), `${each} is not among ${JSON.stringify(findings)}`)
        for (const { stream: where } of findings) assert.ok([stream.id, checkpointsId].includes(where))
      })
    }
  })
}

const skip = mongoSkip()
let server: MongoServer | undefined
before(async () => {
  if (!skip) server = await openMongoServer()
})
after(() => server?.[Symbol.asyncDispose]())

tamperingTests('SQLite', openTestTrail)
tamperingTests(
  'MongoDB',
  () => {
    assert.ok(server)
    const running = server
    return openTestTrail(() => openMongoTrailEngine(running))
  },
  skip,
)

describe('verification', () => {
  test('of an untouched trail finds nothing, and counts what it read', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(3)
    await opened.trail.record(anEntry())
    await opened.another().record(anEntry())
    const { anchor, ...report } = await opened.trail.verify()
    assert.deepEqual(report, {
      streams: 2,
      entries: 5,
      checkpoints: 1,
      findings: [],
      moreFindings: 0,
      notes: [],
      unsignedEntries: 2,
    })
    assert.equal(anchor?.sequence, 1)
  })

  test('of a trail of many pages finds the one entry that was changed', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(1200)
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    assert.ok(stream)
    assert.equal((await opened.trail.verify()).entries, 1200)
    await rewrite(opened, stream.id, 777, { count: 2 })
    const { findings } = await opened.trail.verify()
    assert.deepEqual(
      findings.map(({ kind, sequence }) => [kind, sequence]),
      [['changed', 777]],
    )
    assert.match(findings[0]?.words ?? '', /Entry 777 is not what entry 778 was chained to/)
  })

  test('with an earlier anchor shows that the whole trail was put back to an earlier state', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(2)
    await opened.recordAndSign(2)
    const { anchor } = await opened.trail.verify()
    assert.deepEqual((await opened.trail.verify(anchor)).findings, [])
    await using other = await openTestTrail()
    await other.recordAndSign(2)
    assert.deepEqual((await other.trail.verify()).findings, [])
    assert.deepEqual(
      (await other.trail.verify(anchor)).findings.map(({ kind }) => kind),
      ['cut'],
    )
  })

  test('of a stream that stopped without notice finds nothing', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(3)
    await opened.trail.record(anEntry())
    opened.clock.now += 2 * 86_400_000
    const other = opened.another()
    await other.checkpoint()
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    assert.deepEqual([stream?.value.state, stream?.value.sequence], ['closed', 4])
    assert.deepEqual((await other.verify()).findings, [])
  })

  test('of a last group that a killed process left with a hole notes it and finds nothing', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(3)
    // One group, of which one write never arrived.
    await Promise.all([4, 5, 6, 7].map(() => opened.trail.record(anEntry())))
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    assert.ok(stream)
    assert.equal((await entry(opened, stream.id, 7)).value.settled, 3)
    await opened.store.entries.delete(entryId(stream.id, 5))
    const report = await opened.another().verify()
    assert.deepEqual([report.findings, report.notes.length], [[], 1])
    await opened.another().checkpoint()
    const record = await opened.store.streams.get(stream.id)
    assert.equal(record?.value.sequence, 4, 'only what has no hole before it is signed')
    assert.deepEqual((await opened.another().verify()).findings, [])
  })

  test('of the same hole is a finding once a later group says that all before it was durable', async () => {
    await using opened = await openTestTrail()
    await Promise.all([1, 2, 3].map(() => opened.trail.record(anEntry())))
    await opened.trail.record(anEntry())
    const [stream] = (await opened.store.streams.find('byStream', {})).items
    assert.ok(stream)
    await opened.store.entries.delete(entryId(stream.id, 2))
    const { findings } = await opened.trail.verify()
    assert.deepEqual(
      findings.map(({ kind, sequence }) => [kind, sequence]),
      [['missing', 2]],
    )
  })

  test('with another key finds every checkpoint forged', async () => {
    await using opened = await openTestTrail()
    await opened.recordAndSign(2)
    await opened.engine.collection(signInSchema.settings).delete('signing-audit')
    const { findings } = await opened.another().verify()
    assert.deepEqual(
      findings.map(({ kind, sequence }) => [kind, sequence]),
      [['forged', 1]],
    )
  })
})
