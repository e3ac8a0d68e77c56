import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { bytesOf } from '../testing/bytes.ts'
import { absent, assertNothingLeft, put, readText } from '../testing/stored-blobs.ts'
import type { BlobStore } from './store.ts'

const mib = 1024 * 1024

/** The cases of the blob stores' contract in which bytes go: deletions, quarantine, the sweep of staging. */
export const removalCases: Record<string, (store: BlobStore) => Promise<void>> = {
  'deleting twice, or what never was, succeeds': async (store) => {
    const digest = await put(store, 'hello')
    await store.delete(digest)
    assert.equal(await store.stat(digest), undefined)
    await store.delete(digest)
    await store.delete(absent)
  },
  'a deleted blob can be stored again': async (store) => {
    await store.delete(await put(store, 'hello'))
    assert.equal(await readText(store, await put(store, 'hello')), 'hello')
  },
  'a deletion asks when nobody sees the bytes any more, whether they are there or not': async (store) => {
    const digest = await put(store, 'hello')
    for (const _attempt of ['there', 'absent']) {
      let seen: unknown = 'not asked'
      await store.delete(digest, async () => {
        seen = await store.stat(digest)
        return true
      })
      assert.equal(seen, undefined)
      await assertNothingLeft(store)
    }
  },
  'bytes that are stored again while a deletion asks stay, whatever it is told': async (store) => {
    for (const answer of [true, false]) {
      const digest = await put(store, 'hello')
      await store.delete(digest, async () => {
        await put(store, 'hello')
        return answer
      })
      assert.equal(await readText(store, digest), 'hello')
      assert.equal(await store.sweep(-60), 0)
    }
  },
  'bytes that are stored again while they are set aside are whole': async (store) => {
    const digest = await put(store, 'hello')
    await store
      .delete(digest, async () => {
        assert.equal(await store.sweep(86_400), 0)
        await put(store, 'hello')
        throw new Error('nobody knows')
      })
      .catch((err) => assert.match(String(err), /nobody knows/))
    assert.equal(await readText(store, digest), 'hello')
  },
  'what is kept in quarantine is no blob, survives sweep and deletion, and may be kept twice': async (store) => {
    const digest = await put(store, 'hello')
    const first = await store.quarantine(digest)
    assert.match(first ?? '', new RegExp(`quarantine/${digest.slice(7)}`))
    assert.equal(await readText(store, digest), 'hello')
    assert.equal((await store.list({})).items.length, 1)
    await store.delete(digest)
    assert.equal(await store.sweep(-60), 0)
    await put(store, 'hello')
    assert.notEqual(await store.quarantine(digest), first)
    assert.equal(await store.quarantine(absent), undefined)
  },
  'a sweep removes abandoned staging of the given age, and no blob': async (store) => {
    await put(store, 'kept')
    await put(store, randomBytes(9 * mib))
    const abandoned = await store.stage(bytesOf(randomBytes(9 * mib)))
    assert.equal(await store.sweep(86_400), 0)
    assert.equal(await store.sweep(-60), 1)
    assert.equal(await store.sweep(-60), 0)
    assert.equal((await store.list({})).items.length, 2)
    await abandoned.discard()
  },
}
