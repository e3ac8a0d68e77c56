import type { Digest } from './store.ts'

/** Where things are in the bucket: `{prefix}/blobs/sha256/ab/abcd…`, `{prefix}/staging/{uuid}`, `{prefix}/quarantine/…`. */
export interface S3Keys {
  readonly blobs: string
  readonly staging: string
  ofBlob(digest: Digest): string
  /** A new one for bytes that are kept aside, by digest and time. */
  inQuarantine(digest: Digest): string
  /** `undefined` for a key that names no blob. */
  digestOf(key: string): Digest | undefined
}

/** The keys below a prefix, which may be empty. */
export function s3Keys(prefix: string): S3Keys {
  const root = prefix === '' ? '' : `${prefix}/`
  const blobs = `${root}blobs/sha256/`
  return {
    blobs,
    staging: `${root}staging/`,
    ofBlob: (digest) => `${blobs}${digest.slice(7, 9)}/${digest.slice(7)}`,
    inQuarantine: (digest) => `${root}quarantine/${digest.slice(7)}-${new Date().toISOString()}`,
    digestOf(key) {
      const hex = key.slice(blobs.length + 3)
      return /^[0-9a-f]{64}$/.test(hex) ? `sha256:${hex}` : undefined
    },
  }
}
