import type { Appended, AppendOptions, UploadState, UploadStore } from '../../blobs/uploads.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { Chunk } from './upload-sessions.ts'

/**
 * Adds a chunk at the end. Throws `range_invalid` for one that belongs elsewhere or is not as long as it says, and
 * `payload_too_large`; both leave the upload as it was. A chunk whose stream fails may be shorter.
 */
export async function addChunk(
  uploads: UploadStore,
  before: UploadState,
  { bytes, range }: Chunk,
  options: AppendOptions & { readonly maxBytes: number },
): Promise<Appended> {
  const endBytes = range && requireRange(before.sizeBytes, range)
  const maxBytes = Math.min(options.maxBytes, endBytes ?? options.maxBytes)
  if (endBytes !== undefined && endBytes > options.maxBytes) throw tooLarge(options.maxBytes)
  const appended = await uploads.append(before, bytes, { ...options, maxBytes }).catch((err) => {
    if (hasCode(err, 'payload_too_large'))
      throw endBytes === undefined ? tooLarge(options.maxBytes) : wrongLength(before, 'more')
    throw err
  })
  const isShort = endBytes !== undefined && appended.state.sizeBytes < endBytes && !('error' in appended)
  if (!isShort) return appended
  await uploads.settle(appended.state, before)
  throw wrongLength(before, 'less')
}

/** Where the chunk ends, exclusively. A chunk without bytes ends before it begins. */
function requireRange(sizeBytes: number, { start, end }: { start: number; end: number }): number {
  if (start === sizeBytes && end >= start - 1) return end + 1
  const wrong = end < start - 1 ? `ends before it begins (${start}-${end})` : `begins at byte ${start}`
  const message = `The chunk ${wrong}; the next one begins at byte ${sizeBytes}, the number of bytes that are there.`
  throw new RegistryError('range_invalid', message, { sizeBytes })
}

function wrongLength({ sizeBytes }: UploadState, what: 'more' | 'less'): RegistryError {
  const message = `The request has ${what} bytes than its Content-Range says; nothing of it was kept.`
  return new RegistryError('range_invalid', message, { sizeBytes })
}

function tooLarge(maxBytes: number): RegistryError {
  return new RegistryError(
    'payload_too_large',
    `The blob is larger than ${maxBytes} bytes; MAX_BLOB_BYTES raises the limit.`,
  )
}
