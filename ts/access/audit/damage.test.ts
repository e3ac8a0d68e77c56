import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { MongoClient } from 'mongodb'
import * as accessSchema from '../../metadata/access-schema.ts'
import { openMongoEngine } from '../../metadata/mongo.ts'
import * as platformSchema from '../../metadata/platform-schema.ts'
import * as signInSchema from '../../metadata/sign-in-schema.ts'
import { openSqliteEngine } from '../../metadata/sqlite.ts'
import { openConnection } from '../../metadata/sqlite-connection.ts'
import { mongoSkip, openMongoServer } from '../../testing/mongo-server.ts'
import { openTestFolder } from '../../testing/stores.ts'
import { checkpointId } from './checkpoints.ts'
import { anEntry, openTestTrail } from './testing.ts'

const collections = [
  accessSchema.users,
  signInSchema.settings,
  platformSchema.auditEntries,
  platformSchema.auditStreams,
  platformSchema.auditCheckpoints,
]

/** Entries 1 to 4 and 5 to 8, each four signed, in a database that somebody opens with a tool of their own. */
async function openDamaged() {
  const folder = await openTestFolder()
  const path = join(folder.path, 'metadata.sqlite')
  const opened = await openTestTrail(async () => {
    const engine = await openSqliteEngine({ path, collections, schemaVersion: 1 })
    return { store: engine, [Symbol.asyncDispose]: () => engine.close() }
  })
  for (const action of ['package.publish', 'package.delete']) {
    await opened.recordAndSign(4, { action })
    opened.clock.now += 1000
  }
  const [stream] = (await opened.store.streams.find('byStream', {})).items
  assert.ok(stream)
  return {
    ...opened,
    stream: stream.id,
    sql(text: string, ...values: string[]) {
      using connection = openConnection(path, false)
      connection.run(text, ...values)
    },
    /** `kind sequence` of each finding. */
    async found() {
      return (await opened.trail.verify()).findings.map(({ kind, sequence }) => `${kind} ${sequence}`)
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
type Damaged = Awaited<ReturnType<typeof openDamaged>>

async function textOf(lines: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const line of lines) text += line
  return text
}

describe('verification finds an entry that lists no longer find as it is, by its', () => {
  const changes = [
    "f_actorId = 'usr_nobody'",
    "f_action = 'package.tag'",
    "f_targetId = 'pkg_toolt'",
    'f_at = f_at + 1',
    'f_at = 1',
    'f_at = NULL',
    'f_actorId = NULL',
  ]
  for (const change of changes) {
    test(change, async () => {
      await using s = await openDamaged()
      assert.deepEqual(await s.found(), [])
      s.sql(`UPDATE auditEntries SET ${change} WHERE id = ?`, `${s.stream}.3`)
      assert.deepEqual(await s.found(), ['misplaced 3'])
    })
  }

  test('stream', async () => {
    await using s = await openDamaged()
    s.sql("UPDATE auditEntries SET f_stream = 'strm_other' WHERE id = ?", `${s.stream}.3`)
    assert.deepEqual(await s.found(), ['missing 3'])
  })

  test('number, and says that the order is wrong, not that entries are missing', async () => {
    await using s = await openDamaged()
    for (const [id, number] of [
      [3, 300],
      [4, 3],
      [3, 4],
    ]) {
      s.sql(`UPDATE auditEntries SET f_sequence = ${number} WHERE id = ?`, `${s.stream}.${id}`)
    }
    assert.deepEqual(await s.found(), ['changed 4', 'misplaced 4', 'misplaced 3'])
  })

  test('time, in a list of many pages that comes to its end', async () => {
    await using s = await openDamaged()
    s.sql('UPDATE auditEntries SET f_at = f_at + 100000 WHERE id = ?', `${s.stream}.3`)
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await s.trail.query({ limit: 1, order: 'ascending', ...(after !== undefined && { after }) })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
      if (after === undefined || seen.length > 20) break
    }
    assert.equal(seen.length, 8)
  })
})

test('verification finds a record of a stream that lists no longer find', async () => {
  await using s = await openDamaged()
  s.sql('UPDATE auditStreams SET f_stream = NULL WHERE id = ?', s.stream)
  assert.deepEqual(await s.found(), ['lost undefined'])
})

for (const body of ['{', '{}', 'null', '{"at":"x"}']) {
  describe(`one entry that is overwritten with ${body}`, () => {
    const damage = (s: Damaged, sequence = 3) =>
      s.sql('UPDATE auditEntries SET body = ? WHERE id = ?', body, `${s.stream}.${sequence}`)

    test('is a finding that names it, alone', async () => {
      await using s = await openDamaged()
      damage(s)
      const { findings } = await s.trail.verify()
      assert.deepEqual(findings, [
        {
          stream: s.stream,
          kind: 'unreadable',
          sequence: 3,
          words: 'Entry 3 cannot be read: it was overwritten or damaged.',
        },
      ])
    })

    test('is one too when it is the last, or the first, or signed', async () => {
      await using s = await openDamaged()
      for (const sequence of [1, 4, 8]) damage(s, sequence)
      assert.deepEqual(await s.found(), ['unreadable 1', 'unreadable 4', 'unreadable 8'])
    })

    test('is named by lists and exports, which have all others', async () => {
      await using s = await openDamaged()
      damage(s)
      const id = `${s.stream}.3`
      for (const filter of [{}, { actor: 'usr_jane' }, { actor: 'usr_jane', target: 'pkg_tools' }]) {
        const page = await s.trail.query(filter)
        assert.deepEqual([page.items.length, page.unreadable], [7, [id]])
        const csv = (await textOf(s.trail.export('csv', filter))).split('\r\n')
        assert.equal(csv.length, 1 + 8 + 1)
        assert.equal(csv.filter((line) => line.includes('(unreadable)') && line.includes(`${s.stream},3`)).length, 1)
        const ndjson = await textOf(s.trail.export('ndjson', filter))
        assert.equal(ndjson.split('"kind":"entry"').length - 1, 7)
        assert.ok(ndjson.includes(`{"id":"${id}","kind":"unreadable"}`))
      }
    })

    test('does not disturb pages', async () => {
      await using s = await openDamaged()
      damage(s)
      for (const filter of [{}, { actor: 'usr_jane', target: 'pkg_tools' }]) {
        for (const limit of [1, 2, 3]) {
          const seen: string[] = []
          for (let after: string | undefined; ; ) {
            const page = await s.trail.query({ ...filter, limit, ...(after !== undefined && { after }) })
            seen.push(...page.items.map(({ value }) => String(value.sequence)))
            after = page.next
            if (after === undefined || seen.length > 20) break
          }
          assert.deepEqual(seen, ['8', '7', '6', '5', '4', '2', '1'], `${limit} at a time`)
        }
      }
    })
  })

  test(`a checkpoint that is overwritten with ${body} is a finding, and exports name it`, async () => {
    await using s = await openDamaged()
    s.sql('UPDATE auditCheckpoints SET body = ? WHERE id = ?', body, checkpointId(1))
    assert.deepEqual(await s.found(), ['unreadable 1'])
    assert.ok((await textOf(s.trail.export('ndjson'))).includes('{"id":"checkpoints.1","kind":"unreadable"}'))
  })

  test(`a record of a stream that is overwritten with ${body} is a finding, and exports name it`, async () => {
    await using s = await openDamaged()
    s.sql('UPDATE auditStreams SET body = ? WHERE id = ?', body, s.stream)
    assert.deepEqual(await s.found(), ['lost undefined', 'unreadable undefined'])
    assert.ok((await textOf(s.trail.export('ndjson'))).includes(`{"id":"${s.stream}","kind":"unreadable"}`))
  })
}

describe('a trail without anything', () => {
  test('is fine before anything was done', async () => {
    await using opened = await openTestTrail()
    for (let times = 0; times < 2; times++) {
      assert.deepEqual((await opened.trail.verify()).findings, [])
      assert.match(await textOf(opened.trail.export('ndjson')), /^\{"algorithm":"Ed25519","complete":true,/)
    }
  })

  test('is a finding after a checkpoint was made', async () => {
    await using s = await openDamaged()
    for (const table of ['auditEntries', 'auditStreams', 'auditCheckpoints']) s.sql(`DELETE FROM ${table}`)
    const { findings } = await s.trail.verify()
    assert.deepEqual(
      findings.map(({ stream, kind }) => [stream, kind]),
      [['checkpoints', 'lost']],
    )
    assert.match(findings[0]?.words ?? '', /The trail is empty, although/)
  })

  test('is a finding where there is a user', async () => {
    await using opened = await openTestTrail()
    await opened.engine.collection(accessSchema.users).insert('usr_jane', {
      username: 'jane',
      usernameKey: 'jane',
      email: 'jane@example.com',
      passwordHash: '',
      displayName: 'Jane',
      isActive: true,
      isPlatformAdmin: false,
      createdAt: 0,
    })
    assert.equal((await opened.trail.verify()).findings[0]?.kind, 'lost')
    await opened.trail.record(anEntry())
    assert.deepEqual((await opened.another().verify()).findings, [])
  })
})

test('a single checkpoint that is missing is told of as one', async () => {
  await using s = await openDamaged()
  await s.recordAndSign(1)
  s.sql('DELETE FROM auditCheckpoints WHERE id = ?', checkpointId(2))
  assert.ok((await s.trail.verify()).findings.some(({ words }) => words === 'Checkpoint 2 is missing.'))
})

test('MongoDB: entries that were hidden or overwritten are findings', { skip: mongoSkip() ?? false }, async () => {
  await using server = await openMongoServer()
  const database = `test-${randomUUID()}`
  await using opened = await openTestTrail(async () => {
    const engine = await openMongoEngine({ url: server.url, database, collections, schemaVersion: 1 })
    return { store: engine, [Symbol.asyncDispose]: () => engine.close() }
  })
  await opened.recordAndSign(6)
  const [stream] = (await opened.store.streams.find('byStream', {})).items
  assert.ok(stream)
  const client = await MongoClient.connect(server.url)
  try {
    const entries = client.db(database).collection<{ _id: string }>('auditEntries')
    const change = (sequence: number, to: object) =>
      entries.updateOne({ _id: `${stream.id}.${sequence}` }, { $set: to })
    await change(2, { 'ix.actorId': 'usr_nobody' })
    await change(4, { body: '{' })
    await change(5, { body: '{}' })
  } finally {
    await client.close()
  }
  const { findings } = await opened.trail.verify()
  assert.deepEqual(
    findings.map(({ kind, sequence }) => `${kind} ${sequence}`),
    ['unreadable 4', 'unreadable 5', 'misplaced 2'],
  )
  const page = await opened.trail.query({})
  assert.deepEqual([page.items.length, page.unreadable.length], [4, 2])
})
