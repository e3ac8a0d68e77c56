import { join } from 'node:path'
import { openTestFolder } from '../testing/stores.ts'
import { metadataContract } from './contract.ts'
import { openTestStore } from './contract-store.ts'
import { openingContract, type UnopenedStore } from './opening-contract.ts'
import { openSqliteEngine } from './sqlite.ts'

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

openingContract('sqlite', async () => {
  const folder = await openTestFolder()
  const path = join(folder.path, 'new', 'metadata.sqlite')
  const store: UnopenedStore = { open: (release) => openSqliteEngine({ path, ...release }) }
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})
