import { hasCode } from '../errors.ts'
import * as accessSchema from '../metadata/access-schema.ts'
import type { Collection, MetadataEngine } from '../metadata/engine.ts'
import type { Migration } from '../metadata/migrate.ts'
import { changeDocument } from './change.ts'
import { confusableKey } from './names.ts'

const pageSize = 500

/** Gives organizations and users their `nameKey` that were made before there was one. Of two that look alike one stays without. */
export const fillNameKeys: Migration = {
  version: 3,
  async run(engine: MetadataEngine) {
    await fill(engine.collection(accessSchema.organizations), 'byName', ({ name }) => name)
    await fill(engine.collection(accessSchema.users), 'byUsername', ({ usernameKey }) => usernameKey)
  },
}

async function fill<T extends { nameKey?: string }, I extends string>(
  collection: Collection<T, I>,
  index: I,
  nameOf: (value: T) => string,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await collection.find(index, { limit: pageSize, ...(after !== undefined && { after }) })
    for (const { id, value } of page.items) {
      if (value.nameKey !== undefined) continue
      const withKey = (now: T): T => ({ ...now, nameKey: confusableKey(nameOf(now)) })
      await changeDocument(collection, id, withKey).catch((err) => {
        if (!hasCode(err, 'document_exists')) throw err
      })
    }
    if (page.next === undefined) return
    after = page.next
  }
}
