import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { hasCode } from '../errors.ts'
import { bytesOf } from '../testing/bytes.ts'
import { clientFor, removeBucket, skipWithoutS3, startS3Server } from '../testing/s3-server.ts'
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

test('bytes that are others than those that were hashed are never committed', { skip: skip ?? false }, async (t) => {
  assert.ok(server)
  const options = server.newBucket()
  const store = await s3BlobStore(options)
  const client = clientFor(options)
  t.after(async () => {
    client.destroy()
    await store.close()
    await removeBucket(options)
  })
  const sizeBytes = 2 * store.uploads.minChunkBytes
  const { state } = await store.uploads.append(store.uploads.begin(), bytesOf(randomBytes(sizeBytes)))
  const staged = await store.uploads.finish(state)
  const at = { Bucket: options.bucket, Prefix: 'packages/staging/' }
  const { Contents: [object] = [] } = await client.send(new ListObjectsV2Command(at))
  await client.send(new PutObjectCommand({ Bucket: at.Bucket, Key: object?.Key, Body: randomBytes(sizeBytes) }))
  await assert.rejects(staged.commit(), (err) => hasCode(err, 'upload_unknown'))
  assert.equal(await store.stat(staged.digest), undefined)
})
