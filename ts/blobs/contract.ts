import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { hasCode } from '../errors.ts'
import { bytesOf } from '../testing/bytes.ts'
import { contract } from '../testing/contract.ts'
import {
  absent,
  assertEmpty,
  assertNothingLeft,
  assertRefused,
  assertSame,
  digestOf,
  hexOf,
  put,
  readBytes,
  reading,
  readText,
  stalling,
} from '../testing/stored-blobs.ts'
import { removalCases } from './removal-contract.ts'
import type { BlobStore, Digest, StageOptions } from './store.ts'

const mib = 1024 * 1024

/** What every blob store promises; each case on a fresh, empty store. */
export const blobStoreContract = contract<BlobStore>('blob store', {
  'all asked hashes and the size come from one pass over the bytes': async (store) => {
    const staged = await store.stage(inPieces(['he', '', 'llo']), { hashes: ['md5', 'sha1', 'sha512'] })
    assert.equal(staged.digest, digestOf('hello'))
    assert.equal(staged.sizeBytes, 5)
    assert.deepEqual(staged.hashes, {
      md5: hexOf('md5', 'hello'),
      sha1: hexOf('sha1', 'hello'),
      sha512: hexOf('sha512', 'hello'),
    })
    await staged.discard()
  },
  'staged bytes are invisible until they are committed': async (store) => {
    const staged = await store.stage(bytesOf('hello'), { expected: digestOf('hello'), maxBytes: 5 })
    await assertEmpty(store)
    await staged.commit()
    assert.deepEqual(await store.stat(staged.digest), { digest: staged.digest, sizeBytes: 5 })
    assert.equal(await readText(store, staged.digest), 'hello')
  },
  'a wrong digest leaves nothing': async (store) => {
    await assertRefused('digest_mismatch', store.stage(bytesOf('hello'), { expected: absent }))
    await assertRefused('digest_mismatch', store.stage(bytesOf(randomBytes(9 * mib)), { expected: absent }))
    await assertNothingLeft(store)
  },
  'one byte too many leaves nothing, and the source is not read on': async (store) => {
    let asked = 0
    const endless = async function* () {
      for (;;) yield Buffer.alloc(mib, asked++)
    }
    await assertRefused('payload_too_large', store.stage(bytesOf('hello!'), { maxBytes: 5 }))
    await assertRefused('payload_too_large', store.stage(endless(), { maxBytes: 10 * mib }))
    assert.ok(asked < 40, `${asked} MiB were asked for`)
    await assertNothingLeft(store)
  },
  'a range is inclusive, and cut at the end of the blob': async (store) => {
    const digest = await put(store, 'hello world')
    const read = (start: number, end: number) => readText(store, digest, { start, end })
    assert.equal(await read(0, 4), 'hello')
    assert.equal(await read(0, 0), 'h')
    assert.equal(await read(10, 10), 'd')
    assert.equal(await read(4, 6), 'o w')
    assert.equal(await read(0, 10), 'hello world')
    assert.equal(await read(6, 4000), 'world')
  },
  'a range that names no byte is refused with the size': async (store) => {
    const digest = await put(store, 'hello')
    for (const range of [
      { start: 5, end: 5 },
      { start: 3, end: 2 },
    ]) {
      const refused = (err: unknown) => hasCode(err, 'range_invalid') && err.details.sizeBytes === 5
      await assert.rejects(store.read(digest, range), refused)
    }
  },
  'a blob of several megabytes is read whole, in ranges, and only as far as asked': async (store) => {
    const bytes = randomBytes(9 * mib + 1)
    const digest = await put(store, bytes)
    assertSame(await readBytes(store, digest), bytes)
    const range = { start: 7, end: 8 * mib + 3 }
    assertSame(await readBytes(store, digest, range), bytes.subarray(7, 8 * mib + 4))
    for await (const chunk of await reading(store, digest)) {
      assertSame(chunk, bytes.subarray(0, chunk.byteLength))
      break
    }
  },
  'a chunk stays as it was while the next ones are read': async (store) => {
    const bytes = randomBytes(9 * mib)
    const chunks = await Array.fromAsync(await reading(store, await put(store, bytes)))
    assertSame(Buffer.concat(chunks), bytes)
  },
  'a read that is given up before its first chunk frees what it held': async (store) => {
    const digest = await put(store, randomBytes(9 * mib))
    const chunks = (await reading(store, digest))[Symbol.asyncIterator]()
    assert.deepEqual(await chunks.return?.(), { done: true, value: undefined })
    assert.deepEqual(await chunks.next(), { done: true, value: undefined })
  },
  'an absent blob is undefined': async (store) => {
    assert.equal(await store.read(absent), undefined)
    assert.equal(await store.read(absent, { start: 0, end: 1 }), undefined)
    assert.equal(await store.stat(absent), undefined)
  },
  'an empty blob is a blob': async (store) => {
    const digest = await put(store, '')
    assert.deepEqual(await store.stat(digest), { digest, sizeBytes: 0 })
    assert.equal(await readText(store, digest), '')
    await assertRefused('range_invalid', store.read(digest, { start: 0, end: 0 }))
  },
  'equal bytes are stored once, by 200 at a time': async (store) => {
    const bytes = randomBytes(100_000)
    const digests = await Promise.all(Array.from({ length: 200 }, () => put(store, bytes)))
    assert.equal(new Set(digests).size, 1)
    assertSame(await readBytes(store, digestOf(bytes)), bytes)
    assert.equal((await store.list({})).items.length, 1)
    assert.equal(await store.sweep(-60), 0)
  },
  'a commit can be repeated, and a discard after it keeps the blob': async (store) => {
    for (const bytes of [Buffer.from('hello'), randomBytes(9 * mib)]) {
      const staged = await store.stage(bytesOf(bytes))
      await staged.commit()
      await staged.commit()
      await staged.discard()
      assertSame(await readBytes(store, staged.digest), bytes)
    }
    assert.equal(await store.sweep(-60), 0)
  },
  'discarded bytes are gone, discarding again succeeds': async (store) => {
    for (const bytes of [Buffer.from('hello'), randomBytes(9 * mib)]) {
      const staged = await store.stage(bytesOf(bytes))
      await staged.discard()
      await staged.discard()
    }
    await assertNothingLeft(store)
  },
  'an abort while the source waits for its client leaves nothing': async (store) => {
    for (const sizeBytes of [1000, 20 * mib]) {
      const { source, waiting } = stalling(sizeBytes)
      const abort = new AbortController()
      const staging = store.stage(source, { signal: abort.signal })
      const rejected = assert.rejects(staging, /the client left/)
      await waiting
      abort.abort(new Error('the client left'))
      await rejected
    }
    await assertNothingLeft(store)
  },
  'a source is told to return when its bytes are refused or no longer wanted': async (store) => {
    const abort = new AbortController()
    const hopeless = async (options: StageOptions) => {
      let returned = false
      const iterator: AsyncIterator<Uint8Array> = {
        next: async () => ({ done: false, value: Buffer.alloc(100) }),
        async return() {
          returned = true
          return { done: true, value: undefined }
        },
      }
      setImmediate(() => abort.abort(new Error('the client left')))
      await assert.rejects(store.stage({ [Symbol.asyncIterator]: () => iterator }, options))
      assert.ok(returned)
    }
    await hopeless({ maxBytes: 250 })
    await hopeless({ maxBytes: 250, signal: new AbortController().signal })
    await hopeless({ maxBytes: 100 * mib, signal: abort.signal })
  },
  'a signal that has already fired is obeyed': async (store) => {
    const signal = AbortSignal.abort(new Error('the client left'))
    await assert.rejects(store.stage(bytesOf('hello'), { signal }), /the client left/)
    await assertNothingLeft(store)
  },
  'a source that breaks off leaves nothing, and its error is passed on': async (store) => {
    for (const pieces of [1, 20]) {
      await assert.rejects(store.stage(breakingAfter(pieces)), /the socket closed/)
    }
    await assertNothingLeft(store)
  },
  'blobs are listed in pages, in the byte order of their digests': async (store) => {
    const texts = Array.from({ length: 25 }, (_, index) => `blob ${index}`)
    await Promise.all(texts.map((text) => put(store, text)))
    const listed = await listAll(store, 4)
    assert.deepEqual(listed.sizes, [4, 4, 4, 4, 4, 4, 1])
    assert.deepEqual(listed.digests, texts.map(digestOf).sort())
    assert.deepEqual((await listAll(store, 25)).sizes, [25])
  },
  'a page may start after a digest that is not there': async (store) => {
    const digest = await put(store, 'hello')
    assert.deepEqual((await store.list({ after: absent })).items, [{ digest, sizeBytes: 5 }])
    assert.deepEqual(await store.list({ after: `sha256:${'f'.repeat(64)}` }), { items: [] })
  },
  'a ping tells how long it took': async (store) => {
    const { latencyMs, version } = await store.ping()
    assert.ok(latencyMs >= 0 && latencyMs < 5000)
    assert.notEqual(version, '')
  },
  ...removalCases,
})

async function listAll(store: BlobStore, limit: number): Promise<{ digests: Digest[]; sizes: number[] }> {
  const digests: Digest[] = []
  const sizes: number[] = []
  let after: Digest | undefined
  do {
    const page = await store.list(after ? { after, limit } : { limit })
    digests.push(...page.items.map((item) => item.digest))
    sizes.push(page.items.length)
    after = page.next
  } while (after)
  return { digests, sizes }
}

async function* inPieces(pieces: string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

async function* breakingAfter(pieces: number): AsyncIterable<Uint8Array> {
  for (let sent = 0; sent < pieces; sent++) yield randomBytes(mib)
  throw new Error('the socket closed')
}
