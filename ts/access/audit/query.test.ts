import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as accessSchema from '../../metadata/access-schema.ts'
import type { AuditQuery } from './query.ts'
import { anEntry, openTestTrail, type TestTrail } from './testing.ts'

const joe = { kind: 'user', id: 'usr_joe', name: 'joe' }
const other = { kind: 'package', id: 'pkg_other', name: 'other' }

/** Entries 0 to 11, a second apart: every second by joe, every third a deletion, every fourth on another package. */
async function dozen({ trail, clock }: TestTrail): Promise<number> {
  const start = clock.now
  for (let i = 0; i < 12; i++) {
    clock.now = start + i * 1000
    await trail.record(
      anEntry({
        requestId: String(i),
        ...(i % 2 === 0 && { actor: joe }),
        ...(i % 3 === 0 && { action: 'package.delete' }),
        ...(i % 4 === 0 && { target: other }),
      }),
    )
  }
  return start
}

async function all({ trail }: TestTrail, query: AuditQuery): Promise<number[]> {
  const found: number[] = []
  for (let after: string | undefined; ; ) {
    const page = await trail.query({ ...query, ...(after !== undefined && { after }) })
    assert.ok(page.items.length <= (query.limit ?? 100))
    found.push(...page.items.map(({ value }) => Number(value.requestId)))
    after = page.next
    if (after === undefined) return found
  }
}

describe('a query gives', () => {
  const cases: [name: string, query: AuditQuery, found: number[]][] = [
    ['everything, newest first', {}, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    ['everything, oldest first', { order: 'ascending' }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['what an actor did', { actor: 'usr_joe' }, [10, 8, 6, 4, 2, 0]],
    ['what was done of a kind', { action: 'package.delete' }, [9, 6, 3, 0]],
    ['what was done to a target', { target: 'pkg_other' }, [8, 4, 0]],
    ['what matches all that is asked', { actor: 'usr_joe', action: 'package.delete' }, [6, 0]],
    ['what matches actor, action and target', { actor: 'usr_joe', action: 'package.delete', target: 'pkg_other' }, [0]],
    ['nothing for an actor who did nothing', { actor: 'usr_nobody' }, []],
  ]
  for (const [name, query, found] of cases) {
    for (const limit of [100, 2, 1]) {
      test(`${name}, ${limit} at a time`, async () => {
        await using opened = await openTestTrail()
        await dozen(opened)
        assert.deepEqual(await all(opened, { ...query, limit }), found)
      })
    }
  }

  test('a span of time: its first millisecond included, its last not', async () => {
    await using opened = await openTestTrail()
    const start = await dozen(opened)
    const span = { from: start + 2000, to: start + 6000 }
    assert.deepEqual(await all(opened, span), [5, 4, 3, 2])
    assert.deepEqual(await all(opened, { ...span, actor: 'usr_joe', target: 'pkg_other', limit: 1 }), [4])
  })
})

test('a query that matches little ends early and goes on from there', async () => {
  await using opened = await openTestTrail()
  const { trail } = opened
  await trail.record(anEntry({ requestId: '1', action: 'package.delete' }))
  opened.clock.now += 1
  await Promise.all(Array.from({ length: 10_100 }, () => trail.record(anEntry())))
  const query = { target: 'pkg_tools', action: 'package.delete' }
  const page = await trail.query(query)
  assert.deepEqual([page.items.length, page.endedEarly, page.next !== undefined], [0, true, true])
  assert.deepEqual(await all(opened, query), [1])
})

test('a limit out of range and a cursor of nobody are refused', async () => {
  await using opened = await openTestTrail()
  for (const query of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { after: 'nonsense' }]) {
    await assert.rejects(opened.trail.query(query), { code: 'payload_invalid' })
  }
})

describe('who is meant by', () => {
  const root = { kind: 'command-line', id: 'root', name: 'root' }
  const aUser = (username: string) => ({
    username,
    usernameKey: username,
    email: `${username}@example.com`,
    passwordHash: '',
    displayName: '',
    isActive: true,
    isPlatformAdmin: false,
    createdAt: 0,
  })
  const cases: [words: string, found: string[]][] = [
    ['command-line', ['by root']],
    ['command-line:root', ['by root']],
    ['command-line:joe', []],
    ['system', ['by itself']],
    ['anonymous', []],
    ['Root', ['by a user called root']],
    ['usr_1', ['by a user called root']],
    ['usr_joe', ['by joe, who is gone']],
    ['usr_3', ['by a user called usr_1', 'by a user called usr_1']],
  ]
  for (const [words, found] of cases) {
    test(words, async () => {
      await using opened = await openTestTrail()
      const { trail } = opened
      const users = opened.engine.collection(accessSchema.users)
      await users.insert('usr_1', aUser('root'))
      await users.insert('usr_2', aUser('usr_joe'))
      await users.insert('usr_3', aUser('usr_1'))
      const told = [
        { actor: root, requestId: 'by root' },
        { actor: { kind: 'system', id: 'system', name: 'system' }, requestId: 'by itself' },
        { actor: { kind: 'user', id: 'usr_1', name: 'root' }, requestId: 'by a user called root' },
        { actor: joe, requestId: 'by joe, who is gone' },
        { actor: { kind: 'user', id: 'usr_3', name: 'usr_1' }, requestId: 'by a user called usr_1' },
        { actor: { kind: 'user', id: 'usr_3', name: 'usr_1' }, requestId: 'by a user called usr_1' },
      ]
      for (const each of told) await trail.record(anEntry(each))
      const { items } = await trail.query(await trail.whoIs(words))
      assert.deepEqual(
        items.map(({ value }) => value.requestId),
        found,
      )
    })
  }
})
