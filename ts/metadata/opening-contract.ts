import assert from 'node:assert/strict'
import { contract } from '../testing/contract.ts'
import type { AnySpec } from './documents.ts'
import { defineCollection, type MetadataEngine } from './engine.ts'
import { type Migration, schemaCollection } from './migrate.ts'

/** A store that does not exist yet, to be opened by several releases; the engines are closed by whoever opened them. */
export interface UnopenedStore {
  open(release: Release): Promise<MetadataEngine>
}

export interface Release {
  readonly collections: readonly AnySpec[]
  readonly schemaVersion: number
  readonly migrations?: readonly Migration[]
}

interface Book {
  readonly title: string
  readonly author?: string
  readonly year?: number
  readonly loans?: number
}

/** The collection as two releases in turn declare it. */
const oldBooks = defineCollection<Book>()({ name: 'books', indexes: { title: { fields: ['title'], unique: true } } })
const newBooks = defineCollection<Book>()({
  name: 'books',
  indexes: {
    title: { fields: ['title'], unique: true },
    author: { fields: ['author', 'year'] },
    loans: { fields: ['loans'] },
  },
  counters: ['loans'],
})
const shelves = defineCollection<{ room: string }>()({ name: 'shelves', indexes: { room: { fields: ['room'] } } })
const oldRelease = { collections: [oldBooks], schemaVersion: 1 }
const newRelease = { collections: [newBooks, shelves], schemaVersion: 2 }

async function withOldBooks(store: UnopenedStore, count: number) {
  const engine = await store.open(oldRelease)
  const books = engine.collection(oldBooks)
  const each = Array.from({ length: count }, (_, at) => at)
  await Promise.all(each.map((at) => books.insert(`b${at}`, { title: `t${at}`, author: `a${at % 2}`, year: at })))
  return engine
}

/** A step that keeps a list of its runs and fails as often as it is told to. */
function step(version: number, runs: number[], failures = 0): Migration {
  let left = failures
  return {
    version,
    async run() {
      runs.push(version)
      if (left-- > 0) throw new Error('interrupted')
    },
  }
}

/** What opening promises: structure and migrations. */
export const openingContract = contract<UnopenedStore>('opening a metadata store', {
  'a new store begins at the version of its release, without steps': async (store) => {
    const runs: number[] = []
    const engine = await store.open({ ...newRelease, migrations: [step(2, runs)] })
    assert.deepEqual(runs, [])
    assert.equal((await engine.collection(schemaCollection).get('schema'))?.value.version, 2)
    await engine.close()
  },

  'a store of a newer schema is refused with one sentence, and nothing is changed': async (store) => {
    await (await store.open(oldRelease)).close()
    await (await store.open(newRelease)).close()
    await assert.rejects(store.open(oldRelease), { code: 'unavailable', message: /schema 2, newer than the 1 of this/ })
    const engine = await store.open(newRelease)
    assert.equal((await engine.collection(schemaCollection).get('schema'))?.value.version, 2)
    await engine.close()
  },

  'documents of an older release are in the indexes and collections that a newer one adds': async (store) => {
    await (await withOldBooks(store, 450)).close()
    const engine = await store.open(newRelease)
    const books = engine.collection(newBooks)
    assert.equal(await books.count('author', { equals: { author: 'a1' } }), 225)
    const { items } = await books.find('author', { equals: { author: 'a0' }, order: 'descending', limit: 1 })
    assert.deepEqual(items, [{ id: 'b448', revision: 1, value: { title: 't448', author: 'a0', year: 448 } }])
    assert.equal(await books.increment('b448', 'loans', 2, { title: 'none' }), 2)
    assert.equal(await books.count('loans', {}), 1)
    await engine.collection(shelves).insert('s', { room: 'r' })
    await engine.close()
  },

  'documents are left as they are where a collection says that its fields are older': async (store) => {
    await (await withOldBooks(store, 5)).close()
    const books = { ...newBooks, fieldsSince: 1 }
    const engine = await store.open({ ...newRelease, collections: [books, shelves] })
    // They are in no new index, which is why whoever changes the fields must raise it.
    assert.equal(await engine.collection(books).count('author', {}), 0)
    await engine.collection(books).insert('new', { title: 'new', author: 'a0', year: 1 })
    assert.equal(await engine.collection(books).count('author', {}), 1)
    await engine.close()
    const again = await store.open({ ...newRelease, collections: [{ ...newBooks, fieldsSince: 2 }, shelves] })
    assert.equal(await again.collection(newBooks).count('author', {}), 6)
    await again.close()
  },

  'an old process works on beside a newer one, and the next start indexes what it wrote': async (store) => {
    const old = await withOldBooks(store, 3)
    const engine = await store.open(newRelease)
    const books = engine.collection(newBooks)
    await old.collection(oldBooks).insert('late', { title: 'late', author: 'a0', year: 9 })
    await old.collection(oldBooks).update('b0', 1, { title: 't0', author: 'changed', year: 0 })
    assert.equal((await books.get('late'))?.value.author, 'a0')
    await old.close()
    await engine.close()
    const again = await store.open(newRelease)
    const found = await again.collection(newBooks).find('author', {})
    assert.deepEqual(
      found.items.map(({ id }) => id),
      ['b2', 'late', 'b1', 'b0'],
    )
    await again.close()
  },

  'steps between the two versions run once each, in order': async (store) => {
    await (await store.open(oldRelease)).close()
    const runs: number[] = []
    const migrations = [step(4, runs), step(1, runs), step(3, runs), step(2, runs), step(5, runs)]
    const release = { ...newRelease, schemaVersion: 4, migrations }
    await (await store.open(release)).close()
    await (await store.open(release)).close()
    assert.deepEqual(runs, [2, 3, 4])
  },

  'an interrupted migration goes on with the step that it was in': async (store) => {
    await (await store.open(oldRelease)).close()
    const runs: number[] = []
    const release = { ...newRelease, schemaVersion: 4, migrations: [step(2, runs), step(3, runs, 1), step(4, runs)] }
    await assert.rejects(store.open(release))
    await (await store.open(release)).close()
    assert.deepEqual(runs, [2, 3, 3, 4])
  },

  'of two processes that start at once one migrates and the other waits for it': async (store) => {
    await (await store.open(oldRelease)).close()
    const runs: number[] = []
    const release = { ...newRelease, migrations: [step(2, runs)] }
    const engines = await Promise.all([store.open(release), store.open(release), store.open(release)])
    assert.deepEqual(runs, [2])
    for (const engine of engines) await engine.close()
  },

  'the lease of a process that died ends by itself': async (store) => {
    const old = await store.open(oldRelease)
    const leasedUntil = Date.now() + 300
    await old.collection(schemaCollection).update('schema', 1, { version: 1, holder: 'gone', leasedUntil })
    await old.close()
    const engine = await store.open(newRelease)
    assert.ok(Date.now() >= leasedUntil)
    await engine.close()
  },
})
