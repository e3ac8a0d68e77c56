import assert from 'node:assert/strict'
import { after } from 'node:test'
import { removeBucket, skipWithoutS3, startS3Server } from '../testing/s3-server.ts'
import { s3BlobStore } from './s3.ts'
import { uploadsContract } from './uploads-contract.ts'

const skip = skipWithoutS3()
const server = skip ? undefined : await startS3Server()
after(() => server?.[Symbol.asyncDispose]())

uploadsContract(
  's3',
  async () => {
    assert.ok(server)
    const options = server.newBucket()
    const store = { here: await s3BlobStore(options), there: await s3BlobStore(options) }
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store.here.close()
        await store.there.close()
        await removeBucket(options)
      },
    }
  },
  skip,
)
