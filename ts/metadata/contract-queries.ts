import assert from 'node:assert/strict'
import { type Case, insertThing, type ThingCollection, walk } from './contract-store.ts'

/** In the order of their UTF-8 bytes; by UTF-16 units U+10000 would come before U+E000. */
const inByteOrder = ['', '\0', '\0\0', '\0a', '\u0001', '\u0001\u0001', '\u0002', ' ', 'A', 'Z', 'a', 'a\0', 'a\0b']
const alsoInOrder = ['a\u0001', 'a b', 'aa', 'ab', 'z', '\u007f', 'e\u0301', 'é', 'я', '\ue000', '\uffff', '\u{10000}']
const ordered = [...inByteOrder, ...alsoInOrder].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

async function insertRanks(things: ThingCollection, group: string, ranks: readonly number[]) {
  await Promise.all(ranks.map((rank, at) => things.insert(`${group}${at}`, { group, rank })))
}

/** Finding by index: equality, ranges, order, pages, counts. */
export const queryCases: Record<string, Case> = {
  'strings order by their UTF-8 bytes, both ways': async ({ things }) => {
    for (const name of ordered.toReversed()) await insertThing(things, { name })
    const ascending = await walk(things, 'name', { limit: 7 })
    assert.deepEqual(
      ascending.map(({ value }) => value.name),
      ordered,
    )
    const descending = await walk(things, 'name', { limit: 7, order: 'descending' })
    assert.deepEqual(
      descending.map(({ value }) => value.name),
      ordered.toReversed(),
    )
  },

  'ids that break ties order by their UTF-8 bytes too': async ({ things }) => {
    for (const id of ordered.toReversed()) await things.insert(id, { group: 'g', rank: 1 })
    const found = await walk(things, 'group', { limit: 3 })
    assert.deepEqual(
      found.map(({ id }) => id),
      ordered,
    )
    const back = await walk(things, 'group', { limit: 3, order: 'descending', equals: { group: 'g', rank: 1 } })
    assert.deepEqual(
      back.map(({ id }) => id),
      ordered.toReversed(),
    )
  },

  'string ranges cut between neighbours': async ({ things }) => {
    for (const name of ordered) await insertThing(things, { name })
    for (const [at, name] of ordered.entries()) {
      assert.equal(await things.count('name', { range: { from: name } }), ordered.length - at)
      assert.equal(await things.count('name', { range: { after: name } }), ordered.length - at - 1)
      assert.equal(await things.count('name', { range: { to: name } }), at + 1)
      assert.equal(await things.count('name', { range: { before: name } }), at)
    }
  },

  'numbers order numerically': async ({ things }) => {
    const ranks = [10, 9, -1, 0, 1.5, 1e15, -1e15, 100]
    await insertRanks(things, 'g', ranks)
    const found = await walk(things, 'group', { equals: { group: 'g' }, limit: 3 })
    assert.deepEqual(
      found.map(({ value }) => value.rank),
      ranks.toSorted((a, b) => a - b),
    )
  },

  'ranges include from and to, and exclude after and before': async ({ things }) => {
    await insertRanks(things, 'g', [1, 2, 3, 4, 5])
    await insertRanks(things, 'other', [3])
    const ranks = async (range: object) => {
      const { items } = await things.find('group', { equals: { group: 'g' }, range })
      assert.equal(await things.count('group', { equals: { group: 'g' }, range }), items.length)
      return items.map(({ value }) => value.rank)
    }
    assert.deepEqual(await ranks({ from: 2, to: 4 }), [2, 3, 4])
    assert.deepEqual(await ranks({ after: 2, before: 4 }), [3])
    assert.deepEqual(await ranks({ from: 4 }), [4, 5])
    assert.deepEqual(await ranks({ before: 2 }), [1])
    assert.deepEqual(await ranks({ after: 5 }), [])
  },

  'descending order turns ties around too, within a range and across pages': async ({ things }) => {
    await insertRanks(things, 'g', [1, 2, 2, 2, 3, 4])
    const range = { from: 2, before: 4 }
    const found = await walk(things, 'group', { equals: { group: 'g' }, range, order: 'descending', limit: 2 })
    assert.deepEqual(
      found.map(({ id }) => id),
      ['g4', 'g3', 'g2', 'g1'],
    )
  },

  'a document lacking an indexed field is not in that index': async ({ things }) => {
    await things.insert('whole', { name: 'n', group: 'g', rank: 1 })
    await things.insert('bare', {})
    await things.insert('bare too', { note: 'no field of any index' })
    await things.insert('half', { group: 'g' })
    await things.insert('half too', { group: 'g' })
    await things.insert('odd', JSON.parse('{"group":"g","rank":null,"name":["n"]}'))
    assert.deepEqual(
      (await things.find('group', {})).items.map(({ id }) => id),
      ['whole'],
    )
    assert.equal(await things.count('group', { equals: { group: 'g' } }), 1)
    assert.equal(await things.count('name', {}), 1)
    await things.update('whole', 1, { name: 'n' })
    assert.equal(await things.count('group', {}), 0)
    assert.equal(await things.count('name', {}), 1)
  },

  'a unique index over several fields refuses only what agrees on all': async ({ things }) => {
    await insertThing(things, { group: 'g', rank: 1, name: 'a' })
    await insertThing(things, { group: 'g', rank: 1, name: 'b' })
    await insertThing(things, { group: 'g', rank: 2 })
    await insertThing(things, { group: 'g', rank: 2 })
    const page = await things.find('slot', { equals: { group: 'g', rank: 1 }, limit: 1 })
    assert.equal(page.items[0]?.value.name, 'a')
    const rest = await walk(things, 'slot', { equals: { group: 'g', rank: 1 }, limit: 1 })
    assert.deepEqual(
      rest.map(({ value }) => value.name),
      ['a', 'b'],
    )
  },

  'pages are complete and without repetition while documents are inserted': async ({ things }) => {
    for (let at = 0; at < 40; at++) await things.insert(`old${at}`, { group: 'g', rank: at % 8 })
    const seen: string[] = []
    let after: string | undefined
    for (let page = 0; page === 0 || after !== undefined; page++) {
      const { items, next } = await things.find('group', { limit: 7, ...(after === undefined ? {} : { after }) })
      seen.push(...items.map(({ id }) => id))
      after = next
      await things.insert(`before${page}`, { group: 'a', rank: page })
      await things.insert(`amid${page}`, { group: 'g', rank: 3 })
      if (page < 3) await things.insert(`behind${page}`, { group: 'z', rank: page })
    }
    assert.equal(new Set(seen).size, seen.length)
    assert.equal(seen.filter((id) => id.startsWith('old')).length, 40)
    assert.deepEqual(seen.slice(-3), ['behind0', 'behind1', 'behind2'])
  },

  'a page holds its limit, and next is there only when more follows': async ({ things }) => {
    await insertRanks(
      things,
      'g',
      Array.from({ length: 101 }, (_, at) => at),
    )
    const first = await things.find('group', {})
    assert.equal(first.items.length, 100)
    const last = await things.find('group', { after: first.next ?? '' })
    assert.deepEqual([last.items.length, last.next], [1, undefined])
    assert.equal((await things.find('group', { limit: 101 })).next, undefined)
  },

  'a page of less than 1 or more than 1000, and a cursor of no list, are refused': async ({ things }) => {
    for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
      await assert.rejects(things.find('group', { limit }), { code: 'payload_invalid' })
    }
    const forged = [[], [1], ['a', 1, 2], [{ $gt: '' }, 1, 'x'], ['a', null, 'x'], 'text'].map((parts) =>
      Buffer.from(JSON.stringify(parts)).toString('base64url'),
    )
    for (const after of ['', 'x', '!!', ...forged]) {
      await assert.rejects(things.find('group', { after }), { code: 'payload_invalid' })
    }
  },

  'a query that its index cannot answer is refused': async ({ things }) => {
    await assert.rejects(things.find('group', { equals: { rank: 1 } }), { code: 'internal' })
    await assert.rejects(things.find('group', { equals: { name: 'n' } }), { code: 'internal' })
    await assert.rejects(things.find('name', { equals: { name: 'n' }, range: { from: 'a' } }), { code: 'internal' })
    await assert.rejects(things.find('toString' as 'name', {}), { code: 'internal' })
  },
}
