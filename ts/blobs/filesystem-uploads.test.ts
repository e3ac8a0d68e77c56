import { openTestFolder } from '../testing/stores.ts'
import { filesystemBlobStore } from './filesystem.ts'
import { uploadsContract } from './uploads-contract.ts'

uploadsContract('filesystem', async () => {
  const folder = await openTestFolder()
  const open = () => filesystemBlobStore({ dir: folder.path })
  return {
    store: { here: await open(), there: await open() },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})
