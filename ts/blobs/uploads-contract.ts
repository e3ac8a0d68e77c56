import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { hasCode } from '../errors.ts'
import { bytesOf } from '../testing/bytes.ts'
import { contract } from '../testing/contract.ts'
import { assertNothingLeft, stalling } from '../testing/stored-blobs.ts'
import { pausing } from '../testing/uploads.ts'
import type { BlobStore, Digest, StagedBlob } from './store.ts'
import type { AppendOptions, UploadState, UploadStore } from './uploads.ts'

const mib = 1024 * 1024

/** Two views of one empty store, as two processes have them. */
export interface UploadsUnderTest {
  readonly here: BlobStore
  readonly there: BlobStore
}

/** What the uploads of every blob store promise; each case on a fresh, empty store. */
export const uploadsContract = contract<UploadsUnderTest>('uploads', {
  'bytes of several appends are one blob, with all asked hashes': async ({ here }) => {
    const pieces = [randomBytes(13 * mib + 5), randomBytes(1), randomBytes(7 * mib), Buffer.from('end')]
    const whole = Buffer.concat(pieces)
    const state = await appendAll(here.uploads, pieces, { hashes: ['sha512'] })
    assert.equal(state.sizeBytes, whole.byteLength)
    const staged = await here.uploads.finish(state, ['sha512'])
    assert.equal(staged.sizeBytes, whole.byteLength)
    assert.equal(staged.hashes.sha512, createHash('sha512').update(whole).digest('hex'))
    await assertBecomes(here, staged, whole)
  },
  'appends and finish may come to another process each': async ({ here, there }) => {
    const pieces = Array.from({ length: 4 }, () => randomBytes(3.5 * mib))
    let state = here.uploads.begin()
    for (const [index, piece] of pieces.entries()) {
      state = await append((index % 2 === 0 ? here : there).uploads, state, piece)
    }
    await assertBecomes(here, await here.uploads.finish(state, ['sha512', 'md5']), Buffer.concat(pieces))
  },
  'many small appends are one small blob': async ({ here, there }) => {
    const pieces = Array.from({ length: 12 }, (_, index) => Buffer.from(`piece ${index} `))
    await assertBecomes(there, await there.uploads.finish(await appendAll(here.uploads, pieces)), Buffer.concat(pieces))
  },
  'an upload without bytes is the empty blob': async ({ here }) => {
    await assertBecomes(here, await here.uploads.finish(here.uploads.begin()), Buffer.alloc(0))
    const appended = await append(here.uploads, here.uploads.begin(), Buffer.alloc(0))
    await assertBecomes(here, await here.uploads.finish(appended), Buffer.alloc(0))
  },
  'a hash that nobody announced is computed from the staged bytes': async ({ here }) => {
    const bytes = randomBytes(9 * mib)
    const staged = await here.uploads.finish(await append(here.uploads, here.uploads.begin(), bytes), ['sha512'])
    assert.equal(staged.hashes.sha512, createHash('sha512').update(bytes).digest('hex'))
    await assertBecomes(here, staged, bytes)
  },
  'what came before a stream broke is kept, and the upload goes on': async ({ here, there }) => {
    for (const firstBytes of [3, 2 * mib, 15 * mib]) {
      const first = randomBytes(firstBytes)
      const broken = await here.uploads.append(here.uploads.begin(), breaking(first))
      assert.match(String(broken.error), /the socket closed/)
      assert.equal(broken.state.sizeBytes, first.byteLength)
      const state = await append(there.uploads, broken.state, Buffer.from(' and the rest'))
      await assertBecomes(here, await here.uploads.finish(state), Buffer.concat([first, Buffer.from(' and the rest')]))
    }
  },
  'an abort ends an append that waits for its client, and keeps what came': async ({ here }) => {
    const abort = new AbortController()
    const { source, waiting } = stalling(2 * mib)
    const appending = here.uploads.append(here.uploads.begin(), source, { signal: abort.signal })
    await waiting
    abort.abort(new Error('the lease is lost'))
    const { state, error } = await appending
    assert.match(String(error), /the lease is lost/)
    assert.equal(state.sizeBytes, 2 * mib)
    await here.uploads.discard(state)
    await assertNothingLeft(here)
  },
  'one byte too many is refused, and the state before stays good': async ({ here }) => {
    const first = randomBytes(7 * mib)
    const before = await append(here.uploads, here.uploads.begin(), first)
    const options = { maxBytes: first.byteLength + 2 }
    await assert.rejects(here.uploads.append(before, bytesOf('abc'), options), (err) =>
      hasCode(err, 'payload_too_large'),
    )
    const state = await append(here.uploads, before, Buffer.from('ab'), options)
    await assertBecomes(here, await here.uploads.finish(state), Buffer.concat([first, Buffer.from('ab')]))
  },
  'an append that was not accepted leaves the state before it good, in every process': async ({ here, there }) => {
    const first = randomBytes(8 * mib)
    const before = await append(here.uploads, here.uploads.begin(), first)
    const refused = (await here.uploads.append(before, bytesOf(randomBytes(8 * mib)))).state
    const accepted = randomBytes(8 * mib)
    const after = (await there.uploads.append(before, bytesOf(accepted))).state
    // The same length at the same offset: only the place tells which bytes were hashed.
    assert.equal(refused.sizeBytes, after.sizeBytes)
    await there.uploads.settle(before, after)
    await assertBecomes(here, await here.uploads.finish(after), Buffer.concat([first, accepted]))
  },
  'settling a refused append drops only what it added': async ({ here }) => {
    const before = await append(here.uploads, here.uploads.begin(), Buffer.from('good'))
    for (const takesOver of [false, true]) {
      const refused = (await here.uploads.append(before, bytesOf(randomBytes(9 * mib)), { takesOver })).state
      await here.uploads.settle(refused, before)
    }
    await assertBecomes(here, await here.uploads.finish(before), Buffer.from('good'))
  },
  'a writer that was taken over changes nothing, however late it writes': async ({ here, there }) => {
    for (const firstBytes of [100, 8 * mib]) {
      const first = randomBytes(firstBytes)
      const before = await append(here.uploads, here.uploads.begin(), first)
      const late = pausing(randomBytes(mib), randomBytes(20 * mib))
      const lateAppend = here.uploads.append(before, late.source)
      await late.waiting
      const rest = randomBytes(13 * mib)
      const after = await append(there.uploads, before, rest, { takesOver: true })
      late.goOn()
      await Promise.allSettled([lateAppend])
      await assertBecomes(there, await there.uploads.finish(after), Buffer.concat([first, rest]))
    }
  },
  'taking over needs no bytes': async ({ here, there }) => {
    const bytes = randomBytes(7 * mib)
    const before = await append(here.uploads, here.uploads.begin(), bytes)
    const late = pausing(Buffer.from('late'), Buffer.from('later'))
    const lateAppend = here.uploads.append(before, late.source)
    await late.waiting
    const after = await append(there.uploads, before, Buffer.alloc(0), { takesOver: true })
    const staged = await there.uploads.finish(after)
    late.goOn()
    await Promise.allSettled([lateAppend])
    await assertBecomes(there, staged, bytes)
  },
  'a finish whose process died can be repeated by another': async ({ here, there }) => {
    for (const sizeBytes of [5, 9 * mib]) {
      const bytes = randomBytes(sizeBytes)
      const state = await append(here.uploads, here.uploads.begin(), bytes)
      await here.uploads.finish(state)
      await assertBecomes(there, await there.uploads.finish(state), bytes)
    }
  },
  'a finish with other last bytes, by a process that died behind it, never puts them under the digest of these':
    async ({ here, there }) => {
      for (const firstBytes of [100, 6 * mib, 8 * mib]) {
        const before = await append(here.uploads, here.uploads.begin(), randomBytes(firstBytes))
        await there.uploads.finish((await there.uploads.append(before, bytesOf('evil'))).state)
        const { state } = await here.uploads.append(before, bytesOf('good'), { takesOver: true })
        const staged = await here.uploads.finish(state)
        await staged.commit()
        const stored = await buffer((await here.read(staged.digest)) ?? bytesOf('absent'))
        assert.equal(`sha256:${createHash('sha256').update(stored).digest('hex')}`, staged.digest)
      }
    },
  'a finished upload that is discarded leaves nothing': async ({ here }) => {
    for (const sizeBytes of [5, 9 * mib]) {
      const state = await append(here.uploads, here.uploads.begin(), randomBytes(sizeBytes))
      await (await here.uploads.finish(state)).discard()
      await here.uploads.discard(state)
    }
    await assertNothingLeft(here)
  },
  'discarding leaves nothing, twice or before the first byte too': async ({ here, there }) => {
    for (const sizeBytes of [0, 5, 15 * mib]) {
      const state = await append(here.uploads, here.uploads.begin(), randomBytes(sizeBytes))
      await there.uploads.discard(state)
      await here.uploads.discard(state)
    }
    await here.uploads.discard(here.uploads.begin())
    await assertNothingLeft(here)
  },
  'discarded bytes are unknown to later requests': async ({ here }) => {
    for (const sizeBytes of [5, 9 * mib]) {
      const state = await append(here.uploads, here.uploads.begin(), randomBytes(sizeBytes))
      await here.uploads.discard(state)
      const unknown = (err: unknown) => hasCode(err, 'upload_unknown')
      await assert.rejects(here.uploads.append(state, bytesOf(randomBytes(8 * mib))), unknown)
      await assert.rejects(here.uploads.finish(state), unknown)
    }
    await assertNothingLeft(here)
  },
  'uploads of two days ago are swept, younger ones are not': async ({ here }) => {
    const state = await append(here.uploads, here.uploads.begin(), randomBytes(9 * mib))
    assert.equal(await here.sweep(2 * 86_400), 0)
    assert.ok((await here.sweep(-60)) > 0)
    await assert.rejects(here.uploads.finish(state), (err) => hasCode(err, 'upload_unknown'))
  },
})

/** One append that is accepted. */
async function append(
  uploads: UploadStore,
  before: UploadState,
  bytes: Uint8Array,
  options?: AppendOptions,
): Promise<UploadState> {
  const { state, error } = await uploads.append(before, bytesOf(bytes), options)
  assert.equal(error, undefined)
  assert.equal(state.sizeBytes, before.sizeBytes + bytes.byteLength)
  await uploads.settle(before, state)
  return state
}

async function appendAll(uploads: UploadStore, pieces: Uint8Array[], options?: AppendOptions): Promise<UploadState> {
  let state = uploads.begin()
  for (const piece of pieces) state = await append(uploads, state, piece, options)
  return state
}

/** Commits and reads it again; nothing else is left. */
async function assertBecomes(store: BlobStore, staged: StagedBlob, bytes: Buffer): Promise<void> {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  assert.equal(staged.digest, digest)
  await staged.commit()
  await staged.commit()
  await staged.discard()
  const stored = await buffer((await store.read(digest)) ?? bytesOf('absent'))
  assert.ok(stored.equals(bytes), `${stored.byteLength} other bytes than the ${bytes.byteLength}`)
}

async function* breaking(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
  throw new Error('the socket closed')
}
