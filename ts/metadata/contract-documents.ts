import assert from 'node:assert/strict'
import { type Case, insertThing, outcomes } from './contract-store.ts'
import type { Thing } from './contract-things.ts'
import { maxDocumentBytes } from './documents.ts'

const strangeKeys = ['__proto__', 'constructor', '$where', '$set', 'a.b', '.', '', '\0', 'x\0y', '_id', 'ключ', '🧺']
const strangeIds = [...strangeKeys, '123', '0123456789abcdef01234567', 'é', 'e\u0301', '\u0001', "'", '"', '%', 'a/b']

/** One document at a time: insert, update, delete, increment. */
export const documentCases: Record<string, Case> = {
  'an absent document is undefined': async ({ things }) => {
    assert.equal(await things.get('none'), undefined)
  },

  'an inserted document is read back with revision 1': async ({ things }) => {
    const inserted = await things.insert('a', { name: 'n', rank: 1.5, note: [null, true, { deep: [0, -1, 1e300] }] })
    assert.deepEqual(inserted, {
      id: 'a',
      revision: 1,
      value: { name: 'n', rank: 1.5, note: [null, true, { deep: [0, -1, 1e300] }] },
    })
    assert.deepEqual(await things.get('a'), inserted)
  },

  'of 50 concurrent inserts with one value of a unique index exactly one wins': async ({ things }) => {
    const race = await outcomes(Array.from({ length: 50 }, () => insertThing(things, { name: 'one' })))
    assert.equal(race.fulfilled, 1)
    for (const { code, details } of race.refused) {
      assert.deepEqual([code, details], ['document_exists', { conflict: 'name' }])
    }
    assert.equal(await things.count('name', {}), 1)
  },

  'of 50 concurrent inserts with one id exactly one wins': async ({ things }) => {
    const race = await outcomes(Array.from({ length: 50 }, (_, at) => things.insert('id', { name: `n${at}` })))
    assert.equal(race.fulfilled, 1)
    for (const { code, details } of race.refused) {
      assert.deepEqual([code, details], ['document_exists', { conflict: 'id' }])
    }
  },

  'a taken id is told before a taken value of a unique index': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    await assert.rejects(things.insert('a', { name: 'n' }), { code: 'document_exists', details: { conflict: 'id' } })
  },

  'an insert repeated with its writeId is answered with the record it made': async ({ things }) => {
    const first = await things.insert('a', { name: 'n', hits: 2 }, { writeId: 'try' })
    assert.deepEqual(await things.insert('a', { name: 'n', hits: 2 }, { writeId: 'try' }), first)
    const updated = await things.update('a', 1, { name: 'm' })
    assert.deepEqual(await things.insert('a', { name: 'n' }, { writeId: 'try' }), updated)
    const other = things.insert('a', { name: 'n' }, { writeId: 'other' })
    await assert.rejects(other, { code: 'document_exists', details: { conflict: 'id' } })
    await assert.rejects(things.insert('b', { name: 'm' }, { writeId: 'try' }), { details: { conflict: 'name' } })
  },

  'an update replaces the value and raises the revision': async ({ things }) => {
    await things.insert('a', { name: 'n', note: 'old' })
    const updated = await things.update('a', 1, { name: 'm', rank: 2 })
    assert.deepEqual(updated, { id: 'a', revision: 2, value: { name: 'm', rank: 2 } })
    assert.deepEqual(await things.get('a'), updated)
    assert.deepEqual((await things.find('name', { equals: { name: 'n' } })).items, [])
  },

  'an update of a stale revision, or of nothing, is refused and changes nothing': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    await things.update('a', 1, { name: 'm' })
    await assert.rejects(things.update('a', 1, { name: 'late' }), { code: 'revision_stale' })
    await assert.rejects(things.update('a', 3, { name: 'early' }), { code: 'revision_stale' })
    await assert.rejects(things.update('none', 1, { name: 'x' }), { code: 'revision_stale' })
    assert.deepEqual(await things.get('a'), { id: 'a', revision: 2, value: { name: 'm' } })
  },

  'of 50 concurrent updates of one revision exactly one wins': async ({ things }) => {
    await things.insert('a', { rank: 0 })
    const race = await outcomes(Array.from({ length: 50 }, (_, at) => things.update('a', 1, { rank: at })))
    assert.equal(race.fulfilled, 1)
    assert.ok(race.refused.every((err) => err.code === 'revision_stale'))
    assert.equal((await things.get('a'))?.revision, 2)
  },

  'an update to a taken value of a unique index is refused and changes nothing': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    await things.insert('b', { name: 'm' })
    const refused = { code: 'document_exists', details: { conflict: 'name' } }
    await assert.rejects(things.update('b', 1, { name: 'n' }), refused)
    assert.deepEqual(await things.get('b'), { id: 'b', revision: 1, value: { name: 'm' } })
  },

  'a deleted document is gone, its unique values are free, and deleting it again succeeds': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    await things.delete('a')
    await things.delete('a')
    await things.delete('a', 7)
    assert.equal(await things.get('a'), undefined)
    assert.equal((await things.insert('a', { name: 'n' })).revision, 1)
  },

  'a delete of another revision is refused': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    await assert.rejects(things.delete('a', 2), { code: 'revision_stale' })
    await things.delete('a', 1)
    assert.equal(await things.get('a'), undefined)
  },

  'strange keys and values are data like any other': async ({ things }) => {
    const note = Object.fromEntries(strangeKeys.map((key) => [key, { [key]: key }]))
    assert.deepEqual(Object.keys(note), strangeKeys)
    await things.insert('a', { name: 'n', note })
    assert.deepEqual((await things.get('a'))?.value, { name: 'n', note })
    const top: Thing = JSON.parse('{"__proto__":{"name":"x"},"$where":"1","a.b":1,"\\u0000":2,"note":"\\ud800"}')
    await things.insert('b', top)
    assert.equal(JSON.stringify((await things.get('b'))?.value), JSON.stringify(top))
    assert.equal(await things.count('name', {}), 1)
  },

  'strange texts are ids and indexed values like any other': async ({ things }) => {
    for (const id of strangeIds) await things.insert(id, { name: `<${id}>`, group: id, rank: 1 })
    for (const id of strangeIds) {
      const stored = { id, revision: 1, value: { name: `<${id}>`, group: id, rank: 1 } }
      assert.deepEqual(await things.get(id), stored)
      assert.deepEqual((await things.find('group', { equals: { group: id } })).items, [stored])
      assert.deepEqual((await things.find('name', { equals: { name: `<${id}>` } })).items, [stored])
      await assert.rejects(things.insert(id, {}), { details: { conflict: 'id' } })
      await assert.rejects(insertThing(things, { name: `<${id}>` }), { details: { conflict: 'name' } })
    }
  },

  'half a surrogate pair is refused as an id and as an indexed value': async ({ things }) => {
    const refused = { code: 'payload_invalid' }
    await assert.rejects(things.insert('\ud800', {}), refused)
    await assert.rejects(things.get('\udc00'), refused)
    await assert.rejects(things.insert('a', { name: 'x\ud800y' }), refused)
    await assert.rejects(things.find('name', { equals: { name: '\ud800' } }), refused)
    assert.equal(await things.get('a'), undefined)
  },

  'a document of more than 8 MiB is refused, and one of just 8 MiB is kept': async ({ things }) => {
    const frame = Buffer.byteLength(JSON.stringify({ note: '' }))
    const note = 'é'.repeat((maxDocumentBytes - frame) / 2)
    await assert.rejects(things.insert('a', { note: `${note}12` }), { code: 'document_too_large' })
    assert.equal(await things.get('a'), undefined)
    await things.insert('a', { note })
    await assert.rejects(things.update('a', 1, { note: `${note}12` }), { code: 'document_too_large' })
    assert.ok((await things.get('a'))?.value.note === note)
  },

  'increments under concurrency are all counted': async ({ things }) => {
    await things.insert('a', { name: 'n', hits: 5 })
    const totals = await Promise.all(Array.from({ length: 50 }, () => things.increment('a', 'hits', 2, {})))
    assert.deepEqual(
      totals.sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, at) => 7 + 2 * at),
    )
    assert.deepEqual(await things.get('a'), { id: 'a', revision: 1, value: { name: 'n', hits: 105 } })
  },

  'of 50 increments that race to make a document every one counts': async ({ things }) => {
    const initial = { name: 'n', hits: 100 }
    await Promise.all(Array.from({ length: 50 }, () => things.increment('a', 'hits', 1, initial)))
    assert.deepEqual(await things.get('a'), { id: 'a', revision: 1, value: { name: 'n', hits: 150 } })
  },

  'an increment that would make a document with a taken value of a unique index is refused': async ({ things }) => {
    await things.insert('a', { name: 'n' })
    const refused = { code: 'document_exists', details: { conflict: 'name' } }
    await assert.rejects(things.increment('b', 'hits', 1, { name: 'n' }), refused)
    assert.equal(await things.increment('a', 'hits', 1, {}), 1)
  },

  'an update keeps the counters that increments made': async ({ things }) => {
    await things.insert('a', { name: 'n', hits: 1 })
    await things.increment('a', 'hits', 4, {})
    assert.deepEqual((await things.update('a', 1, { name: 'm', hits: 0 })).value, { name: 'm', hits: 5 })
    assert.deepEqual((await things.get('a'))?.value, { name: 'm', hits: 5 })
    assert.deepEqual(
      (await things.find('hits', { equals: { hits: 5 } })).items.map(({ id }) => id),
      ['a'],
    )
  },

  'a counter that is not declared, or a step that is no number, is refused': async ({ things }) => {
    await assert.rejects(things.increment('a', 'rank', 1, {}), { code: 'internal' })
    await assert.rejects(things.increment('a', 'hits', Number.NaN, {}), { code: 'payload_invalid' })
    assert.equal(await things.get('a'), undefined)
  },
}
