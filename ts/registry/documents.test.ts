import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { documentCache } from './documents.ts'

const long = 'a document that is worth compressing '.repeat(100)

test('a document is computed once, however many ask at once', async () => {
  const cache = documentCache(1 << 20)
  let computed = 0
  const compute = async () => {
    computed += 1
    return long
  }
  const all = await Promise.all(Array.from({ length: 50 }, () => cache.get('key', 'gzip', compute)))
  assert.equal(computed, 1)
  for (const document of all) assert.equal(gunzipSync(document.body).toString(), long)
})

test('encodings and contents have ETags of their own', async () => {
  const cache = documentCache(1 << 20)
  const etags = new Set<string>()
  for (const encoding of ['identity', 'gzip'] as const) {
    for (const text of [long, `${long}!`]) etags.add((await cache.get(text, encoding, async () => text)).etag)
  }
  assert.equal(etags.size, 4)
})

test('a computation that failed is tried again', async () => {
  const cache = documentCache(1 << 20)
  await assert.rejects(
    cache.get('key', 'gzip', async () => {
      throw new Error('broken')
    }),
    /broken/,
  )
  assert.equal((await cache.get('key', 'identity', async () => 'whole')).body.toString(), 'whole')
})

test('a small document is not compressed', async () => {
  const cache = documentCache(1 << 20)
  assert.equal((await cache.get('key', 'gzip', async () => 'small')).encoding, 'identity')
})

test('no more than the given bytes are kept', async () => {
  const cache = documentCache(10_000)
  for (let i = 0; i < 10; i++) await cache.get(`${i}`, 'identity', async () => long)
  let computed = false
  await cache.get('0', 'identity', async () => {
    computed = true
    return long
  })
  assert.ok(computed)
})
