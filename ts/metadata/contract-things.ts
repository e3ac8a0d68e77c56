import type { Json } from './engine.ts'
import { defineCollection, type MetadataEngine } from './engine.ts'
import { openMongoEngine } from './mongo.ts'
import { openSqliteEngine } from './sqlite.ts'

/** The document that the tests of the metadata engines write. */
export interface Thing {
  readonly name?: string
  readonly group?: string
  readonly rank?: number
  readonly note?: Json
  readonly hits?: number
}

export const things = defineCollection<Thing>()({
  name: 'things',
  indexes: {
    name: { fields: ['name'], unique: true },
    group: { fields: ['group', 'rank'] },
    slot: { fields: ['group', 'rank', 'name'], unique: true },
    hits: { fields: ['hits'] },
  },
  counters: ['hits'],
})

/** Where a store is, in a form that fits on the command line of another process. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongo'; readonly url: string; readonly database: string }

/** Opens the store with the collection `things`. */
export function openThings(address: StoreAddress): Promise<MetadataEngine> {
  const common = { collections: [things], schemaVersion: 1 }
  return address.kind === 'sqlite'
    ? openSqliteEngine({ ...address, ...common })
    : openMongoEngine({ ...address, ...common })
}
