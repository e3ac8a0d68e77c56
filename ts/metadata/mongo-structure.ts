import { type Collection, type IndexDescription, MongoServerError } from 'mongodb'
import { decodeDocument, indexedAgain } from './documents.ts'
import type { IndexValue } from './engine.ts'
import { escapeValue, type MongoRecord, pathOf, type Shape } from './mongo-documents.ts'

const recordsAtOnce = 200

/**
 * Fills in the index fields of records that an older process wrote, then creates the indexes that are missing. Safe to
 * repeat, and in two processes at once: a record that changed meanwhile has its writer's fields.
 */
export async function createMongoStructure(records: Collection<MongoRecord>, shape: Shape): Promise<void> {
  if (shape.fields.length === 0) return
  await dropOlderShapeIndexes(records, shape)
  await records.createIndexes([shapeIndex(shape)])
  while ((await reshapeSome(records, shape)) === recordsAtOnce);
  const indexes = indexesOf(shape)
  if (indexes.length > 0) await records.createIndexes(indexes)
}

/** A record lacking one of the fields is in no index over it. Ids break ties, so a unique index needs none. */
function indexesOf(shape: Shape): IndexDescription[] {
  return Object.entries(shape.spec.indexes).map(([name, index]) => {
    const paths = index.fields.map((field: string) => pathOf(shape, field))
    const keys = [...paths, ...(index.unique ? [] : ['id'])]
    return {
      name,
      unique: index.unique ?? false,
      key: Object.fromEntries(keys.map((key) => [key, 1])),
      partialFilterExpression: Object.fromEntries(paths.map((path) => [path, { $exists: true }])),
    }
  })
}

/** Holds the records that an older process wrote: empty, and so free of cost, while there is none. */
function shapeIndex(shape: Shape): IndexDescription {
  return {
    name: `shape_${shape.version}`,
    key: { shape: 1 },
    partialFilterExpression: { shape: { $lt: shape.version } },
  }
}

async function dropOlderShapeIndexes(records: Collection<MongoRecord>, shape: Shape) {
  const indexes = await records.listIndexes().toArray().catch(noneIfNew)
  for (const { name } of indexes) {
    if (/^shape_\d+$/.test(name) && name !== `shape_${shape.version}`) await records.dropIndex(name)
  }
}

/** A collection that does not exist yet has no indexes to list. */
function noneIfNew(err: unknown): [] {
  if (err instanceof MongoServerError && err.code === 26) return []
  throw err
}

async function reshapeSome(records: Collection<MongoRecord>, shape: Shape): Promise<number> {
  const outdated = await records
    .find({ shape: { $lt: shape.version } })
    .limit(recordsAtOnce)
    .toArray()
  for (const { _id, revision, body } of outdated) {
    const ix = indexFields(shape, body)
    await records.updateOne({ _id, revision, shape: { $lt: shape.version } }, { $set: { ix, shape: shape.version } })
  }
  return outdated.length
}

function indexFields(shape: Shape, body: string): MongoRecord['ix'] {
  const fields = shape.fields.filter((field) => !field.isCounter)
  const values = indexedAgain(fields, decodeDocument(fields, body, []))
  const present = fields.flatMap(({ name }, at): [string, IndexValue][] => {
    const value = values[at] ?? null
    return value === null ? [] : [[name, escapeValue(value)]]
  })
  return Object.fromEntries(present)
}
