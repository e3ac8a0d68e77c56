import { randomUUID } from 'node:crypto'
import type { Collection as MongoCollection } from 'mongodb'
import { RegistryError } from '../errors.ts'
import { checkNumber, checkText } from './documents.ts'
import type { Collection, InsertOptions, Page, Query, Stored } from './engine.ts'
import {
  decodeRecord,
  encodeRecord,
  escapeText,
  indexedRecord,
  type MongoRecord,
  pathOf,
  type Shape,
} from './mongo-documents.ts'
import { isDuplicateKey, isLostAnswer } from './mongo-errors.ts'
import { filterOf, pageFilterOf, sortOf } from './mongo-queries.ts'
import { planQuery, toExaminedPage, toPage } from './queries.ts'

/** What a collection works on. `guard` turns the driver's errors into `RegistryError`. */
export interface MongoStorage {
  readonly records: MongoCollection<MongoRecord>
  readonly shape: Shape
  guard<R>(work: () => Promise<R>): Promise<R>
}

/** How often a write starts over because the record it met was deleted meanwhile. */
const mostTries = 20

/** The documents of one collection; the promises are those of `Collection`. */
export function mongoCollection<T extends object, I extends string>(storage: MongoStorage): Collection<T, I> {
  return { ...reads<T, I>(storage), ...writes<T>(storage) }
}

function reads<T extends object, I extends string>({ records, shape, guard }: MongoStorage) {
  return {
    get: (id: string): Promise<Stored<T> | undefined> =>
      guard(async () => {
        const record = await records.findOne({ _id: keyOf(id) })
        return record ? decodeRecord<T>(shape, record) : undefined
      }),
    find: (index: I, query: Query<T>): Promise<Page<T>> =>
      guard(async () => {
        const plan = planQuery(shape.spec, index, query)
        const found = await records
          .find(pageFilterOf(shape, plan))
          .sort(sortOf(shape, plan))
          .hint(index)
          .limit(plan.limit + 1)
          .toArray()
        const taken = found.slice(0, plan.limit)
        if (query.unfit) {
          const indexed = taken.map((record) => indexedRecord<T>(shape, record))
          return toExaminedPage(plan, indexed, found.length > plan.limit, query.unfit)
        }
        const items = taken.map((record) => decodeRecord<T>(shape, record))
        return toPage(plan, items, found.length > plan.limit)
      }),
    count: (index: I, query: Pick<Query<T>, 'equals' | 'range'>): Promise<number> =>
      guard(() => records.countDocuments(filterOf(shape, planQuery(shape.spec, index, query)), { hint: index })),
  }
}

function writes<T extends object>(storage: MongoStorage) {
  const { records, shape, guard } = storage
  return {
    insert: (id: string, value: T, options?: InsertOptions): Promise<Stored<T>> =>
      guard(async () => {
        const record = newRecord(storage, id, value, options?.writeId ?? randomUUID())
        return decodeRecord<T>(shape, await insertRecord(storage, record))
      }),
    update: (id: string, revision: number, value: T): Promise<Stored<T>> =>
      guard(async () => {
        const { counters: _, ...fields } = encodeRecord(shape, value)
        const next = { ...fields, revision: revision + 1, updateId: randomUUID() }
        await swapRecord(storage, { _id: keyOf(id), revision }, next)
        const counters = shape.fields.some((field) => field.isCounter) ? await countersOf(storage, id) : {}
        return decodeRecord<T>(shape, { _id: keyOf(id), id: keyOf(id), writeId: '', counters, ...next })
      }),
    delete: (id: string, revision?: number): Promise<void> =>
      guard(async () => {
        const _id = keyOf(id)
        const { deletedCount } = await onceMore(() =>
          records.deleteOne(revision === undefined ? { _id } : { _id, revision }),
        )
        if (deletedCount === 0 && revision !== undefined && (await records.findOne({ _id }))) throw stale(storage)
      }),
    increment: (id: string, counter: keyof T & string, by: number, initial: T): Promise<number> =>
      guard(() => increment(storage, id, counter, checkNumber(counter, by), initial)),
  }
}

function newRecord({ shape }: MongoStorage, id: string, value: object, writeId: string): MongoRecord {
  return { _id: keyOf(id), id: keyOf(id), revision: 1, writeId, ...encodeRecord(shape, value) }
}

/** Resolves to the record that this insert, or an earlier try of it, made. */
async function insertRecord(storage: MongoStorage, record: MongoRecord): Promise<MongoRecord> {
  for (let tries = 0; tries < mostTries; tries++) {
    try {
      await onceMore(() => storage.records.insertOne(record))
      return record
    } catch (err) {
      if (!isDuplicateKey(err)) throw err
    }
    const found = await storage.records.findOne({ _id: record._id })
    if (found?.writeId === record.writeId) return found
    const conflict = found ? 'id' : await conflictOf(storage, record)
    if (conflict) throw exists(storage, conflict)
  }
  throw restless(storage)
}

/** Servers name the index in ways of their own, so the record in the way is looked up instead. */
async function conflictOf({ records, shape }: MongoStorage, record: Pick<MongoRecord, '_id' | 'ix'>) {
  for (const [name, index] of Object.entries(shape.spec.indexes)) {
    const fields: readonly string[] = index.fields
    if (!index.unique || !fields.every((field) => Object.hasOwn(record.ix, field))) continue
    const values = Object.fromEntries(fields.map((field) => [pathOf(shape, field), { $eq: record.ix[field] }]))
    if (await records.findOne({ ...values, _id: { $ne: record._id } })) return name
  }
  return undefined
}

type Change = Omit<MongoRecord, '_id' | 'id' | 'writeId' | 'counters'>

/** By `updateOne`: some servers answer a unique index's refusal of `findAndModify` as if nothing had matched. */
async function swapRecord(storage: MongoStorage, filter: { _id: string; revision: number }, change: Change) {
  for (let tries = 0; tries < mostTries; tries++) {
    try {
      const { matchedCount } = await onceMore(() => storage.records.updateOne(filter, { $set: change }))
      if (matchedCount > 0) return
      const found = await storage.records.findOne({ _id: filter._id })
      if (found?.revision === change.revision && found.updateId === change.updateId) return
      throw stale(storage)
    } catch (err) {
      if (!isDuplicateKey(err)) throw err
    }
    const conflict = await conflictOf(storage, { ...change, _id: filter._id })
    if (conflict) throw exists(storage, conflict)
  }
  throw restless(storage)
}

/** Not an upsert: servers differ in what it makes of `$inc` and `$setOnInsert` together. */
async function increment(storage: MongoStorage, id: string, counter: string, by: number, initial: object) {
  const { records, shape } = storage
  if (!shape.fields.some((field) => field.isCounter && field.name === counter)) {
    throw new RegistryError('internal', `Collection ${shape.spec.name} declares no counter ${counter}.`)
  }
  const made = newRecord(storage, id, initial, randomUUID())
  const first = { ...made, counters: { ...made.counters, [counter]: (made.counters[counter] ?? 0) + by } }
  for (let tries = 0; tries < mostTries; tries++) {
    const change = { $inc: { [`counters.${counter}`]: by } }
    const after = await records.findOneAndUpdate({ _id: first._id }, change, { returnDocument: 'after' })
    if (after) return after.counters[counter] ?? by
    try {
      return (await insertRecord(storage, first)).counters[counter] ?? by
    } catch (err) {
      if (!(err instanceof RegistryError) || err.details.conflict !== 'id') throw err
    }
  }
  throw restless(storage)
}

async function countersOf({ records }: MongoStorage, id: string): Promise<MongoRecord['counters']> {
  return (await records.findOne({ _id: keyOf(id) }))?.counters ?? {}
}

/** A write whose answer was lost is sent once more: each recognises what the first try did. */
async function onceMore<R>(write: () => Promise<R>): Promise<R> {
  try {
    return await write()
  } catch (err) {
    if (isLostAnswer(err)) return write()
    throw err
  }
}

function keyOf(id: string): string {
  return escapeText(checkText('id', id))
}

function exists({ shape }: MongoStorage, conflict: string): RegistryError {
  const taken = conflict === 'id' ? 'id' : `value of the unique index ${conflict}`
  const message = `A document with this ${taken} is already in ${shape.spec.name}.`
  return new RegistryError('document_exists', message, { conflict })
}

function stale({ shape }: MongoStorage): RegistryError {
  return new RegistryError('revision_stale', `The document in ${shape.spec.name} was changed or deleted meanwhile.`)
}

function restless({ shape }: MongoStorage): RegistryError {
  return new RegistryError('unavailable', `A document in ${shape.spec.name} is made and deleted too often; try again.`)
}
