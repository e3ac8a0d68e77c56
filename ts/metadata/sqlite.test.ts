import { join } from 'node:path'
import { openTestFolder } from '../testing/stores.ts'
import { metadataContract } from './contract.ts'
import { openTestStore } from './contract-store.ts'

metadataContract('sqlite', async () => {
  const folder = await openTestFolder()
  const store = await openTestStore({ kind: 'sqlite', path: join(folder.path, 'metadata.sqlite') })
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.engine.close()
      await folder[Symbol.asyncDispose]()
    },
  }
})
