import { S3ServiceException } from '@aws-sdk/client-s3'
import { RegistryError } from '../errors.ts'
import { asStoreError, isAbsent, statusOf } from './s3-client.ts'

const lost = 'The bytes of this upload are not there any more; begin a new one'
const changed = 'The bytes of this upload were changed by a request that was given up; begin a new one'

/** For an upload whose bytes somebody discarded or swept. */
export function refuseLost(): never {
  throw new RegistryError('upload_unknown', lost)
}

/** What a failed request of an upload means: `upload_unknown` when its bytes are gone or not those that were listed. */
export function asUploadError(cause: unknown): unknown {
  if (isAbsent(cause)) return new RegistryError('upload_unknown', lost, {}, { cause })
  return isChanged(cause) ? new RegistryError('upload_unknown', changed, {}, { cause }) : asStoreError(cause)
}

function isChanged(cause: unknown): boolean {
  if (!(cause instanceof S3ServiceException)) return false
  return statusOf(cause) === 412 || /^(InvalidPart|InvalidPartOrder|EntityTooSmall)$/.test(cause.name)
}
