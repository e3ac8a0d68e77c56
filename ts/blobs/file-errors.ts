import { RegistryError } from '../errors.ts'

/** True when the system says that there is no such file or directory. */
export function isMissing(err: unknown): boolean {
  return codeOf(err) === 'ENOENT'
}

/** `storage_full` for a full disk, a used-up quota or a file-size limit; anything else as it came. */
export function asStorageError(err: unknown): unknown {
  const code = codeOf(err)
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return err
  return new RegistryError('storage_full', `The disk of the blob store is full (${code}).`, {}, { cause: err })
}

/** The system's name of the failure (`EACCES`), or the message of what carries none. */
export function codeOf(err: unknown): string {
  return err instanceof Error && 'code' in err ? String(err.code) : String(err)
}
