import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { put } from '../testing/stored-blobs.ts'
import { blobStoreContract } from './contract.ts'
import { filesystemBlobStore } from './filesystem.ts'
import { rememberSmallBlobs } from './small-blobs.ts'
import type { BlobStore, Digest } from './store.ts'

const roomy = { maxBytes: 32 * 1024 * 1024, maxBlobBytes: 1024 * 1024 }

async function openStore(options = roomy) {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-small-'))
  const below = await filesystemBlobStore({ dir })
  const state = { reads: 0 }
  const counted: BlobStore = {
    ...below,
    read(digest, range) {
      state.reads++
      return below.read(digest, range)
    },
  }
  const store = rememberSmallBlobs(counted, options)
  return { store, below, state, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

blobStoreContract('filesystem, small blobs remembered', openStore)

async function text(
  store: BlobStore,
  digest: Digest,
  range?: { start: number; end: number },
): Promise<string | undefined> {
  const chunks = await store.read(digest, range)
  return chunks && Buffer.concat(await Array.fromAsync(chunks)).toString('latin1')
}

test('the second read keeps a small blob, the third and its ranges come from memory', async () => {
  await using s = await openStore()
  const digest = await put(s.store, 'hello')
  assert.equal(await text(s.store, digest), 'hello')
  assert.equal(await text(s.store, digest), 'hello')
  assert.equal(await text(s.store, digest), 'hello')
  assert.equal(await text(s.store, digest, { start: 1, end: 2 }), 'el')
  assert.equal(s.state.reads, 2)
  assert.deepEqual(s.store.counts, { hits: 2, misses: 2 })
})

test('a blob above the bound always comes from the store', async () => {
  await using s = await openStore({ ...roomy, maxBlobBytes: 4 })
  const digest = await put(s.store, 'hello')
  for (let i = 0; i < 4; i++) assert.equal(await text(s.store, digest), 'hello')
  assert.equal(s.state.reads, 4)
})

test('bytes that were cut short are not remembered: they are whole as soon as they are stored again', async () => {
  await using s = await openStore()
  const digest = await put(s.store, 'hello')
  await writeFile(s.store.localPath(digest) ?? '', 'he')
  for (let reads = 0; reads < 3; reads++) assert.equal(await text(s.store, digest), 'he')
  await put(s.below, 'hello')
  assert.equal(await text(s.store, digest), 'hello')
})

test('many who read a blob at once read it once', async () => {
  await using s = await openStore()
  const digest = await put(s.store, 'hello')
  await text(s.store, digest)
  const all = await Promise.all(Array.from({ length: 50 }, () => text(s.store, digest)))
  assert.deepEqual(new Set(all), new Set(['hello']))
  assert.equal(s.state.reads, 2)
})

test('the memory is bounded: what was read longest ago goes', async () => {
  await using s = await openStore({ maxBytes: 3000, maxBlobBytes: 1024 })
  const digests = await Promise.all(
    [1, 2, 3, 4].map(() => put(s.store, randomBytes(1000).toString('hex').slice(0, 1000))),
  )
  for (const digest of [...digests, ...digests]) await text(s.store, digest)
  const before = s.state.reads
  await text(s.store, digests[3] as Digest)
  assert.equal(s.state.reads, before)
  await text(s.store, digests[0] as Digest)
  assert.equal(s.state.reads, before + 1)
})

test('a blob that is gone is not remembered', async () => {
  await using s = await openStore()
  const digest = await put(s.store, 'hello')
  for (let i = 0; i < 3; i++) await text(s.store, digest)
  const reading = text(s.store, digest)
  await s.store.delete(digest)
  await reading
  assert.equal(await text(s.store, digest), undefined)
})
