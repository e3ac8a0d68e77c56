import type { UploadStore } from '../../blobs/uploads.ts'
import { hasCode, RegistryError } from '../../errors.ts'
import type { Collection } from '../../metadata/engine.ts'
import type { UploadDocument } from '../../metadata/image-schema.ts'
import { holdUpload, type LeaseTimes, type Upload } from './upload-lease.ts'

const pageSize = 100

/**
 * Ends uploads whose time is over: first their bytes go, then their records. One that a request still writes to is left
 * to the next time. Resolves to how many went.
 */
export async function expireUploads(
  records: Collection<UploadDocument, 'byExpiry'>,
  staging: UploadStore,
  times: LeaseTimes,
  now: () => number,
): Promise<number> {
  const range = { to: now() }
  let expired = 0
  let after: string | undefined
  do {
    const page = await records.find('byExpiry', { range, limit: pageSize, ...(after !== undefined && { after }) })
    for (const upload of page.items) if (await expireOne(records, upload, staging, times, now)) expired++
    after = page.next
  } while (after !== undefined)
  return expired
}

/** False when a request writes to it, or it went meanwhile. */
async function expireOne(
  records: Collection<UploadDocument>,
  upload: Upload,
  staging: UploadStore,
  times: LeaseTimes,
  now: () => number,
): Promise<boolean> {
  const find = async () => {
    const found = await records.get(upload.id)
    if (found) return found
    throw new RegistryError('upload_unknown', 'It ended meanwhile')
  }
  try {
    await using held = await holdUpload(records, find, { ...times, patienceMs: 0 }, now)
    await staging.discard(held.state)
    await held.remove()
    return true
  } catch (err) {
    if (hasCode(err, 'upload_busy', 'upload_unknown')) return false
    throw err
  }
}
