import { randomUUID } from 'node:crypto'
import { type CompletedPart, PutObjectCommand } from '@aws-sdk/client-s3'
import { abortMultipart, beginMultipart, completeMultipart, intoParts, type Part, sendStream } from './s3-multipart.ts'
import { deleteObject, factsOfObject } from './s3-objects.ts'
import { readObject } from './s3-read.ts'
import { type Bucket, joined, stagedObject } from './s3-staging.ts'
import { asUploadError, refuseLost } from './s3-upload-errors.ts'
import { completedParts, type Multipart, nextNumber, placeOf, type S3Place, type SentPart } from './s3-upload-place.ts'
import { Spool, type SpoolPools } from './spool.ts'
import type { BlobStore, StagedBlob } from './store.ts'
import { hashAgain, uploadHashes } from './upload-hashes.ts'
import { uploadStream } from './upload-stream.ts'
import type { UploadState, UploadStore } from './uploads.ts'

/** Part numbers that are left to a writer that was taken over: more parts than it can still have on the way. */
const numbersLeft = 8

/**
 * Uploads as multipart uploads. Bytes short of a part wait as one staging object and lead the next part; an upload
 * that never had a full part is only that object, and its commit a direct put. Parts are listed with the ETags that
 * this upload's writers got, so that a part which a late writer replaced fails the finish instead of spoiling it.
 */
export function s3Uploads(at: Bucket, pools: SpoolPools, stage: BlobStore['stage']): UploadStore {
  const { client, bucket, keys } = at
  const memory = uploadHashes()
  const newKey = () => `${keys.staging}${randomUUID()}`
  const remove = async (key: string | undefined) => key && (await deleteObject(client, { bucket, key }))
  const targetOf = ({ key, id }: { key: string; id: string }) => ({ Bucket: bucket, Key: key, UploadId: id })

  async function* tailOf({ tail }: S3Place): AsyncGenerator<Uint8Array> {
    if (tail) yield* (await readObject(client, { bucket, key: tail.key }, undefined)) ?? refuseLost()
  }

  async function* behindTail(place: S3Place, pieces: AsyncIterable<Uint8Array>) {
    yield* tailOf(place)
    yield* pieces
  }

  /** Sends the full parts; `rest` gets the bytes behind them. */
  async function sendFullParts(place: S3Place, parts: AsyncGenerator<Part>): Promise<Pick<S3Place, 'multipart'>> {
    const first = await parts.next()
    if (first.done) return place.multipart ? { multipart: place.multipart } : {}
    const { spool } = first.value
    await using _first = { [Symbol.asyncDispose]: () => spool.release() }
    const sent: CompletedPart[] = []
    const target = place.multipart ? targetOf(place.multipart) : await beginMultipart(client, { bucket, key: newKey() })
    try {
      await sendStream(client, joined(first.value, parts), target, sent, nextNumber(place))
    } catch (err) {
      if (!place.multipart) await abortMultipart(client, target).catch(() => {}) // left to a sweep
      throw err
    }
    const added = sent.map(({ PartNumber = 0, ETag = '' }): SentPart => [PartNumber, ETag]).sort(([a], [b]) => a - b)
    const { Key: key, UploadId: id = '' } = target
    return { multipart: { key, id, parts: [...(place.multipart?.parts ?? []), ...added] } }
  }

  async function putTail(spool: Spool): Promise<Pick<S3Place, 'tail'>> {
    const { sizeBytes } = spool
    if (sizeBytes === 0) return {}
    const key = newKey()
    const put = { Bucket: bucket, Key: key, ContentLength: sizeBytes }
    await spool.withBytes((Body) => client.send(new PutObjectCommand({ ...put, Body })))
    return { tail: { key, sizeBytes } }
  }

  async function add(place: S3Place, pieces: AsyncIterable<Uint8Array>): Promise<S3Place> {
    await using held = new AsyncDisposableStack()
    const rest = { spool: new Spool(pools) }
    held.defer(() => rest.spool.release())
    const parts = fullParts(intoParts(behindTail(place, pieces), pools), pools.capacityBytes, (spool) => {
      rest.spool = spool
    })
    held.defer(async () => void (await parts.return(undefined)))
    const multipart = await sendFullParts(place, parts)
    const skipTo = place.skipTo === undefined ? {} : { skipTo: place.skipTo }
    return { append: randomUUID(), ...skipTo, ...multipart, ...(await putTail(rest.spool)) }
  }

  /** Makes the object; resolves to its ETag, or to why it could not be made, which may be that somebody made it before. */
  async function complete(
    place: S3Place,
    multipart: Multipart,
  ): Promise<{ etag?: string | undefined; error?: unknown }> {
    try {
      const parts = completedParts(place)
      const last = intoParts(tailOf(place), pools)
      if (place.tail) await sendStream(client, last, targetOf(multipart), parts, nextNumber(place))
      return { etag: await completeMultipart(client, targetOf(multipart), parts) }
    } catch (error) {
      return { error }
    }
  }

  /**
   * Whoever lost the upload may have made the object first, of as many other bytes: remembered hashes hold only for one
   * that was made here. What is committed is the very object that was hashed.
   */
  async function finishLarge(
    state: UploadState,
    place: S3Place,
    multipart: Multipart,
    names: Parameters<typeof hashAgain>[1],
  ) {
    const { etag: made, ...failed } = await complete(place, multipart)
    const { key } = multipart
    const { etag, sizeBytes } = (await factsOfObject(client, { bucket, key })) ?? {}
    if (sizeBytes !== state.sizeBytes) throw 'error' in failed ? failed.error : refuseLost()
    const known = made !== undefined && made === etag ? memory.result(state, names) : undefined
    const object = { bucket, key, ...(etag && { etag }) }
    const info = known ?? (await hashAgain((await readObject(client, object, undefined)) ?? refuseLost(), names))
    return stagedObject(at, key, info, etag)
  }

  return {
    minChunkBytes: pools.capacityBytes,
    begin: () => ({ sizeBytes: 0, place: '' }),
    async append(before, bytes, options = {}) {
      const stream = uploadStream(before, bytes, options, memory)
      try {
        const known = placeOf(before)
        const place = options.takesOver ? { ...known, skipTo: nextNumber(known) - 1 + numbersLeft } : known
        return stream.stored(JSON.stringify(await add(place, stream.pieces)))
      } catch (err) {
        throw asUploadError(err)
      }
    },
    async settle(dropped, kept) {
      memory.forget(dropped)
      const [old, current] = [placeOf(dropped), placeOf(kept)]
      if (old.multipart && old.multipart.id !== current.multipart?.id) {
        await abortMultipart(client, targetOf(old.multipart))
      }
      if (old.tail?.key !== current.tail?.key) await remove(old.tail?.key)
    },
    async finish(state, names = []) {
      const place = placeOf(state)
      try {
        const staged = place.multipart
          ? await finishLarge(state, place, place.multipart, names)
          : await stage(tailOf(place), { hashes: names })
        memory.forget(state)
        return alsoRemoving(staged, () => remove(place.tail?.key))
      } catch (err) {
        throw asUploadError(err)
      }
    },
    async discard(state) {
      memory.forget(state)
      const { multipart, tail } = placeOf(state)
      if (multipart) await abortMultipart(client, targetOf(multipart))
      await remove(multipart?.key)
      await remove(tail?.key)
    },
  }
}

/** The parts that are full; the bytes behind them are handed over when the stream ends. */
async function* fullParts(
  parts: AsyncIterable<Part>,
  capacityBytes: number,
  handOver: (rest: Spool) => void,
): AsyncGenerator<Part> {
  for await (const part of parts) {
    if (part.last && part.spool.sizeBytes < capacityBytes) handOver(part.spool)
    else yield part
  }
}

function alsoRemoving(staged: StagedBlob, removeTail: () => Promise<unknown>): StagedBlob {
  return {
    ...staged,
    async commit() {
      await staged.commit().catch((err) => {
        throw asUploadError(err)
      })
      await removeTail()
    },
    async discard() {
      await staged.discard()
      await removeTail()
    },
  }
}
