import type { Filter, Sort } from 'mongodb'
import type { IndexValue } from './engine.ts'
import { escapeText, escapeValue, type MongoRecord, pathOf, type Shape } from './mongo-documents.ts'
import type { Bound, Plan, Position } from './queries.ts'

type Condition = Record<string, unknown>
const operators = { '>=': '$gte', '>': '$gt', '<=': '$lte', '<': '$lt' } as const

/**
 * The records within equality and range. It names every field of the index and repeats `$exists`, as the use of a
 * partial index demands.
 */
export function filterOf(shape: Shape, plan: Plan): Filter<MongoRecord> {
  const filter = new Map<string, Condition>(plan.fields.map((field) => [pathOf(shape, field), { $exists: true }]))
  const narrow = (field: string, condition: Condition) =>
    filter.set(pathOf(shape, field), { $exists: true, ...condition })
  for (const { field, value } of plan.equals) narrow(field, { $eq: escapeValue(value) })
  const ranged = plan.orderedBy[0]
  if (ranged !== undefined) narrow(ranged, Object.fromEntries(plan.bounds.map(conditionOf)))
  return Object.fromEntries(filter)
}

/** The records of `filterOf` that come after the cursor, if the plan has one. */
export function pageFilterOf(shape: Shape, plan: Plan): Filter<MongoRecord> {
  const filter = filterOf(shape, plan)
  return plan.after ? { ...filter, $or: beyond(keysOf(shape, plan), plan.after, plan.isDescending) } : filter
}

/** Index order, ties broken by id. */
export function sortOf(shape: Shape, plan: Plan): Sort {
  return Object.fromEntries(keysOf(shape, plan).map((key) => [key, plan.isDescending ? -1 : 1]))
}

function keysOf(shape: Shape, plan: Plan): string[] {
  return [...plan.orderedBy.map((field) => pathOf(shape, field)), ...(plan.isUnique ? [] : ['id'])]
}

function conditionOf({ comparison, value }: Bound): [string, IndexValue] {
  return [operators[comparison], escapeValue(value)]
}

/** `(a, b, id) > (x, y, z)` written out: a > x, or a = x and b > y, or a = x and b = y and id > z. */
function beyond(keys: readonly string[], position: Position, isDescending: boolean): Filter<MongoRecord>[] {
  const values: IndexValue[] = [...position.values.map(escapeValue), escapeText(position.id)]
  return keys.map((key, at) => ({
    ...Object.fromEntries(keys.slice(0, at).map((before, place) => [before, { $eq: values[place] }])),
    [key]: { [isDescending ? '$lt' : '$gt']: values[at] },
  }))
}
