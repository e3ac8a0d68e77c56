import { setTimeout } from 'node:timers/promises'
import { RegistryError } from '../errors.ts'
import { type AnySpec, checkNumber, checkText, decodeDocument, encodeDocument } from './documents.ts'
import type { Collection, InsertOptions, Page, Query, Stored } from './engine.ts'
import { type Plan, planQuery, toExaminedPage, toPage } from './queries.ts'
import { type Connection, isBusy, storeError } from './sqlite-connection.ts'
import { indexedFields, selectCount, selectPage, selectRow, type Table } from './sqlite-sql.ts'
import type { RowWrite, Written } from './sqlite-writes.ts'

/** What the collections of one engine share. */
export interface Storage {
  readonly path: string
  /** For reads, which never wait for a writer. Throws `unavailable` once the engine is closed. */
  reader(): Connection
  /** Resolves once the write is on disk. */
  write(write: RowWrite): Promise<Written>
}

const longestWaitMs = 5_000
const retryMs = 5

/** The documents of one table; the promises are those of `Collection`. */
export function sqliteCollection<T extends object, I extends string>(
  storage: Storage,
  spec: AnySpec,
  table: Table,
): Collection<T, I> {
  return { ...reads<T, I>(storage, spec, table), ...writes<T>(storage, table) }
}

function reads<T extends object, I extends string>(storage: Storage, spec: AnySpec, table: Table) {
  const rowSql = selectRow(table)
  return {
    async get(id: string): Promise<Stored<T> | undefined> {
      checkText('id', id)
      const row = await read(storage, (reader) => reader.get(rowSql, id))
      if (!row) return undefined
      const [revision, body, , ...counters] = row
      return decode<T>(table, id, revision, body, counters)
    },
    async find(index: I, query: Query<T>): Promise<Page<T>> {
      const plan = planQuery(spec, index, query)
      if (query.unfit) return examined<T>(storage, table, plan, query.unfit)
      const { sql, values } = selectPage(table, plan)
      const rows = await read(storage, (reader) => reader.all(sql, ...values))
      const items = rows
        .slice(0, plan.limit)
        .map(([id, revision, body, ...counters]) => decode<T>(table, String(id), revision, body, counters))
      return toPage(plan, items, rows.length > plan.limit)
    },
    async count(index: I, query: Pick<Query<T>, 'equals' | 'range'>): Promise<number> {
      const { sql, values } = selectCount(table, planQuery(spec, index, query))
      const row = await read(storage, (reader) => reader.get(sql, ...values))
      return Number(row?.[0])
    },
  }
}

async function examined<T extends object>(
  storage: Storage,
  table: Table,
  plan: Plan,
  unfit: NonNullable<Query<T>['unfit']>,
): Promise<Page<T>> {
  const { sql, values } = selectPage(table, plan, true)
  const rows = await read(storage, (reader) => reader.all(sql, ...values))
  const names = indexedFields(table)
  const records = rows.slice(0, plan.limit).map(([id, revision, body, ...rest]) => ({
    id: String(id),
    fields: Object.fromEntries(names.map((name, at) => [name, rest[at]])),
    read: () => decode<T>(table, String(id), revision, body, rest.slice(names.length)),
  }))
  return toExaminedPage(plan, records, rows.length > plan.limit, unfit)
}

function writes<T extends object>(storage: Storage, table: Table) {
  const encode = (id: string, value: object) => ({
    table: table.name,
    id: checkText('id', id),
    ...encodeDocument(table.fields, value),
  })
  return {
    async insert(id: string, value: T, options?: InsertOptions): Promise<Stored<T>> {
      const document = encode(id, value)
      const written = await storage.write({ kind: 'insert', writeId: options?.writeId ?? null, ...document })
      return decode<T>(table, id, written.revision, written.body ?? document.body, written.counters)
    },
    async update(id: string, revision: number, value: T): Promise<Stored<T>> {
      const document = encode(id, value)
      const written = await storage.write({ kind: 'update', revision, ...document })
      return decode<T>(table, id, written.revision, document.body, written.counters)
    },
    async delete(id: string, revision?: number): Promise<void> {
      await storage.write({ kind: 'delete', table: table.name, id: checkText('id', id), revision: revision ?? null })
    },
    async increment(id: string, counter: keyof T & string, by: number, initial: T): Promise<number> {
      checkCounter(table, counter)
      const document = encode(id, initial)
      const written = await storage.write({ kind: 'increment', counter, by: checkNumber(counter, by), ...document })
      return Number(written.counters[0])
    },
  }
}

function checkCounter({ name, fields }: Table, counter: string) {
  if (fields.some((field) => field.isCounter && field.name === counter)) return
  throw new RegistryError('internal', `Collection ${name} declares no counter ${counter}.`)
}

/** The store holds only what this collection was given, so the document has its type. */
function decode<T>(table: Table, id: string, revision: unknown, body: unknown, counters: readonly unknown[]) {
  const value = decodeDocument(table.fields, String(body), counters) as T
  return { id, revision: Number(revision), value }
}

/** Reads in place. Only another process that recovers or closes the file can make a read wait, and then not here. */
async function read<R>(storage: Storage, attempt: (reader: Connection) => R): Promise<R> {
  const end = Date.now() + longestWaitMs
  for (;;) {
    try {
      return attempt(storage.reader())
    } catch (err) {
      if (!isBusy(err) || Date.now() > end) throw storeError(storage.path, err)
      await setTimeout(retryMs)
    }
  }
}
