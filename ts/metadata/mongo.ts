import { type Db, MongoClient, ReadConcern } from 'mongodb'
import { RegistryError } from '../errors.ts'
import { writeTo } from './batch.ts'
import type { AnySpec } from './documents.ts'
import type { Collection, MetadataEngine, Write } from './engine.ts'
import { type Migration, migrate, schemaCollection } from './migrate.ts'
import { mongoCollection } from './mongo-collection.ts'
import { type MongoRecord, type Shape, shapeOf } from './mongo-documents.ts'
import { mongoOpenError, mongoStoreError } from './mongo-errors.ts'
import { createMongoStructure } from './mongo-structure.ts'

export interface MongoOptions {
  /** `mongodb://…` or `mongodb+srv://…`; its options are the driver's. */
  readonly url: string
  readonly database: string
  readonly collections: readonly AnySpec[]
  readonly schemaVersion: number
  readonly migrations?: readonly Migration[]
}

const selectionMs = 10_000

/**
 * Opens a MongoDB database; any number of replicas may. Throws `unavailable` with one clear sentence when it cannot be
 * reached or written, or is of a newer schema; an older one is migrated first.
 */
export async function openMongoEngine(options: MongoOptions): Promise<MetadataEngine> {
  const { schemaVersion: version, migrations = [] } = options
  const client = clientOf(options.url)
  const hosts = client.options.hosts.join(', ') || client.options.srvHost || 'its address'
  const database = client.db(options.database, {
    writeConcern: { w: 'majority' },
    readConcern: new ReadConcern('majority'),
    readPreference: 'primary',
  })
  const shapes = options.collections.map((spec) => shapeOf(spec, version))
  try {
    const server = await database.command({ buildInfo: 1 })
    const engine = mongoEngine(
      client,
      database,
      hosts,
      [...shapes, shapeOf(schemaCollection, version)],
      `MongoDB ${server['version']}`,
    )
    const createStructure = async () => {
      await proveWritable(database)
      for (const shape of shapes) await createMongoStructure(database.collection(shape.spec.name), shape)
    }
    await migrate({ engine, version, migrations, createStructure })
    return engine
  } catch (err) {
    await client.close()
    throw mongoOpenError(hosts, err)
  }
}

function mongoEngine(
  client: MongoClient,
  database: Db,
  hosts: string,
  shapes: Shape[],
  version: string,
): MetadataEngine {
  const known = new Map(shapes.map((shape) => [shape.spec.name, shape]))
  let open = true
  const guard = async <R>(work: () => Promise<R>): Promise<R> => {
    if (!open) throw new RegistryError('unavailable', `The connection to MongoDB at ${hosts} is closed.`)
    try {
      return await work()
    } catch (err) {
      throw mongoStoreError(hosts, err)
    }
  }
  const collection = <T extends object, I extends string>(name: string): Collection<T, I> => {
    const shape = known.get(name)
    if (!shape)
      throw new RegistryError('internal', `The collection ${name} was not declared when the store was opened.`)
    return mongoCollection<T, I>({ records: database.collection<MongoRecord>(name), shape, guard })
  }
  return {
    kind: 'mongo',
    collection: ({ name }) => collection(name),
    batch: (writes) => inOrder(writes, async (write) => writeTo(collection(write.in.name), write)),
    commitMark: () => undefined,
    ping: () =>
      guard(async () => {
        const started = performance.now()
        await database.command({ ping: 1 })
        return { latencyMs: performance.now() - started, version }
      }),
    async close() {
      if (!open) return
      open = false
      await client.close()
    },
  }
}

/** Writes of one document keep their order; others go side by side. */
function inOrder(writes: readonly Write[], carryOut: (write: Write) => Promise<void>) {
  const last = new Map<string, Promise<unknown>>()
  const results = writes.map((write) => {
    const key = JSON.stringify([write.in.name, write.id])
    const before = last.get(key) ?? Promise.resolve()
    const result = before.then(() => carryOut(write))
    last.set(
      key,
      result.catch(() => undefined),
    )
    return result
  })
  return Promise.allSettled(results)
}

/** A user that may only read, or a member that is no primary, is told so at the start and not at the first write. */
async function proveWritable(database: Db): Promise<void> {
  const opened = { $set: { openedAt: Date.now() } }
  await database
    .collection<{ _id: string; openedAt: number }>('schema_state')
    .updateOne({ _id: 'opened' }, opened, { upsert: true })
}

/** The driver's own words about a malformed address would repeat the password in it. */
function clientOf(url: string): MongoClient {
  try {
    return new MongoClient(url, /serverSelectionTimeoutMS=/i.test(url) ? {} : { serverSelectionTimeoutMS: selectionMs })
  } catch {
    const form = 'mongodb://user:password@host:port/?options'
    throw new RegistryError('unavailable', `The address of MongoDB is not valid; it has the form ${form}.`)
  }
}
