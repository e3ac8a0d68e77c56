import { randomUUID } from 'node:crypto'
import { hasCode, RegistryError } from '../../errors.ts'
import type { MetadataEngine } from '../../metadata/engine.ts'
import { type UploadDocument, uploads as uploadCollection } from '../../metadata/image-schema.ts'
import type { ImageBlob, ImagePlace } from './images.ts'
import { appendTo, endUpload, finishUpload, putUntouched, putWhole, type UploadBytes } from './upload-bytes.ts'
import { algorithmOf } from './upload-digest.ts'
import { expireUploads } from './upload-expiry.ts'
import { holdUpload, type LeaseTimes, type Upload, usualLeaseTimes } from './upload-lease.ts'

/** Whose an upload is; to anybody else, and in any other image, it does not exist. */
export interface UploadOwner extends ImagePlace {
  /** A user's or robot's id. */
  readonly ownerId: string
}

export interface UploadStatus {
  readonly id: string
  /** Bytes that are durable. */
  readonly sizeBytes: number
}

/** The place of a chunk in its upload, as its client says it: inclusive at both ends, as in `Content-Range`. */
export interface ChunkRange {
  readonly start: number
  readonly end: number
}

export interface Chunk {
  readonly bytes: AsyncIterable<Uint8Array>
  /** Absent: at the end of what came before, however long. */
  readonly range?: ChunkRange
}

/** How long an upload may take from its beginning to its end. Staging that is older than this and then some is swept. */
export const sessionSeconds = 86_400
/** Many, since a build machine is one owner, and clients leave uploads behind that only their day ends. */
const mostOpen = 1000

/** Uploads of blobs in several requests, each of which may come to another process. */
export interface UploadSessions {
  /** Throws `too_many_requests` when the owner has too many open ones. */
  start(owner: UploadOwner, algorithm?: 'sha256' | 'sha512'): Promise<UploadStatus>
  /** Throws `upload_unknown`, as all below do. */
  status(id: string, owner: UploadOwner): Promise<UploadStatus>
  /**
   * Adds a chunk. Throws `range_invalid` (nothing changed; `details.sizeBytes` says what is there) for one that does not
   * begin at the end or is not as long as it says, `upload_busy` while another request adds one. When its stream
   * fails, what came is kept.
   */
  append(id: string, owner: UploadOwner, chunk: Chunk): Promise<UploadStatus>
  /**
   * Adds the last chunk, if there is one, and makes the whole the image's blob. Throws `digest_mismatch`, and the
   * session ends with it; repeating a finish that succeeded throws `upload_unknown`. Of two at once that each bring the
   * whole, both may succeed.
   */
  finish(id: string, owner: UploadOwner, digest: string, chunk?: Chunk): Promise<ImageBlob>
  /** The whole in one request. */
  put(owner: UploadOwner, digest: string, bytes: AsyncIterable<Uint8Array>): Promise<ImageBlob>
  cancel(id: string, owner: UploadOwner): Promise<void>
  /** Ends sessions whose time is over; resolves to how many. */
  expire(): Promise<number>
}

export interface UploadSessionsDeps extends UploadBytes {
  readonly engine: MetadataEngine
  /** For tests. */
  readonly times?: LeaseTimes
  readonly now?: () => number
}

/**
 * Uploads whose records are in the metadata store and whose bytes are in the blob store. One request at a time holds
 * the record's lease; the state moves by compare-and-swap when bytes are durable, so that a request which dies leaves
 * the state before it.
 */
export function uploadSessions(deps: UploadSessionsDeps): UploadSessions {
  const { engine, times = usualLeaseTimes, now = Date.now } = deps
  const records = engine.collection(uploadCollection)

  async function find(id: string, owner: UploadOwner): Promise<Upload> {
    const found = await records.get(id)
    if (found && isOwn(found.value, owner) && found.value.expiresAt > now()) return found
    throw new RegistryError('upload_unknown', `There is no upload "${id}" here; it may be finished or too old.`)
  }

  const hold = (id: string, owner: UploadOwner) => holdUpload(records, () => find(id, owner), times, now)

  /** `undefined` for one that somebody writes to or has written to. */
  async function findUntouched(id: string, owner: UploadOwner): Promise<Upload | undefined> {
    const found = await find(id, owner)
    return found.value.place === '' && !found.value.lease ? found : undefined
  }

  /** One that is gone was ended by an equal request, or cancelled. */
  async function remove({ id, revision }: Upload): Promise<void> {
    try {
      await records.delete(id, revision)
    } catch (err) {
      if (!hasCode(err, 'revision_stale')) throw err
      throw new RegistryError('upload_busy', 'Another request has added to this upload; ask for its state.')
    }
  }

  async function requireFew(ownerId: string): Promise<void> {
    const range = { after: now() - sessionSeconds * 1000 }
    if ((await records.count('byOwner', { equals: { ownerId }, range })) < mostOpen) return
    const message = `You have ${mostOpen} unfinished uploads; finish or cancel some, or wait until their day is over.`
    throw new RegistryError('too_many_requests', message, { retryAfterSeconds: 3600 })
  }

  return {
    async start(owner, algorithm) {
      const { repository, image, ownerId } = owner
      await requireFew(ownerId)
      const id = randomUUID()
      const startedAt = now()
      const lifetime = { startedAt, expiresAt: startedAt + sessionSeconds * 1000 }
      const whose = { repositoryId: repository.id, image, ownerId }
      await records.insert(id, {
        ...whose,
        ...(algorithm && { algorithm }),
        ...deps.blobs.uploads.begin(),
        ...lifetime,
      })
      return { id, sizeBytes: 0 }
    },
    async status(id, owner) {
      return { id, sizeBytes: (await find(id, owner)).value.sizeBytes }
    },
    async append(id, owner, chunk) {
      await using held = await hold(id, owner)
      return { id, sizeBytes: await appendTo(deps, held, chunk) }
    },
    async finish(id, owner, digest, chunk) {
      algorithmOf(digest)
      const untouched = chunk && !chunk.range ? await findUntouched(id, owner) : undefined
      if (chunk && untouched) return putUntouched(deps, () => remove(untouched), owner, digest, chunk.bytes)
      await using held = await hold(id, owner)
      return await finishUpload(deps, held, owner, digest, chunk)
    },
    put: (owner, digest, bytes) => putWhole(deps, owner, digest, bytes),
    async cancel(id, owner) {
      await using held = await hold(id, owner)
      await endUpload(deps, held)
    },
    expire: () => expireUploads(records, deps.blobs.uploads, times, now),
  }
}

function isOwn(document: UploadDocument, { repository, image, ownerId }: UploadOwner): boolean {
  return document.repositoryId === repository.id && document.image === image && document.ownerId === ownerId
}
