import { actorOf } from '../../access/principal.ts'
import { giveAway } from '../../blobs/given-away.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import { readBody } from '../../http/body.ts'
import type { ImageBlob } from '../../registry/images/images.ts'
import type { Chunk, UploadOwner, UploadStatus } from '../../registry/images/upload-sessions.ts'
import type { ProtocolDeps } from '../protocol.ts'
import { answerEmpty, locationOf } from './answers.ts'
import { refuseApproval } from './approval.ts'
import { chunkRange, receivedRange } from './content-range.ts'
import { type DigestAlgorithm, isAlgorithm, parseDigest } from './names.ts'
import { claimName, enterImage, type ImageEntered, mayPull, type OciContext, pullable } from './place.ts'

/** Uploads of blobs: in one request, in several, or none where another image has the blob. */
export function uploads(deps: ProtocolDeps) {
  const { registry, limits } = deps
  const { uploads: sessions, blobs } = registry.images

  const body = (c: OciContext) => giveAway(readBody(c, limits, 'maxBlobBytes'))
  const uploadOf = (c: OciContext) => c.req.param('upload') ?? ''

  async function mounted(c: OciContext, place: ImageEntered, digest: string): Promise<ImageBlob | undefined> {
    const { from: name } = c.req.query()
    const mayRead = mayPull(c, deps)
    if (name === undefined) return blobs.mount(place, digest, { mayRead })
    const from = await pullable(c, deps, name)
    return from && blobs.mount(place, digest, { from, mayRead })
  }

  /** Of an upload that has begun: where the repository is not there yet, it has not. */
  const enterUpload = (c: OciContext) =>
    enterImage(c, deps, 'push', () => {
      throw new RegistryError('upload_unknown', 'There is no such upload here; begin another.')
    })

  return {
    /** POST: a mount, the whole blob (`digest`), or a session. */
    async start(c: OciContext) {
      const place = await enterImage(c, deps, 'push', () => askedOf(c))
      refuseApproval(place)
      const { algorithm, digest, mount } = askedOf(c)
      await claimName(c, deps, place)
      const found = mount === undefined ? undefined : await mounted(c, place, mount)
      if (found) return created(c, place, found)
      const owner = ownerOf(c, place)
      if (digest !== undefined) return created(c, place, await sessions.put(owner, digest, body(c)))
      const { minChunkBytes } = registry.blobs.uploads
      return accepted(c, place, await sessions.start(owner, algorithm), {
        ...(minChunkBytes > 0 && { 'oci-chunk-min-length': String(minChunkBytes) }),
      })
    },

    /** PATCH: a chunk at the place that it names, or all that comes. */
    async append(c: OciContext) {
      const place = await enterUpload(c)
      const range = chunkRange(c.req.header('content-range'))
      const chunk: Chunk = { bytes: body(c), ...(range && { range }) }
      return accepted(c, place, await sessions.append(uploadOf(c), ownerOf(c, place), chunk))
    },

    /** PUT: the last chunk, if there is one, and the digest of the whole. */
    async finish(c: OciContext) {
      const place = await enterUpload(c)
      const digest = c.req.query('digest')
      if (digest === undefined) {
        const message = 'The upload ends with a digest: add "?digest=sha256:…" of the whole blob to its location.'
        throw new RegistryError('digest_invalid', message, { field: 'digest' })
      }
      const { text } = parseDigest(digest)
      const finished = sessions.finish(uploadOf(c), ownerOf(c, place), text, lastChunk(c))
      return created(c, place, await finished.catch(overIfMismatched))
    },

    async status(c: OciContext) {
      const place = await enterUpload(c)
      const status = await sessions.status(uploadOf(c), ownerOf(c, place))
      return answerEmpty(c, 204, progress(c, place, status))
    },

    async cancel(c: OciContext) {
      const place = await enterUpload(c)
      await sessions.cancel(uploadOf(c), ownerOf(c, place))
      return answerEmpty(c, 204, {})
    },
  }

  /** Clients that have nothing left to send still may name a range. */
  function lastChunk(c: OciContext): Chunk | undefined {
    const isChunked = c.req.header('transfer-encoding') !== undefined
    if (!isChunked && Number(c.req.header('content-length') ?? 0) === 0) return undefined
    const range = chunkRange(c.req.header('content-range'))
    return { bytes: body(c), ...(range && { range }) }
  }
}

function overIfMismatched(err: unknown): never {
  if (!hasCode(err, 'digest_mismatch')) throw err
  throw new RegistryError('digest_mismatch', `${err.message} The upload is over; begin a new one.`, err.details)
}

/** What a POST asks for, each part of which may be missing; throws `digest_invalid`, and `payload_invalid` for bytes of what. */
function askedOf(c: OciContext) {
  const { digest, mount } = c.req.query()
  if (digest === undefined && Number(c.req.header('content-length') ?? 0) > 0) {
    const message =
      'The request brings bytes and does not say of what: add "?digest=sha256:…" to upload the whole blob so, or send none to begin an upload.'
    throw new RegistryError('payload_invalid', message, { field: 'digest' })
  }
  return {
    algorithm: algorithmOf(c),
    digest: digest === undefined ? undefined : parseDigest(digest).text,
    mount: mount === undefined ? undefined : parseDigest(mount, 'mount').text,
  }
}

function algorithmOf(c: OciContext): DigestAlgorithm | undefined {
  const name = c.req.query('digest-algorithm')
  if (name === undefined || isAlgorithm(name)) return name
  const shown = JSON.stringify(name.slice(0, 100))
  const message = `The digest algorithm ${shown} is not supported here. Use sha256 or sha512.`
  throw new RegistryError('digest_invalid', message, { field: 'digest-algorithm' })
}

function ownerOf(c: OciContext, { repository, image }: ImageEntered): UploadOwner {
  return { repository, image, ownerId: actorOf(c.var.principal).id }
}

function progress(c: OciContext, { name }: ImageEntered, { id, sizeBytes }: UploadStatus): Record<string, string> {
  return {
    location: locationOf(c, `${name}/blobs/uploads/${id}`),
    range: receivedRange(sizeBytes),
    'docker-upload-uuid': id,
  }
}

function accepted(
  c: OciContext,
  place: ImageEntered,
  status: UploadStatus,
  more: Record<string, string> = {},
): Response {
  return answerEmpty(c, 202, { ...progress(c, place, status), ...more })
}

function created(c: OciContext, { name }: ImageEntered, { digest }: ImageBlob): Response {
  return answerEmpty(c, 201, {
    location: locationOf(c, `${name}/blobs/${digest}`),
    'docker-content-digest': digest,
  })
}
