import type { BlobStore, StagedBlob } from '../../blobs/store.ts'
import type { UploadState } from '../../blobs/uploads.ts'
import { hasCode } from '../../errors.ts'
import type { ImageBlob, ImageBlobs, ImagePlace } from './images.ts'
import { addChunk } from './upload-chunk.ts'
import { algorithmOf, expectedBy, hashesFor, requireDigest } from './upload-digest.ts'
import type { HeldUpload } from './upload-lease.ts'
import type { Chunk } from './upload-sessions.ts'

/** Where the bytes of uploads go. */
export interface UploadBytes {
  readonly blobs: BlobStore
  readonly link: ImageBlobs['link']
  /** Of one blob, however many requests bring it. */
  readonly maxBlobBytes: number
}

/** Adds a chunk and moves the upload on; resolves to its new size. When the stream fails what came is kept. */
export async function appendTo(to: UploadBytes, held: HeldUpload, chunk: Chunk): Promise<number> {
  const { state, ...failed } = await endIfLost(to, held, () => add(to, held, chunk, held.document.algorithm))
  await accept(to, held, state)
  if ('error' in failed) throw failed.error
  return state.sizeBytes
}

/** Adds the last chunk, if there is one, checks the digest and links the blob; ends the upload. */
export async function finishUpload(
  to: UploadBytes,
  held: HeldUpload,
  place: ImagePlace,
  digest: string,
  chunk: Chunk | undefined,
): Promise<ImageBlob> {
  return endIfLost(to, held, async () => {
    const state = await whole(to, held, digest, chunk)
    const blob = await linkChecked(to, held, place, digest, state)
    await ended(held)
    await settled(to, held.state, state)
    return blob
  })
}

/** Stages, checks and links a whole blob, unless what `decide` resolves to, asked when all is checked, is against it. */
export async function putWhole(
  to: UploadBytes,
  place: ImagePlace,
  digest: string,
  bytes: AsyncIterable<Uint8Array>,
  decide?: () => Promise<void>,
): Promise<ImageBlob> {
  const hashes = hashesFor(algorithmOf(digest))
  const options = { maxBytes: to.maxBlobBytes, hashes, ...expectedBy(digest) }
  const staged = await to.blobs.stage(bytes, options)
  try {
    requireDigest(staged, digest)
    return await to.link(place, digest, staged, decide?.())
  } catch (err) {
    await staged.discard()
    throw err
  }
}

/** Drops the bytes, then the record. */
export async function endUpload(to: UploadBytes, held: HeldUpload): Promise<void> {
  await to.blobs.uploads.discard(held.state)
  await held.remove()
}

/**
 * The whole in the only request that brings bytes, to an upload that nobody wrote to: without a lease, and without staging
 * that can be gone on with. `end` removes the record as it was found, or throws when somebody has written to it since:
 * then the blob is not the image's, and what he wrote stays.
 */
export async function putUntouched(
  to: UploadBytes,
  end: () => Promise<void>,
  place: ImagePlace,
  digest: string,
  bytes: Chunk['bytes'],
): Promise<ImageBlob> {
  try {
    return await putWhole(to, place, digest, bytes, end)
  } catch (err) {
    if (hasCode(err, 'digest_mismatch')) await end().catch(() => {}) // it expires
    throw err
  }
}

function add(to: UploadBytes, held: HeldUpload, chunk: Chunk, algorithm: string | undefined) {
  const { signal, takesOver } = held
  const options = { maxBytes: to.maxBlobBytes, hashes: hashesFor(algorithm), signal, takesOver }
  return addChunk(to.blobs.uploads, held.state, chunk, options)
}

/** The state with the last chunk; when that breaks off, what came is kept and the error passed on. */
async function whole(to: UploadBytes, held: HeldUpload, digest: string, chunk: Chunk | undefined) {
  if (!chunk && !held.takesOver) return held.state
  const { state, ...failed } = await add(to, held, chunk ?? { bytes: nothing() }, algorithmOf(digest))
  if (!('error' in failed)) return state
  await accept(to, held, state)
  throw failed.error
}

async function accept({ blobs }: Pick<UploadBytes, 'blobs'>, held: HeldUpload, state: UploadState): Promise<void> {
  await held.accept(state).catch(async (err) => {
    // Any other error leaves open whether it was accepted.
    if (hasCode(err, 'upload_busy')) await blobs.uploads.settle(state, held.state)
    throw err
  })
  await settled({ blobs }, held.state, state)
}

/** Bytes that nothing needs any more are left to the sweep when they cannot be dropped: the request has succeeded. */
async function settled({ blobs }: Pick<UploadBytes, 'blobs'>, dropped: UploadState, kept: UploadState): Promise<void> {
  if (dropped !== kept) await blobs.uploads.settle(dropped, kept).catch(() => {})
}

/** A record that cannot be removed expires: the blob is linked, or refused, and the bytes are gone. */
async function ended(held: HeldUpload): Promise<void> {
  await held.remove().catch(() => {})
}

/**
 * Bytes with another digest end the upload, and so does a finish or a link that fails: the bytes may be whole then, and
 * not those of the state that the record has.
 */
async function linkChecked(to: UploadBytes, held: HeldUpload, place: ImagePlace, digest: string, state: UploadState) {
  let staged: StagedBlob | undefined
  try {
    staged = await to.blobs.uploads.finish(state, hashesFor(algorithmOf(digest)))
    requireDigest(staged, digest)
    return await to.link(place, digest, staged)
  } catch (err) {
    await dropAll(to, held, state, staged)
    throw err
  }
}

/** The record goes whatever else fails: bytes are left to the sweep, but nobody goes on with them. */
async function dropAll(to: UploadBytes, held: HeldUpload, state: UploadState, staged?: StagedBlob): Promise<void> {
  const { uploads } = to.blobs
  await Promise.allSettled([staged?.discard(), uploads.discard(state), uploads.discard(held.state)])
  await ended(held)
}

/** An upload whose bytes are not there any more ends. */
async function endIfLost<T>(to: UploadBytes, held: HeldUpload, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (err) {
    if (hasCode(err, 'upload_unknown')) await dropAll(to, held, held.state)
    throw err
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
