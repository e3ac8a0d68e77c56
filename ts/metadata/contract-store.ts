import { randomUUID } from 'node:crypto'
import { openThings, type StoreAddress, type Thing, things } from './contract-things.ts'
import type { Collection, MetadataEngine, Query, Stored } from './engine.ts'

/** A fresh, empty store that has the collection `things`. */
export interface TestStore {
  readonly engine: MetadataEngine
  readonly things: ThingCollection
  readonly address: StoreAddress
  /** Another engine on the same store, as another process would have; the caller closes it. */
  second(): Promise<MetadataEngine>
}

export type ThingCollection = Collection<Thing, keyof typeof things.indexes & string>
export type Case = (store: TestStore) => Promise<void>

/** Opens the store at the address, for one case. */
export async function openTestStore(address: StoreAddress): Promise<TestStore> {
  const engine = await openThings(address)
  return { engine, things: engine.collection(things), address, second: () => openThings(address) }
}

/** Inserts the thing under a new id, or the id given. */
export function insertThing(
  collection: ThingCollection,
  thing: Thing,
  id: string = randomUUID(),
): Promise<Stored<Thing>> {
  return collection.insert(id, thing)
}

const mostWalked = 50_000

/** Every document of a query, by pages of `limit`. */
export async function walk(
  collection: ThingCollection,
  index: keyof typeof things.indexes & string,
  query: Query<Thing>,
): Promise<Stored<Thing>[]> {
  const found: Stored<Thing>[] = []
  let after: string | undefined
  do {
    const page = await collection.find(index, after === undefined ? query : { ...query, after })
    found.push(...page.items)
    if (found.length > mostWalked) throw new Error(`${index} gives more than ${mostWalked} documents: does it end?`)
    after = page.next
  } while (after !== undefined)
  return found
}

/** How many of the promises were fulfilled, and the codes and conflicts of the others. */
export async function outcomes(promises: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(promises)
  const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  return { fulfilled: settled.length - refused.length, refused }
}
