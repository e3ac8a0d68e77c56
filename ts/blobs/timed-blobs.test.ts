import assert from 'node:assert/strict'
import { test } from 'node:test'
import { put } from '../testing/stored-blobs.ts'
import { openTestFolder } from '../testing/stores.ts'
import { blobStoreContract } from './contract.ts'
import { filesystemBlobStore } from './filesystem.ts'
import { timedBlobs } from './timed-blobs.ts'

blobStoreContract('filesystem, timed', async () => {
  const folder = await openTestFolder()
  const store = timedBlobs(await filesystemBlobStore({ dir: folder.path }), () => {})
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
})

test('calls are told with their seconds', async () => {
  await using folder = await openTestFolder()
  const told: string[] = []
  const store = timedBlobs(await filesystemBlobStore({ dir: folder.path }), (operation, seconds) => {
    assert.ok(seconds >= 0 && seconds < 10)
    told.push(operation)
  })
  const digest = await put(store, 'hello')
  await store.read(digest)
  await store.stat(digest)
  await store.delete(digest)
  await store.list({})
  assert.deepEqual(told, ['stage', 'read', 'stat', 'delete', 'list'])
})
